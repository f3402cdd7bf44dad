/** Gives a connection up that the server knows and that never comes about. */
const CHECK_AFTER_MS = 3000;
const CHECK_EVERY_MS = 2000;

/** One WHIP or WHEP session: offer, answer, end, and the question why media does not flow. */
export class Exchange {
  /** @param {string} url  of the endpoint. @param {RTCPeerConnection} connection */
  constructor(url, connection) {
    this.url = url;
    this.connection = connection;
    this.resource = undefined;
  }

  /**
   * Sends the offer and takes the answer.
   * @param {(sdp: string) => string} [edit]  changes the offer before it is used.
   * @throws {Error} with what the server says.
   */
  async open(edit = (sdp) => sdp) {
    const offer = await this.connection.createOffer();
    const sdp = edit(offer.sdp ?? '');
    await this.connection.setLocalDescription({ type: 'offer', sdp });
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: sdp,
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(problemOf(response, text));
    }
    const location = response.headers.get('Location');
    this.resource = location === null ? undefined : new URL(location, this.url);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: text });
  }

  /** Tells the server, as far as it still can, and ends the connection. */
  close() {
    this.connection.close();
    if (this.resource) {
      fetch(this.resource, { method: 'DELETE', keepalive: true }).catch(() => {});
    }
  }

  /** The server's sentence about the connection; undefined when it cannot be asked. */
  async explain() {
    try {
      const response = await this.#ask();
      const text = (await response?.text()) ?? '';
      return response?.ok ? JSON.parse(text).data.message : response && problemOf(response, text);
    } catch {
      return undefined;
    }
  }

  /** What the server tells of the session; undefined when it cannot be asked. */
  async describe() {
    const response = await this.#ask();
    return response?.ok ? (await response.json()).data : undefined;
  }

  /** @param {string} layer  a rid; empty for the best that fits. */
  async chooseLayer(layer) {
    await fetch(this.resource, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ layer }),
    });
  }

  async #ask() {
    if (!this.resource) {
      return undefined;
    }
    const url = new URL('/rtc/v1/connectivity/', this.resource);
    for (const name of ['session', 'token']) {
      url.searchParams.set(name, this.resource.searchParams.get(name) ?? '');
    }
    return fetch(url);
  }
}

function problemOf(response, text) {
  try {
    const { title, detail } = JSON.parse(text);
    return detail ? `${title}. Hint: ${detail}.` : title;
  } catch {
    return `The server answered ${response.status} ${response.statusText}`;
  }
}

/**
 * Shows how a connection comes about, with the server's explanation when it takes long.
 * @param {Exchange} exchange
 * @param {object} page
 * @param {(state: 'good' | 'bad' | '', text: string) => void} page.show
 * @param {string} page.running  what to say when there is a connection.
 * @param {() => boolean} [page.flows]  whether media is there; until then the server is asked why not.
 * @returns {() => void} ends it.
 */
export function watchConnection(exchange, { show, running, flows = () => true }) {
  const { connection } = exchange;
  let timer;
  const ask = async () => {
    const sentence = await exchange.explain();
    if (connection.connectionState !== 'connected' && connection.connectionState !== 'closed') {
      show('bad', sentence ? `Not connected: ${sentence}.` : 'Not connected.');
      timer = setTimeout(ask, CHECK_EVERY_MS);
    }
  };
  const askWhatIsMissing = async () => {
    const sentence = flows() ? undefined : await exchange.explain();
    if (connection.connectionState === 'connected' && sentence && !flows()) {
      show('', `${sentence[0].toUpperCase()}${sentence.slice(1)}.`);
    }
    if (connection.connectionState === 'connected' && !flows()) {
      timer = setTimeout(askWhatIsMissing, CHECK_EVERY_MS);
    }
  };
  const changed = () => {
    clearTimeout(timer);
    switch (connection.connectionState) {
      case 'connected':
        show('good', running);
        timer = setTimeout(askWhatIsMissing, CHECK_AFTER_MS);
        break;
      case 'failed':
      case 'disconnected':
        show('bad', 'The connection is lost.');
        timer = setTimeout(ask, 0);
        break;
      case 'closed':
        break;
      default:
        show('', 'Connecting.');
        timer = setTimeout(ask, CHECK_AFTER_MS);
    }
  };
  connection.addEventListener('connectionstatechange', changed);
  changed();
  return () => {
    clearTimeout(timer);
    connection.removeEventListener('connectionstatechange', changed);
  };
}
