import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { planListeners } from '../../src/listeners.ts';
import { launcher, Playground } from '../support/launched-server.ts';

// What packages a server can be read here, and done by hand; systemd, logrotate and Docker are not needed.

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (name: string): string => readFileSync(join(root, name), 'utf8');
const configOf = (name: string) => loadConfig({ file: join(root, name), env: {} });

/** Values of one setting of the unit, in their order. */
function unit(name: string): readonly string[] {
  const lines = textOf('packaging/millrace.service').matchAll(/^(\w+)=(.*)$/gm);
  return [...lines].filter(([, key]) => key === name).map(([, , value]) => String(value));
}

describe('the systemd unit', () => {
  it('runs a program that is there, with signals that it knows', () => {
    const commands = [...unit('ExecStart'), ...unit('ExecReload')];
    const programs = commands.map((command) => String(command.split(' ')[0]));
    for (const program of new Set(programs)) {
      expect(existsSync(program.replace('/opt/millrace', root)), program).toBe(true);
    }
    expect(commands).toHaveLength(3);
    expect(commands[2]).toMatch(/ -HUP \$MAINPID$/);
    expect(unit('KillSignal')).toEqual(['SIGTERM']);
    expect(
      existsSync(
        join(
          root,
          String(/file:\/opt\/millrace\/(\S+)/.exec(textOf('packaging/millrace.service'))?.[1]),
        ),
      ),
    ).toBe(true);
  });

  it('fits the configuration beside it', () => {
    const { config, warnings, accepted } = configOf('packaging/millrace.conf');
    expect({ warnings, accepted }).toEqual({ warnings: [], accepted: [] });
    expect(unit('Type')).toEqual(['forking']);
    expect(config.process.daemon).toBe(true);
    expect(unit('PIDFile')).toEqual([config.process.pidFile]);
    expect(config.process.pidFile).toMatch(`/run/${unit('RuntimeDirectory')[0]}/`);
    expect(unit('WorkingDirectory')).toEqual([config.process.workDir]);
    expect(config.process.workDir).toBe(`/var/lib/${unit('StateDirectory')[0]}`);
    expect(config.log.file).toMatch(`/var/log/${unit('LogsDirectory')[0]}/`);
    expect(Number(unit('LimitNOFILE')[0])).toBeGreaterThan(config.process.maxConnections + 128);
    const files = /^(\S+) \{$/m.exec(textOf('packaging/millrace.logrotate'))?.[1] ?? '';
    expect(config.log.file).toMatch(new RegExp(files.replaceAll('*', '[^/]*')));
    expect(textOf('packaging/millrace.logrotate')).toContain(config.process.pidFile);
  });
});

describe('a service', () => {
  let place: Playground;
  beforeEach(() => {
    place = new Playground();
  });
  afterEach(() => {
    const pidFile = join(place.folder, 'run/millrace/millrace.pid');
    if (existsSync(pidFile)) {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    }
    return place.clear();
  });

  it('returns when it is up, reloads, rotates its log, and ends', async () => {
    for (const folder of ['run/millrace', 'var/lib/millrace', 'var/log/millrace']) {
      mkdirSync(join(place.folder, folder), { recursive: true });
    }
    const here = (text: string) =>
      text.replaceAll(/(?<=^|[\s"'])\/(run|var)\//gm, `${place.folder}/$1/`);
    const config = here(textOf('packaging/millrace.conf'))
      .replace(/listen( +)(127\.0\.0\.1:)?\d+;/g, 'listen$1127.0.0.1:0;')
      .replace('10000;', '1000;');
    const file = place.write('millrace.conf', config);
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [launcher, ...args, '-c', file], {
        stdio: 'pipe',
        timeout: 20_000,
      });
    run();
    const pid = Number(readFileSync(join(place.folder, 'run/millrace/millrace.pid'), 'utf8'));
    const log = join(place.folder, 'var/log/millrace/millrace.log');
    const holds = (text: string) =>
      expect
        .poll(() => (existsSync(log) ? readFileSync(log, 'utf8') : ''), { timeout: 10_000 })
        .toContain(text);
    await holds('api listen at tcp://127.0.0.1:');

    place.write('millrace.conf', config.replace('1000;', '900;'));
    run('-t');
    process.kill(pid, 'SIGHUP');
    await holds('max_connections: 1000 -> 900, at once');

    renameSync(log, `${log}.1`);
    const [, script = ''] =
      /postrotate\n([\s\S]*?)\n\s*endscript/.exec(textOf('packaging/millrace.logrotate')) ?? [];
    execFileSync('/bin/sh', ['-c', here(script)]);
    await holds('log file opened anew');

    process.kill(pid, 'SIGTERM');
    await expect
      .poll(() => existsSync(join(place.folder, 'run/millrace/millrace.pid')))
      .toBe(false);
    expect(existsSync(join(place.folder, 'var/lib/millrace'))).toBe(true);
  }, 60_000);
});

describe('the image', () => {
  const file = textOf('Dockerfile');
  const words = (instruction: string): readonly string[][] =>
    [...file.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest]) =>
      String(rest).trim().split(/\s+/),
    );
  const ports = planListeners(configOf('conf/docker.conf').config).map(
    ({ endpoint }) => endpoint.port,
  );

  it('copies what there is, of what a server needs all', () => {
    const copied = words('COPY')
      .filter(([option]) => option === '--from=build')
      .flatMap((args) => args.slice(1, -1).map((path) => path.replace('/src/', '')));
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
    }
    const { bin, exports } = JSON.parse(textOf('package.json')) as {
      bin: { millrace: string };
      exports: Record<string, { default: string } | string>;
    };
    const library = (exports['.'] as { default: string }).default;
    const program = [bin.millrace, library, 'build/Release/millrace.node', 'package.json'];
    for (const needed of [...program, 'players/whep.html', 'conf/docker.conf']) {
      expect(
        copied.some((path) => needed.replace('./', '').startsWith(path)),
        needed,
      ).toBe(true);
    }
    for (const script of file.match(/scripts\/\S+\.mjs/g) ?? []) {
      expect(existsSync(join(root, script)), script).toBe(true);
    }
  });

  it('starts a configuration that stays in the foreground, and exposes its ports', () => {
    expect(words('ENTRYPOINT')).toEqual([['["bin/millrace"]']]);
    expect(words('CMD')).toEqual([['["-c",', '"conf/docker.conf"]']]);
    expect(configOf('conf/docker.conf').config).toMatchObject({
      process: { daemon: false },
      log: { tank: 'console' },
    });
    const exposed = words('EXPOSE')
      .flat()
      .map((port) => Number(port.replace(/\/(?:udp|tcp)$/, '')));
    expect(exposed.sort()).toEqual([...ports].sort());
    const [, health] = /127\.0\.0\.1:(\d+)\/api\/v1\/versions/.exec(file) ?? [];
    expect(ports).toContain(Number(health));
  });

  it('is what compose runs, with ports and folders that the image has', () => {
    const compose = textOf('compose.yaml');
    const mapped = [...compose.matchAll(/^ +- "(?:127\.0\.0\.1:)?\d+:(\d+)(?:\/(?:udp|tcp))?"$/gm)];
    expect(mapped.map(([, inside]) => Number(inside)).sort()).toEqual([...ports].sort());
    const [volume] = words('VOLUME').flat();
    expect(compose).toContain(`:${volume}`);
    for (const [, name = ''] of compose.matchAll(/^ +(SRS_\w+):/gm)) {
      expect(textOf('docs/directives.md'), name).toContain(`\`${name}\``);
    }
  });
});
