import type { FastifyInstance, RouteOptions } from 'fastify';
import type { JsonValue } from '../http/json.ts';
import { packageVersion } from '../identity/version.ts';

/** Methods that a document lists when a route has several: the one that says what it is for. */
const PREFERRED = ['GET', 'POST', 'PUT', 'DELETE'];

interface ParameterSchema {
  readonly properties?: Readonly<Record<string, JsonValue>>;
  readonly required?: readonly string[];
}

/**
 * `GET /api/v1/openapi.json`: an OpenAPI 3.1 document, made of the schemas by which the routes check
 * their requests. Describes all routes that are added to `app` after this.
 */
export function openApi(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (!route.schema?.hide) {
      routes.push(route);
    }
  });
  let document: JsonValue;
  app.get(
    '/api/v1/openapi.json',
    { schema: { summary: 'This document' } },
    () => (document ??= describe(routes)),
  );
}

function describe(routes: readonly RouteOptions[]): JsonValue {
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of routes) {
    const methods = [route.method].flat();
    const method = PREFERRED.find((name) => methods.includes(name));
    if (method) {
      const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version: packageVersion(),
      description:
        'The HTTP API of SRS 7.0, and what goes beyond it. Errors have the status 200, as in SRS, ' +
        'unless said otherwise: look at `code`.',
    },
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
    security: [{}, { basic: [] }, { bearer: [] }],
  };
}

function operation({ schema, url }: RouteOptions): JsonValue {
  const responses = Object.entries((schema?.response ?? {}) as Record<string, JsonValue>);
  const body = schema?.body as JsonValue;
  return {
    summary: schema?.summary ?? url,
    parameters: [
      ...parameters('path', schema?.params as ParameterSchema | undefined),
      ...parameters('query', schema?.querystring as ParameterSchema | undefined),
    ],
    ...(body ? { requestBody: { content: { 'application/json': { schema: body } } } } : {}),
    responses:
      responses.length > 0
        ? Object.fromEntries(
            responses.map(([status, answer]) => [
              status,
              {
                description: status === '200' ? 'The answer' : `Status ${status}`,
                content: { 'application/json': { schema: answer } },
              },
            ]),
          )
        : { default: { description: 'The answer' } },
  };
}

function parameters(place: 'path' | 'query', schema: ParameterSchema | undefined): JsonValue[] {
  return Object.entries(schema?.properties ?? {}).map(([name, kind]) => ({
    name,
    in: place,
    required: place === 'path' || (schema?.required ?? []).includes(name),
    schema: kind,
  }));
}
