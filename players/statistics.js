/** Reads getStats() once a second and shows it as rows. */
export class Statistics {
  #connection;
  #table;
  #last = new Map();
  #timer;

  /** @param {RTCPeerConnection} connection @param {HTMLElement} table */
  constructor(connection, table) {
    this.#connection = connection;
    this.#table = table;
    this.#timer = setInterval(() => this.#update().catch(() => this.stop()), 1000);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #update() {
    const report = [...(await this.#connection.getStats()).values()];
    const byId = new Map(report.map((entry) => [entry.id, entry]));
    const streams = report.filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp');
    const publishes = streams.some(({ type }) => type === 'outbound-rtp');
    const transport = report.find((entry) => entry.type === 'transport');
    // Firefox tells which pair is in use by the pair itself.
    const pair =
      byId.get(transport?.selectedCandidatePairId) ??
      report.find((entry) => entry.type === 'candidate-pair' && entry.nominated);
    const rows = [
      ...(pair ? pairRows(pair, byId, publishes) : []),
      ...streams.flatMap((entry) => this.#streamRows(entry, byId)),
    ];
    this.#table.replaceChildren(...rows.map(([name, value]) => rowOf(name, value)));
  }

  #streamRows(entry, byId) {
    const kind = entry.kind === 'audio' ? 'Audio' : 'Video';
    const layer = entry.rid ? ` ${entry.rid}` : '';
    const codec = byId.get(entry.codecId);
    const remote = byId.get(entry.remoteId);
    const bytes = entry.bytesReceived ?? entry.bytesSent ?? 0;
    const rows = [
      [`${kind}${layer}`, codec ? codecText(codec) : 'waiting'],
      [
        `${kind}${layer} rate`,
        this.#rate(`${entry.id} bytes`, bytes * 8, entry.timestamp, 'kb/s', 1000),
      ],
    ];
    if (entry.kind === 'video' && entry.frameWidth) {
      const frames = entry.framesPerSecond ?? 0;
      rows.push([`Picture${layer}`, `${entry.frameWidth} x ${entry.frameHeight}, ${frames} fps`]);
      const total = entry.framesDecoded ?? entry.framesEncoded ?? 0;
      rows.push([
        `Frames${layer}`,
        `${total}${entry.framesDropped ? `, ${entry.framesDropped} dropped` : ''}`,
      ]);
    }
    const lost = entry.packetsLost ?? remote?.packetsLost;
    if (lost !== undefined) {
      const packets = entry.packetsReceived ?? entry.packetsSent ?? 0;
      rows.push([`${kind}${layer} packets`, `${packets}, ${lost} lost`]);
    }
    if (entry.nackCount || entry.pliCount) {
      rows.push([`Repairs${layer}`, `${entry.nackCount ?? 0} NACK, ${entry.pliCount ?? 0} PLI`]);
    }
    const jitter = entry.jitter ?? remote?.jitter;
    if (jitter !== undefined) {
      rows.push([`${kind}${layer} jitter`, `${Math.round(jitter * 1000)} ms`]);
    }
    if (entry.jitterBufferEmittedCount > 0) {
      const delay = (entry.jitterBufferDelay / entry.jitterBufferEmittedCount) * 1000;
      rows.push([`${kind} buffer`, `${Math.round(delay)} ms`]);
    }
    return rows;
  }

  /** What a counter has grown by since the last time, per second. */
  #rate(name, value, at, unit, divisor) {
    const before = this.#last.get(name);
    this.#last.set(name, { value, at });
    if (!before || at <= before.at) {
      return `0 ${unit}`;
    }
    const perSecond = ((value - before.value) / (at - before.at)) * 1000;
    return `${Math.round(perSecond / divisor)} ${unit}`;
  }
}

function codecText({ mimeType, clockRate, channels, sdpFmtpLine }) {
  const name = mimeType.split('/')[1];
  const profile = /profile-level-id=(\w+)/.exec(sdpFmtpLine ?? '')?.[1];
  const sound = channels ? `, ${clockRate / 1000} kHz, ${channels === 1 ? 'mono' : 'stereo'}` : '';
  return `${name}${profile ? ` ${profile}` : ''}${sound}`;
}

function pairRows(pair, byId, publishes) {
  const local = byId.get(pair.localCandidateId);
  const remote = byId.get(pair.remoteCandidateId);
  const rows = [];
  if (remote) {
    rows.push(['Server', `${remote.protocol} ${remote.address}:${remote.port}`]);
  }
  if (local?.candidateType) {
    rows.push(['Own candidate', `${local.candidateType}, ${local.protocol}`]);
  }
  if (pair.currentRoundTripTime !== undefined) {
    rows.push(['Round trip', `${Math.round(pair.currentRoundTripTime * 1000)} ms`]);
  }
  if (publishes && pair.availableOutgoingBitrate) {
    rows.push(['Estimated uplink', `${Math.round(pair.availableOutgoingBitrate / 1000)} kb/s`]);
  }
  return rows;
}

function rowOf(name, value) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.textContent = name;
  const cell = document.createElement('td');
  cell.textContent = value;
  row.append(head, cell);
  return row;
}
