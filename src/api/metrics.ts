import type { ApiResource } from './api-context.ts';

/** `GET /metrics`: for Prometheus, on the ports of the API and on that of the exporter. */
export const metrics: ApiResource = (app, context) => {
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in the text format of Prometheus' } },
    async (_, reply) => reply.type('text/plain; charset=utf-8').send(await context.metrics()),
  );
};
