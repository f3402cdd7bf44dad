import type { CasterOutput } from '../config/caster-output.ts';
import type { RequestedName } from '../native/boundary/names.ts';

/**
 * The name under which a caster publishes what was sent to it.
 * @param sent  app and stream as the encoder named them, and its query.
 */
export function casterName<Name extends RequestedName>(output: CasterOutput, sent: Name): Name {
  const filled = (text: string): string =>
    text.replaceAll('[app]', sent.app).replaceAll('[stream]', sent.stream);
  const query = new URLSearchParams(output.query);
  const vhost = query.get('vhost') ?? query.get('domain') ?? output.host;
  return {
    ...sent,
    vhost,
    app: filled(output.app),
    stream: filled(output.stream),
    // SRS publishes over RTMP, where the host of the url travels as a parameter.
    param: sent.param || filled(output.query) || `?vhost=${output.host}`,
  };
}
