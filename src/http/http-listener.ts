import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { type Endpoint, formatEndpoint } from '../config/endpoint.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { ServerError } from '../errors/server-error.ts';

/** PEM files of a listener that speaks TLS. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Connections of one listener: the API has few clients, and each costs memory of the main thread. */
const MAX_CONNECTIONS = 1024;

/** Bounds for clients that are slow, silent or endless; Node's own are minutes. */
const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: 15_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
  requireHostHeader: false,
};

/** One port on which Node.js answers HTTP: for the API, never for media. */
export class HttpListener implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Resolves when the port is open.
   * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `TLS_BAD_CERTIFICATE`.
   */
  static async open(
    endpoint: Endpoint,
    handler: RequestListener,
    tls?: TlsFiles,
  ): Promise<HttpListener> {
    const server = tls ? tlsServer(tls, handler) : createServer(SERVER_OPTIONS, handler);
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(new ServerError(codeOf(cause), formatEndpoint(endpoint), { cause }));
      });
      server.listen({ host: endpoint.address, port: endpoint.port }, resolve);
    });
    // Errors of single connections are their own; an accept that fails is tried again by Node.js.
    server.removeAllListeners('error').on('error', () => {});
    return new HttpListener(server);
  }

  /**
   * Reads the certificate again, for handshakes from now on.
   * @throws ServerError `TLS_BAD_CERTIFICATE`: the old one stays.
   */
  reloadCertificate(files: TlsFiles): void {
    if (this.#server instanceof TlsServer) {
      setCertificate(this.#server, files);
    }
  }

  /** Where it listens, with the port that the system chose. */
  get endpoint(): Endpoint {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /** Resolves when the port is closed and its connections are cut. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function tlsServer({ certificateFile, keyFile }: TlsFiles, handler: RequestListener): Server {
  try {
    const cert = readFileSync(certificateFile);
    const key = readFileSync(keyFile);
    return createTlsServer({ ...SERVER_OPTIONS, cert, key, handshakeTimeout: 10_000 }, handler);
  } catch (cause) {
    throw new ServerError('TLS_BAD_CERTIFICATE', `${certificateFile}, ${keyFile}`, { cause });
  }
}

function setCertificate(server: TlsServer, { certificateFile, keyFile }: TlsFiles): void {
  try {
    server.setSecureContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
  } catch (cause) {
    throw new ServerError('TLS_BAD_CERTIFICATE', `${certificateFile}, ${keyFile}`, { cause });
  }
}

function codeOf({ code }: NodeJS.ErrnoException): ErrorCode {
  return code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
}
