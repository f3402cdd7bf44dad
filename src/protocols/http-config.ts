import { DEFAULT_VHOST, type MillraceConfig, type VhostConfig } from '../config/millrace-config.ts';
import { mountFormat } from '../config/mount-format.ts';
import type { HttpConfig, HttpVhost, LiveMount, StaticMount } from '../native/boundary/http.ts';
import { hlsOptions } from './hls/hls-options.ts';
import { remuxOptions } from './http-live/remux-options.ts';

/**
 * What the HTTP listeners of the engine serve: live streams, HLS and static files of each vhost.
 * @param serverHeader  `Server` of every answer.
 */
export function httpConfig(config: MillraceConfig, serverHeader: string): HttpConfig {
  const { httpServer, vhosts, log } = config;
  const root: StaticMount = { mount: '/', dir: httpServer.dir };
  const served = [...vhosts.values()]
    .filter((vhost) => vhost.enabled)
    .map((vhost) => httpVhost(vhost, root, log.utcTime));
  if (!vhosts.has(DEFAULT_VHOST)) {
    // The web root is there for every name, also for those that no vhost serves.
    served.push({ name: DEFAULT_VHOST, live_mounts: [], hls: null, static_mounts: [root] });
  }
  return { crossdomain: httpServer.crossdomain, server_header: serverHeader, vhosts: served };
}

function httpVhost(vhost: VhostConfig, root: StaticMount, utcTime: boolean): HttpVhost {
  const { name, httpRemux, httpStatic, hls } = vhost;
  const own: StaticMount[] = httpStatic.enabled
    ? [{ mount: httpStatic.mount, dir: httpStatic.dir.replaceAll('[vhost]', name) }]
    : [];
  return {
    name,
    live_mounts: httpRemux.enabled ? liveMounts(httpRemux) : [],
    hls: hls.enabled ? hlsOptions(vhost, utcTime) : null,
    static_mounts: [...own, root],
  };
}

function liveMounts(remux: VhostConfig['httpRemux']): LiveMount[] {
  return remux.mounts.flatMap((mount) => {
    const format = mountFormat(mount);
    return format ? [{ format, mount, ...remuxOptions(remux) }] : [];
  });
}
