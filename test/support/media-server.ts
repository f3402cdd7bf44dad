import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { makeCertificate } from './certificate.ts';
import { type LaunchedServer, Playground } from './launched-server.ts';

/** What differs from a server with RTMP, HTTP-FLV, static files and the API on ports of its own. */
export interface MediaServerOptions {
  /** Directives of the default vhost, after `http_remux { enabled on; }`. */
  readonly vhost?: string;
  /** Directives of `http_remux` of the default vhost. */
  readonly remux?: string;
  /** Directives of `http_api`. */
  readonly api?: string;
  /** Directives of the root, e.g. more vhosts. */
  readonly root?: string;
  /** Files that are to lie beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** More endpoints for RTMP. */
  readonly rtmp?: readonly string[];
  /** Without HTTP server and what it serves. */
  readonly noHttp?: boolean;
  /** Serve RTMPS and HTTPS too, with a certificate made for the test. */
  readonly tls?: boolean;
  /** Address of all listeners; 127.0.0.1 when it is left out. */
  readonly address?: string;
}

type Purpose =
  | ('rtmp' | 'rtmps' | 'http' | 'https' | 'api' | 'srt' | 'caster' | 'mpegts')
  | ('rtc' | 'rtc_tcp');

/** One run of the program with a configuration made for a test, on ports that the system chose. */
export class MediaServer {
  readonly place: Playground;
  readonly #process: LaunchedServer;
  readonly #ports: readonly (readonly [purpose: string, port: number])[];
  /** Of its URLs. */
  readonly #host: string;

  private constructor(
    place: Playground,
    process: LaunchedServer,
    ports: readonly (readonly [purpose: string, port: number])[],
    host: string,
  ) {
    this.#host = host;
    this.place = place;
    this.#process = process;
    this.#ports = ports;
  }

  /** Resolves when all ports are open and the API answers. */
  static async start(options: MediaServerOptions = {}): Promise<MediaServer> {
    const place = new Playground();
    if (options.tls) {
      makeCertificate(place.folder);
    }
    for (const [name, text] of Object.entries(options.files ?? {})) {
      place.write(name, text);
    }
    const process = place.launch('-c', place.write('test.conf', configText(options)));
    return MediaServer.#ready(place, process, options.address);
  }

  /**
   * Starts a server that has no file, only variables: `-e`.
   * @param env  what is to be set beside listeners and log.
   */
  static async startWithEnvironment(
    env: Readonly<Record<string, string>> = {},
  ): Promise<MediaServer> {
    const place = new Playground();
    const process = place.launchWith(
      {
        SRS_LISTEN: '127.0.0.1:0',
        SRS_HTTP_API_ENABLED: 'on',
        SRS_HTTP_API_LISTEN: '127.0.0.1:0',
        SRS_HTTP_SERVER_LISTEN: '127.0.0.1:0',
        SRS_SRS_LOG_TANK: 'console',
        ...env,
      },
      '-e',
    );
    return MediaServer.#ready(place, process);
  }

