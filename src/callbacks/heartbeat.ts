import { type Endpoint, formatEndpoint } from '../config/endpoint.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';
import { describeError } from '../errors/server-error.ts';
import { type JsonValue, writeJson } from '../http/json.ts';
import type { ServerIdentity } from '../identity/server-identity.ts';
import { SIGNATURE } from '../identity/version.ts';
import type { Logger } from '../log/logger.ts';
import { CallbackClient } from './callback-client.ts';

/** Longest time of one heartbeat; the next one comes anyway. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** What heartbeats are made from. */
export interface HeartbeatOptions {
  /** The configuration of now: a reload replaces it. */
  readonly config: () => MillraceConfig;
  readonly identity: ServerIdentity;
  /** Address that this machine has for others. */
  readonly ip: string;
  /** What `GET /api/v1/summaries` answers. */
  readonly summaries: () => JsonValue;
  readonly log: Logger;
}

/** `heartbeat`: tells another server again and again that this one is there, and on which ports. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #client = new CallbackClient();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Whether the last one failed: an outage is told once, and its end. */
  #isFailing = false;
  #isSending = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** The first one is sent after one interval. */
  start(): void {
    const { enabled, intervalMs } = this.#options.config().heartbeat;
    if (enabled) {
      this.#timer = setInterval(() => this.#beat(), intervalMs);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#abort.abort(new Error('the server stops'));
    this.#client.close();
  }

  #beat(): void {
    if (this.#isSending) {
      return;
    }
    this.#isSending = true;
    this.#send()
      .then(
        () => this.#note(undefined),
        (error: unknown) => this.#note(error),
      )
      .finally(() => {
        this.#isSending = false;
      });
  }

  async #send(): Promise<void> {
    const body = writeJson(heartbeatBody(this.#options));
    await this.#client.send(
      {
        method: 'POST',
        url: new URL(this.#options.config().heartbeat.url),
        headers: { 'User-Agent': SIGNATURE, 'Content-Type': 'application/json' },
        body,
        timeoutMs: TIMEOUT_MS,
        verifyCertificate: true,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        whenLonger: 'cut',
      },
      'nobody',
      this.#abort.signal,
    );
  }

  #note(error: unknown): void {
    const { log } = this.#options;
    if (error !== undefined && !this.#isFailing && !this.#abort.signal.aborted) {
      log.warn(`heartbeat failed: ${describeError(error)}`);
    } else if (error === undefined && this.#isFailing) {
      log.info('heartbeat is taken again');
    }
    this.#isFailing = error !== undefined;
  }
}

/** What a heartbeat says, in the order of keys that SRS sends. */
export function heartbeatBody({ config, identity, ip, summaries }: HeartbeatOptions): JsonValue {
  const { heartbeat, rtmp, httpServer, httpApi, srtServer, rtcServer } = config();
  const { serverId, serviceId, pid } = identity;
  const ports = {
    rtmp: rtmp.listen.map(formatEndpoint),
    ...(httpServer.enabled ? { http: httpServer.listen.map(formatEndpoint) } : {}),
    ...(httpApi.enabled ? { api: httpApi.listen.map(formatEndpoint) } : {}),
    ...(srtServer.enabled ? { srt: srtServer.listen.map((one) => withScheme('udp', one)) } : {}),
    ...(rtcServer.enabled
      ? {
          rtc: [
            ...rtcServer.listen.map((one) => withScheme('udp', one)),
            ...(rtcServer.tcp.enabled
              ? rtcServer.tcp.listen.map((one) => withScheme('tcp', one))
              : []),
          ],
        }
      : {}),
  };
  return {
    device_id: heartbeat.deviceId,
    ip,
    server: serverId,
    service: serviceId,
    pid: String(pid),
    ...(heartbeat.summaries ? { summaries: { data: summaries() } } : {}),
    ...(heartbeat.ports ? ports : {}),
  };
}

function withScheme(scheme: 'udp' | 'tcp', { address, port }: Endpoint): string {
  return `${scheme}://${bracketed(address)}:${port}`;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
