import type { Registry } from 'prom-client';
import type { MetricsContext } from './context.ts';
import { addGauge, type Samples } from './counters.ts';

/** How WebRTC sessions are connected. Labels have few values: both come from lists of the server's own. */
export function addWebrtcMetrics(registry: Registry, { statistics }: MetricsContext): void {
  addGauge(registry, {
    name: 'millrace_webrtc_sessions',
    help: 'WebRTC sessions by what carries them and how they are encrypted; empty while they are not connected.',
    labels: ['action', 'transport', 'srtp_profile'],
    read: () => {
      const counts = new Map<string, number>();
      for (const { description, publishes, connection } of statistics.clients.values()) {
        if (description.protocol === 'webrtc') {
          const { protocol = '', srtp_profile: profile = '' } = connection ?? {};
          const key = [publishes ? 'publish' : 'play', protocol, profile].join(' ');
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      }
      return [...counts].map(([key, count]): Samples extends Iterable<infer One> ? One : never => {
        const [action = '', transport = '', srtp_profile = ''] = key.split(' ');
        return [{ action, transport, srtp_profile }, count];
      });
    },
  });
}
