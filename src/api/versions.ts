import { SRS_VERSION } from '../identity/version.ts';
import { type ApiResource, answerHead } from './api-context.ts';
import { READ } from './methods.ts';
import { answer, integer, object, text } from './schemas.ts';

/** `GET /api/v1/versions`: which API this is. */
export const versions: ApiResource = (app, context) => {
  const [major = 0, minor = 0, revision = 0] = SRS_VERSION.split('.').map(Number);
  app.route({
    method: READ,
    url: '/api/v1/versions',
    schema: {
      summary: 'The version of SRS whose API this is',
      response: {
        200: answer({
          data: object({ major: integer, minor: integer, revision: integer, version: text }),
        }),
      },
    },
    handler: () => ({
      ...answerHead(context),
      data: { major, minor, revision, version: SRS_VERSION },
    }),
  });
};
