import type { FastifyInstance } from 'fastify';
import { apiChallenge, mayUseApi } from '../auth/api-credentials.ts';
import { createHttpApp } from '../http/http-app.ts';
import { SIGNATURE } from '../identity/version.ts';
import { sharesHttpPort } from '../listeners.ts';
import type { ApiContext, ApiResource } from './api-context.ts';
import { metrics } from './metrics.ts';
import { apiResources, httpServerResources } from './resources.ts';
import { rootForEverything } from './roots.ts';

/** The routes of each kind of port. */
export interface ApiApps {
  /** Ports of the API. */
  readonly api: FastifyInstance;
  /** What the ports of the HTTP server do not serve themselves. */
  readonly httpServer: FastifyInstance;
  /** Ports of the exporter. */
  readonly exporter: FastifyInstance;
}

/** Builds the routes once; a reload does not change which there are. */
export function buildApiApps(
  context: ApiContext,
  onFault: (error: unknown, url: string) => void,
): ApiApps {
  const { config } = context;
  const build = (resources: readonly ApiResource[]): FastifyInstance => {
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
  const api = build([...apiResources, rootForEverything]);
  return {
    api,
    httpServer: build(sharesHttpPort(config()) ? apiResources : httpServerResources),
    // In SRS the API is there too; without http_api nobody expects it to be open.
    exporter: config().httpApi.enabled ? api : build([metrics]),
  };
}
