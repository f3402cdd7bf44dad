import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { planListeners } from '../../src/listeners.ts';
import { makeCertificate } from '../support/certificate.ts';
import { Playground } from '../support/launched-server.ts';

const folder = new URL('../../conf/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.conf'));

let place: Playground;
afterEach(() => place.clear());

describe('every file in conf/ starts a server', () => {
  it.each(files)('%s', async (name) => {
    place = new Playground();
    const original = readFileSync(fileURLToPath(new URL(name, folder)), 'utf8');
    const listen = /^(\s*listen\s+)\d+;/gm;
    // The ports that the file names may be taken on this machine.
    const path = place.write(`conf/${name}`, original.replace(listen, '$1 127.0.0.1:0;'));
    makeCertificate(`${place.folder}/conf`);
    const env = { SRS_DAEMON: 'off', SRS_SRS_LOG_TANK: 'console' };
    const server = place.launchWith(env, '-c', path);
    const count = planListeners(loadConfig({ file: path, env }).config).length;
    expect(count).toBeGreaterThan(0);
    await server.line(new RegExp(`(listen at (?:tcp|udp)://[^]*){${count}}`));
    expect(server.stdout).not.toMatch(/\[(WARN|ERROR)\]/);
    server.signal('SIGINT');
    expect(await server.exit()).toBe(0);
  });
});
