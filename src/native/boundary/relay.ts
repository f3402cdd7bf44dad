import type { SessionId, StreamName } from './names.ts';
import type { SrtSocketOptions } from './srt.ts';
import type { PlayOptions } from './stream.ts';

/** Where a call goes. Its session is opened and closed as others are, under this `cid`. */
export interface RelayTarget {
  readonly protocol: 'srt';
  readonly cid: string;
  readonly ip: string;
  readonly port: number;
  readonly srt: SrtSocketOptions & { readonly stream_id: string };
}

/** Sends a stream there; it need not be published yet. Asks nobody. */
export interface RelayPush extends RelayTarget {
  readonly mode: 'push';
  readonly app: string;
  readonly stream: string;
  readonly media: PlayOptions;
}

/** Fetches a stream from there, and asks to publish it as every publisher does. */
export interface RelayPull extends RelayTarget, StreamName {
  readonly mode: 'pull';
}

export type RelayCall = RelayPush | RelayPull;

/** A call of ours is answered; media flows. */
export interface RelayConnected {
  readonly type: 'relay_connected';
  readonly session: SessionId;
}
