import { JsonNumber } from '../http/json.ts';
import type { Transport } from '../statistics/transport.ts';
import { decimal, integer, object, orNull } from './schemas.ts';

/** How the network does between a client and the server; clients of SRT and WebRTC have it. */
export const transport = object({
  rtt_ms: { ...orNull(decimal), description: 'smoothed round trip' },
  jitter_ms: { ...orNull(decimal), description: 'between arrivals, RFC 3550' },
  loss_percent: {
    ...decimal,
    description: 'of the packets of the last 10 to 20 s, whether or not they were mended',
  },
  packets_in: { ...integer, description: 'media packets from the client, once each' },
  packets_out: { ...integer, description: 'media packets to the client, once each' },
  packets_lost: { ...integer, description: 'that the network lost' },
  packets_resent: { ...integer, description: 'that were sent again' },
  packets_dropped: { ...integer, description: 'that came, or would have come, too late' },
  packets_recovered: {
    ...orNull(integer),
    description: 'of a publisher: lost, but in the redundancy (RED) of later ones',
  },
  bandwidth_kbps: { ...orNull(integer), description: 'that the path is estimated to carry' },
  latency_ms: {
    ...orNull(integer),
    description: 'for which media is held so that losses can be mended',
  },
  buffer_ms: { ...orNull(integer), description: 'of media that the server holds for it now' },
  buffer_bytes: { ...orNull(integer), description: 'size of that media' },
  nacks: { ...orNull(integer), description: 'packets that the receiving end asked for again' },
  key_frame_requests: { ...orNull(integer), description: 'of the receiving end: PLI and FIR' },
});

export function transportJson({ figures, loss }: Transport) {
  return {
    rtt_ms: decimalOrNull(figures.rtt_ms),
    jitter_ms: decimalOrNull(figures.jitter_ms),
    loss_percent: JsonNumber.decimal(loss * 100),
    packets_in: figures.packets_in,
    packets_out: figures.packets_out,
    packets_lost: figures.packets_lost,
    packets_resent: figures.packets_resent,
    packets_dropped: figures.packets_dropped,
    packets_recovered: integerOrNull(figures.packets_recovered),
    bandwidth_kbps: integerOrNull(figures.bandwidth_bps / 1000),
    latency_ms: integerOrNull(figures.latency_ms),
    buffer_ms: integerOrNull(figures.buffer_ms),
    buffer_bytes: integerOrNull(figures.buffer_bytes),
    nacks: integerOrNull(figures.nacks),
    key_frame_requests: integerOrNull(figures.key_frame_requests),
  };
}

function decimalOrNull(value: number) {
  return Number.isNaN(value) ? null : JsonNumber.decimal(value);
}

function integerOrNull(value: number) {
  return Number.isNaN(value) ? null : Math.round(value);
}
