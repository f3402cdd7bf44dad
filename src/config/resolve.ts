import { withDefaults } from './defaults.ts';
import { sameEndpoints } from './endpoint.ts';
import { deepFreeze } from './freeze.ts';
import type { HttpApi, Log, MillraceConfig, VhostConfig } from './millrace-config.ts';
import { port } from './schema/build.ts';
import { rootSchema } from './schema/root.ts';
import type { ValueOf } from './schema/spec.ts';

/** Every default applied, those that depend on another value not yet. */
export type DefaultedValues = ValueOf<typeof rootSchema>;

const HTTPS_API_PORT = 1990;
/** Messages that a merged write waits for: enough to fill a packet train, few enough for audio. */
const MW_MSGS = 8;

/** Works out the typed configuration from what was set. Values must have passed validation. */
export function resolveConfig(values: unknown): MillraceConfig {
  const all = withDefaults(rootSchema, values);
  const { isFull: _, ...process } = all.process;
  return deepFreeze({
    ...all,
    process,
    log: resolveLog(all.log, values),
    httpApi: resolveHttpApi(all),
    vhosts: new Map(all.vhosts.map((vhost) => [vhost.name, resolveVhost(vhost, all)])),
  });
}

function resolveLog({ levelV1, ...log }: DefaultedValues['log'], values: unknown): Log {
  const wasSet = (values as { log?: Partial<Log> }).log?.level !== undefined;
  if (wasSet || levelV1 === undefined) {
    return log;
  }
  // SRS counts verbose < info < trace; everybody else trace < debug < info.
  const names = {
    verbose: 'trace',
    info: 'debug',
    trace: 'info',
    warn: 'warn',
    error: 'error',
  } as const;
  return { ...log, level: names[levelV1] };
}

function resolveHttpApi({ httpApi, httpServer }: DefaultedValues): HttpApi {
  const shared = sameEndpoints(httpApi.listen, httpServer.listen);
  const listen = httpApi.https.listen ?? (shared ? httpServer.https.listen : port(HTTPS_API_PORT));
  return { ...httpApi, https: { ...httpApi.https, listen } };
}

function resolveVhost(vhost: DefaultedValues['vhosts'][number], all: DefaultedValues): VhostConfig {
  const { play, hls } = vhost;
  return {
    ...vhost,
    chunkSize: vhost.chunkSize ?? all.rtmp.chunkSize,
    play: { ...play, mwMsgs: play.mwMsgs ?? (vhost.minLatency ? 0 : MW_MSGS) },
    hls: {
      ...hls,
      keyFilePath: hls.keyFilePath ?? hls.path,
      keyUrl: hls.keyUrl ?? hls.path,
    },
  };
}
