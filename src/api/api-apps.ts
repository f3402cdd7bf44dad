import type { FastifyInstance } from 'fastify';
import { apiChallenge, mayUseApi } from '../auth/api-credentials.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';
import { createHttpApp } from '../http/http-app.ts';
import { SIGNATURE } from '../identity/version.ts';
import { sharesHttpPort } from '../listeners.ts';
import type { ApiContext, ApiResource } from './api-context.ts';
import { metrics } from './metrics.ts';
import { apiResources, httpServerResources } from './resources.ts';
import { rootForEverything } from './roots.ts';

/**
 * The routes of each kind of port. All are built at the start; which of them a port has is asked for each
 * request, because a reload may move the API to another port or turn it off.
 */
export class ApiApps {
  /** Ports of the API. */
  readonly api: FastifyInstance;
  readonly #sharedPort: FastifyInstance;
  readonly #portWithoutApi: FastifyInstance;
  readonly #metricsOnly: FastifyInstance;
  readonly #config: () => MillraceConfig;

  /** @param addMore  routes beside those of the API, for all ports but the exporter's. */
  constructor(
    context: ApiContext,
    onFault: (error: unknown, url: string) => void,
    addMore: (app: FastifyInstance) => void = () => {},
  ) {
    const { config } = context;
    this.#config = config;
    const build = (...resources: readonly ApiResource[]): FastifyInstance => {
      const app = createHttpApp({
        serverHeader: SIGNATURE,
        crossdomain: () => config().httpApi.crossdomain,
        authorize: (authorization) => {
          const { auth } = config().httpApi;
          return mayUseApi(authorization, auth) ? undefined : { challenge: apiChallenge(auth) };
        },
        onFault,
      });
      for (const addRoutes of resources) {
        addRoutes(app, context);
      }
      return app;
    };
    this.api = build(...apiResources, rootForEverything);
    this.#sharedPort = build(...apiResources);
    this.#portWithoutApi = build(...httpServerResources);
    this.#metricsOnly = build(metrics);
    for (const app of [this.api, this.#sharedPort, this.#portWithoutApi]) {
      addMore(app);
    }
  }

  /** What the ports of the HTTP server do not serve themselves. */
  get httpServer(): FastifyInstance {
    return sharesHttpPort(this.#config()) ? this.#sharedPort : this.#portWithoutApi;
  }

  /** Ports of the exporter. In SRS the API is there too; while it is off nobody expects it to be. */
  get exporter(): FastifyInstance {
    return this.#config().httpApi.enabled ? this.api : this.#metricsOnly;
  }

  /** Resolves when requests can be routed. */
  async ready(): Promise<void> {
    await Promise.all(this.#all.map((app) => app.ready()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((app) => app.close()));
  }

  get #all(): readonly FastifyInstance[] {
    return [this.api, this.#sharedPort, this.#portWithoutApi, this.#metricsOnly];
  }
}