  static async #ready(
    place: Playground,
    process: LaunchedServer,
    address = '127.0.0.1',
  ): Promise<MediaServer> {
    try {
      await process.line(/\bapi listen at tcp:/);
      const lines = process.stdout.matchAll(/\b(\w+) listen at (?:tcp|udp):\/\/\S+:(\d+)/g);
      const ports = [...lines].map(([, purpose, port]) => [String(purpose), Number(port)] as const);
      const server = new MediaServer(
        place,
        process,
        ports,
        address.includes(':') ? `[${address}]` : address,
      );
      const { status } = await fetch(server.api('/api/v1/versions'));
      // 401: the test wants the API to be closed.
      expect([200, 401]).toContain(status);
      return server;
    } catch (error) {
      await place.clear();
      throw error;
    }
  }

  get pid(): number {
    return Number(this.#process.child.pid);
  }

  /** Writes the configuration anew and reloads it. @return what the server logged about it. */
  async reload(options: MediaServerOptions): Promise<string> {
    const from = this.log.length;
    this.place.write('test.conf', configText(options));
    this.#process.signal('SIGHUP');
    await this.line(/reload \w+ (done|failed).*\n/, from);
    return this.log.slice(from);
  }

  /** Everything that it has logged so far. */
  get log(): string {
    return this.#process.stdout;
  }

  /** See {@link LaunchedServer.line}. */
  line(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return this.#process.line(pattern, from);
  }

  /** @param index  of the listener among those for the same purpose. */
  port(purpose: Purpose, index = 0): number {
    const [, port] = this.#ports.filter(([name]) => name === purpose)[index] ?? [];
    if (port === undefined) {
      throw new Error(`no ${purpose} listener\n${this.log}`);
    }
    return port;
  }

  /** @param name  e.g. `live/a` or `live/a?vhost=b`. */
  rtmp(name: string): string {
    return `rtmp://${this.#host}:${this.port('rtmp')}/${name}`;
  }

  /** @param mode  what the stream id asks for. @param more  of the stream id, e.g. `,token=x`. */
  srt(name: string, mode: 'publish' | 'request', more = ''): string {
    return `srt://127.0.0.1:${this.port('srt')}?streamid=#!::r=live/${name},m=${mode}${more}`;
  }

  rtmps(name: string): string {
    return `rtmps://${this.#host}:${this.port('rtmps')}/${name}`;
  }

  /** @param path  e.g. `/live/a.flv`. */
  http(path: string): string {
    return `http://${this.#host}:${this.port('http')}${path}`;
  }

  https(path: string): string {
    return `https://${this.#host}:${this.port('https')}${path}`;
  }

  ws(path: string): string {
    return `ws://${this.#host}:${this.port('http')}${path}`;
  }

  api(path: string): string {
    return `http://${this.#host}:${this.port('api')}${path}`;
  }

  /** Resolves when somebody publishes `url`, e.g. `/live/a`. @param from  see {@link line}. */
  async published(url: string, from = 0): Promise<void> {
    await this.line(new RegExp(`start publish .*url=${url},`), from);
  }

  /** Resolves when somebody plays `url`, whether or not it is published. */
  async played(url: string, from = 0): Promise<void> {
    await this.line(new RegExp(`start play .*url=${url},`), from);
  }

  /** Resolves when somebody asks for `stream` over HTTP-FLV. @param stream  name without the app. */
  async viewed(stream: string, from = 0): Promise<void> {
    await this.line(new RegExp(`type=http-flv-play, .*stream=${stream},`), from);
  }

  /** Resolves when the codecs of some stream are known. @param from  see {@link line}. */
  async tracks(from = 0): Promise<void> {
    await this.line(/got metadata, width=.* sh, codec/, from);
  }

  /** Ends the server as an operator does, and checks that it ended well and soon. */
  async stop(): Promise<void> {
    try {
      this.#process.signal('SIGINT');
      const status = await Promise.race([this.#process.exit(), delay(10_000, 'still running')]);
      expect(status, this.log).toBe(0);
      expect(this.log).not.toMatch(/\bINTERNAL\b|fault /);
    } finally {
      await this.place.clear();
    }
  }
}

function configText(options: MediaServerOptions) {
  const {
    vhost = '',
    remux = '',
    api = '',
    root = '',
    rtmp = [],
    noHttp = false,
    tls = false,
    address = '127.0.0.1',
  } = options;
  const endpoint = `${address.includes(':') ? `[${address}]` : address}:0`;
  const listen = `listen ${endpoint};`;
  const files = 'key ./server.key; cert ./server.crt;';
  return `
daemon off;
srs_log_tank console;
listen ${[endpoint, ...rtmp].join(' ')};
${tls ? `rtmps { enabled on; ${listen} ${files} }` : ''}
http_api { enabled on; ${listen} ${api} }
http_server {
  enabled ${noHttp ? 'off' : 'on'}; ${listen} dir ./html;
  ${tls ? `https { enabled on; ${listen} ${files} }` : ''}
}
${root}
vhost __defaultVhost__ {
  http_remux { enabled on; ${remux} }
  ${vhost}
}
`;
}
