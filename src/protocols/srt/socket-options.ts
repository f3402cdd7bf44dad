import type { MillraceConfig } from '../../config/millrace-config.ts';
import type { SrtListenOptions, SrtSocketOptions } from '../../native/boundary/srt.ts';

type SrtServer = MillraceConfig['srtServer'];

/** `srt_server` as options of a socket. */
export function srtSocketOptions(server: SrtServer): SrtSocketOptions {
  return {
    maxbw: server.maxBandwidth,
    mss: server.mss,
    connect_timeout_ms: server.connectTimeoutMs,
    peer_idle_timeout_ms: server.peerIdleTimeoutMs,
    receive_latency_ms: server.recvLatencyMs ?? server.latencyMs,
    peer_latency_ms: server.peerLatencyMs,
    tsbpd: server.tsbpdMode,
    tlpktdrop: server.tlpktdrop,
    send_buffer_bytes: server.sendBufferBytes,
    receive_buffer_bytes: server.recvBufferBytes,
    payload_size: server.payloadSize,
    passphrase: server.passphrase,
    pbkeylen: server.pbkeylen,
  };
}

/** `srt_server` as options of its listeners. */
export function srtListenOptions(server: SrtServer): SrtListenOptions {
  return {
    ...srtSocketOptions(server),
    default_app: server.defaultApp,
    default_streamid: server.defaultStreamid,
    default_mode: server.defaultMode,
  };
}
