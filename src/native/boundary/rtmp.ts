import type { SessionId } from './names.ts';

/** Answer to `connect_requested`. */
export interface ConnectOptions {
  readonly chunk_size: number;
  readonly out_ack_size: number;
  readonly in_ack_size: number;
}

/** RTMP `connect`. */
export interface ConnectRequested {
  readonly type: 'connect_requested';
  readonly session: SessionId;
  readonly tc_url: string;
  readonly app: string;
  readonly page_url: string;
  readonly swf_url: string;
  readonly flash_version: string;
  readonly schema: string;
  readonly host: string;
  readonly port: number;
  /** Candidate: what the peer named, before the configuration was asked. */
  readonly vhost: string;
  readonly param: string;
  /** What a proxy wrote before the handshake (byte 0xf3), as anybody may; empty for nothing. */
  readonly proxied_ip: string;
}
