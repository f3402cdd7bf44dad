import { Exchange, watchConnection } from './exchange.js';
import { connectForm, endpointFrom, field, fillForm, linkOther, show } from './page.js';
import { Statistics } from './statistics.js';

/**
 * What one session of a page is made of.
 * @typedef {object} Parts
 * @property {string} [url]  of the endpoint; that of the form when it is left out.
 * @property {(connection: RTCPeerConnection) => void} attach  adds tracks or transceivers.
 * @property {(sdp: string) => string} [edit]  changes the offer before it is used.
 * @property {() => boolean} [flows]  whether media is there; when it is left out, as soon as there is a connection.
 * @property {(exchange: Exchange) => () => void} [accompany]  for as long as the session lasts.
 * @property {() => void} [close]  lets go of what the session used.
 */

/**
 * Makes a page that publishes or plays: its form begins and ends sessions, its query fills the form.
 * @param {object} page
 * @param {'whip' | 'whep'} page.endpoint
 * @param {string} page.other  the page that does the opposite.
 * @param {string[]} [page.fields]  of the form that the query may fill, beside the address.
 * @param {string} page.running  what to say when the connection is there.
 * @param {() => void} [page.beforeAutostart]
 * @param {() => Promise<Parts>} page.prepare
 */
export function runPage({ endpoint, other, fields = [], running, beforeAutostart, prepare }) {
  field('url').value = endpointFrom(location, endpoint);
  const autostart = fillForm(fields);
  linkOther(other);
  const begin = connectForm(() => open(prepare, running));
  if (autostart) {
    beforeAutostart?.();
    // A video without a picture yet holds up the end of the page's loading.
    window.addEventListener('load', begin);
  }
}

/**
 * Asks for audio that brings a copy of each packet with the next one (RED, RFC 2198), where the browser has it.
 * @param {RTCRtpTransceiver} transceiver  of audio, before the offer.
 */
export function preferRedundancy(transceiver) {
  const { codecs = [] } = RTCRtpReceiver.getCapabilities('audio') ?? {};
  const isRed = ({ mimeType }) => mimeType.toLowerCase() === 'audio/red';
  const preferred = [...codecs.filter(isRed), ...codecs.filter((codec) => !isRed(codec))];
  transceiver.setCodecPreferences?.(preferred);
}

/** @returns {Promise<() => void>} ends the session. */
async function open(prepare, running) {
  const { url = field('url').value, attach, edit, flows, accompany, close } = await prepare();
  const connection = new RTCPeerConnection();
  const exchange = new Exchange(url, connection);
  try {
    attach(connection);
    await exchange.open(edit);
  } catch (error) {
    connection.close();
    close?.();
    throw error;
  }
  const stopWatching = watchConnection(exchange, { show, running, flows });
  const statistics = new Statistics(connection, field('statistics'));
  const stopAccompanying = accompany?.(exchange);
  return () => {
    stopWatching();
    stopAccompanying?.();
    statistics.stop();
    exchange.close();
    close?.();
    field('video').srcObject = null;
  };
}
