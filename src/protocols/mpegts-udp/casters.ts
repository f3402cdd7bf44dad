import type { Endpoint, MillraceConfig } from '../../config/millrace-config.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { CasterOptions } from '../../native/boundary/mpegts-udp.ts';
import type { StreamName } from '../../native/boundary/names.ts';

/** One `stream_caster mpegts_over_udp`. */
export interface MpegtsCaster {
  readonly listen: readonly Endpoint[];
  readonly options: CasterOptions;
}

/**
 * The casters that take MPEG-TS over UDP and run.
 * @throws ServerError `CONFIG_INVALID` for an output that is no RTMP url of app and stream.
 */
export function mpegtsCasters(casters: MillraceConfig['streamCasters']): readonly MpegtsCaster[] {
  return casters
    .filter(({ enabled, caster }) => enabled && caster === 'mpegts_over_udp')
    .map(({ listen, output, senders, interface: name }) => ({
      listen,
      options: { ...parseOutput(output ?? ''), senders, interface: name },
    }));
}

/** One `stream_caster srt`. */
export interface SrtCaster {
  /** Url of the server to pull from. */
  readonly input: string;
  readonly name: StreamName;
}

/**
 * The casters that pull from other SRT servers and run.
 * @throws ServerError `CONFIG_INVALID`, as {@link mpegtsCasters}.
 */
export function srtCasters(casters: MillraceConfig['streamCasters']): readonly SrtCaster[] {
  return casters
    .filter(({ enabled, caster }) => enabled && caster === 'srt')
    .map(({ input, output }) => ({ input, name: parseOutput(output ?? '') }));
}

/** As SRS: the host of the output is the candidate for the vhost, and callbacks get it as `param`. */
export function parseOutput(output: string): StreamName {
  const url = URL.canParse(output) ? new URL(output) : undefined;
  const levels = url?.pathname.split('/').filter((level) => level !== '') ?? [];
  const stream = levels.pop();
  const app = levels.join('/');
  if (url?.protocol !== 'rtmp:' || !stream || app === '') {
    throw new ServerError(
      'CONFIG_INVALID',
      `stream_caster.output ${output} is no rtmp://host/app/stream`,
    );
  }
  const vhost = url.searchParams.get('vhost') ?? url.hostname;
  return {
    vhost,
    app,
    stream,
    param: url.search === '' ? `?vhost=${vhost}` : url.search,
    tc_url: `rtmp://${url.host}/${app}`,
  };
}
