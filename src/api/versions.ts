import type { FastifyInstance } from 'fastify';
import { SRS_VERSION } from '../identity/version.ts';
import { type ApiContext, answerHead } from './api-context.ts';

/** `GET /api/v1/versions`: which API this is. */
export function versions(app: FastifyInstance, context: ApiContext): void {
  const [major = 0, minor = 0, revision = 0] = SRS_VERSION.split('.').map(Number);
  app.get('/api/v1/versions', () => ({
    ...answerHead(context),
    data: { major, minor, revision, version: SRS_VERSION },
  }));
}
