import { type ApiResource, answerHead } from './api-context.ts';
import { READ } from './methods.ts';
import { answer, boolean, fields, object, text } from './schemas.ts';

/** `GET /api/v1/authors`: licence, and who wrote the API that this one speaks. */
export const authors: ApiResource = (app, context) => {
  app.route({
    method: READ,
    url: '/api/v1/authors',
    schema: {
      summary: 'Licence and authors',
      response: { 200: answer({ data: object({ license: text, contributors: text }) }) },
    },
    handler: () => ({
      ...answerHead(context),
      data: {
        license: 'MIT',
        contributors: 'https://github.com/ossrs/srs/blob/develop/trunk/AUTHORS.md',
      },
    }),
  });
};

/** As SRS tells them; programs ask before they use one. */
const FEATURES = {
  ssl: true,
  hls: true,
  hds: false,
  callback: true,
  api: true,
  httpd: true,
  dvr: true,
  transcode: true,
  ingest: true,
  stat: true,
  caster: true,
  complex_send: true,
  tcp_nodelay: true,
  so_sendbuf: false,
  mr: true,
} as const;

/** `GET /api/v1/features`: what SRS would have been built with. */
export const features: ApiResource = (app, context) => {
  const started = new Date(context.startedAtMs).toISOString();
  app.route({
    method: READ,
    url: '/api/v1/features',
    schema: {
      summary: 'Features',
      response: {
        200: answer({
          data: object({
            options: text,
            options2: text,
            build: { ...text, description: 'when this process started' },
            build2: text,
            features: object(fields(Object.keys(FEATURES), boolean)),
          }),
        }),
      },
    },
    handler: () => ({
      ...answerHead(context),
      data: {
        options: '',
        options2: '',
        build: started.slice(0, 19).replace('T', ' '),
        build2: String(Math.floor(context.startedAtMs / 1000)),
        features: FEATURES,
      },
    }),
  });
};
