import type { MillraceConfig } from '../../config/millrace-config.ts';
import { vhostFor } from '../../config/millrace-config.ts';
import type { ConnectOptions } from '../../native/boundary/rtmp.ts';

/** As SRS: what a peer without a vhost gets until its stream names one. */
const OUT_ACK_SIZE = 2_500_000;

/**
 * Answer to `connect`. A vhost that is not known is no reason to refuse yet, because the query of the
 * stream may still name another.
 */
export function connectOptions(config: MillraceConfig, candidate: string): ConnectOptions {
  const vhost = vhostFor(config, candidate);
  return {
    chunk_size: vhost?.chunkSize ?? config.rtmp.chunkSize,
    out_ack_size: vhost?.outAckSize ?? OUT_ACK_SIZE,
    in_ack_size: vhost?.inAckSize ?? 0,
  };
}
