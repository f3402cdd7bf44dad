import type { MillraceConfig } from '../config/millrace-config.ts';
import type { EngineIdentity, EngineOptions } from './boundary/engine.ts';

/** What the engine is built with. */
export function engineOptions(config: MillraceConfig, identity: EngineIdentity): EngineOptions {
  const { millrace, process } = config;
  return {
    loops: millrace.loops,
    identity,
    limits: {
      max_connections: process.maxConnections,
      max_connections_per_address: millrace.maxConnectionsPerAddress,
      trusted_proxies: millrace.trustedProxies,
      max_message_bytes: millrace.maxMessageBytes,
      max_unfinished_bytes: millrace.maxUnfinishedBytes,
      max_chunk_streams: millrace.maxChunkStreams,
      handshake_timeout_ms: millrace.handshakeTimeoutMs,
      request_head_timeout_ms: millrace.requestHeadTimeoutMs,
      max_request_head_bytes: millrace.maxRequestHeadBytes,
      max_metadata_bytes: millrace.maxMetadataBytes,
      gop_cache_max_bytes: millrace.gopCacheMaxBytes,
      ring_max_bytes: millrace.ringMaxBytes,
      ring_max_ms: millrace.ringMaxMs,
      slow_reader_timeout_ms: millrace.slowReaderTimeoutMs,
      admission_timeout_ms: millrace.admissionTimeoutMs,
      idle_timeout_ms: millrace.idleTimeoutMs,
      publisher_grace_ms: millrace.publisherGraceMs,
    },
  };
}
