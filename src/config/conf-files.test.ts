import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const CONF = join(import.meta.dirname, '../../conf');
const files = readdirSync(CONF).filter((name) => name.endsWith('.conf'));

describe('configuration files that are shipped', () => {
  it('are these', () => {
    expect(files.sort()).toEqual([
      'callbacks.conf',
      'console.conf',
      'docker.conf',
      'full.conf',
      'hls.conf',
      'http-flv.conf',
      'http.conf',
      'https.conf',
      'proxy.conf',
      'rtc.conf',
      'rtmp.conf',
      'rtmp2rtc.conf',
      'security.conf',
      'srs.conf',
      'srt.conf',
      'static.conf',
      'vhosts.conf',
    ]);
  });

  it.each(files)('%s loads without a warning and is acted upon as a whole', (name) => {
    const loaded = loadConfig({ file: join(CONF, name), env: {} });
    expect(loaded.warnings).toEqual([]);
    expect(loaded.accepted).toEqual([]);
    expect(loaded.config.rtmp.listen).toEqual([{ address: '0.0.0.0', port: 1935 }]);
  });

  it.each(files)('%s names relative paths only', (name) => {
    const { config } = loadConfig({ file: join(CONF, name), env: {} });
    const paths = [
      config.process.pidFile,
      config.log.file,
      config.httpServer.dir,
      config.rtmps.key,
      ...[...config.vhosts.values()].map(({ hls }) => hls.path),
    ];
    for (const path of paths) {
      expect(path).toMatch(/^\.\//);
    }
  });
});
