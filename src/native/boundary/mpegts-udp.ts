import type { StreamName } from './names.ts';

/** One `stream_caster mpegts_over_udp`: the stream that its port is. */
export interface CasterOptions extends StreamName {
  /** Addresses that may send; none lets everybody. */
  readonly senders: readonly string[];
  /** Of a multicast group: name of the interface; empty lets the system choose. */
  readonly interface: string;
}
