import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, launcher, Playground } from '../support/launched-server.ts';

let place: Playground;

beforeEach(() => {
  place = new Playground();
});
afterEach(() => place.clear());

/** A server in the foreground with its log on the console. */
function consoleConfig(port: number, more = ''): string {
  return place.write(
    'test.conf',
    `daemon off; srs_log_tank console; listen 127.0.0.1:${port}; ${more} vhost __defaultVhost__ { }`,
  );
}

/** A server in the foreground with its log in a file. */
function fileConfig(port: number, more = ''): string {
  return place.write(
    'test.conf',
    `daemon off; srs_log_file ./objs/srs.log; listen 127.0.0.1:${port}; ${more} vhost __defaultVhost__ { }`,
  );
}

async function launched(config: string) {
  const server = place.launch('-c', config);
  await server.output('listen at tcp://');
  return server;
}

/** Resolves when a file holds `text`. */
async function fileHolds(path: string, text: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!existsSync(path) || !readFileSync(path, 'utf8').includes(text)) {
    if (Date.now() > deadline) {
      throw new Error(`${path} does not hold "${text}"`);
    }
    await delay(20);
  }
}

describe('command line', () => {
  it.each([['-v'], ['-V'], ['--version']])('%s prints the version', async (flag) => {
    const server = place.launch(flag);
    expect(await server.exit()).toBe(0);
    expect(server.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('-g prints the signature', async () => {
    const server = place.launch('-g');
    expect(await server.exit()).toBe(0);
    expect(server.stdout).toMatch(/^SRS\/\d+\.\d+\.\d+\(\w+\)\n$/);
  });

  it.each([['-h'], ['-?'], ['--help'], ['serve']])('%s prints help', async (flag) => {
    const server = place.launch(flag);
    expect(await server.exit()).toBe(0);
    expect(server.stdout).toContain('-c FILE');
  });

  it('refuses an unknown option', async () => {
    const server = place.launch('-x');
    expect(await server.exit()).toBe(1023 & 0xff);
    expect(server.stderr).toContain('"x"');
  });

  it('-t tells that a configuration is good', async () => {
    const server = place.launch('-t', '-c', consoleConfig(1935));
    expect(await server.exit()).toBe(0);
    expect(server.stdout).toMatch(/config file .*test\.conf test is successful/);
  });

  it.each([
    ['an unknown directive', 'listen 1935; nonsense on;', 'nonsense'],
    ['a block that is not closed', 'listen 1935; vhost a {', 'test.conf:1'],
    ['no port', 'daemon off;', 'listen'],
  ])('-t tells of %s', async (_, text, named) => {
    const server = place.launch('-tc', place.write('test.conf', text));
    expect(await server.exit()).toBe(1023 & 0xff);
    expect(server.stderr).toContain('test is failed');
    expect(server.stderr).toContain(named);
  });

  it('tells of a file that is not there', async () => {
    const server = place.launch('-c', 'missing.conf');
    expect(await server.exit()).toBe(1023 & 0xff);
    expect(server.stderr).toContain('missing.conf');
  });
});

describe('start', () => {
  it('shows what listens and lines to paste', async () => {
    const port = await freePort();
    const server = await launched(consoleConfig(port));
    await server.output(
      `ffmpeg -re -i file.mp4 -c copy -f flv rtmp://127.0.0.1:${port}/live/livestream`,
    );
    expect(server.stdout).toContain('OBS stream key  livestream');
  });

  it('keeps the banner out of the log file', async () => {
    const server = place.launch('-c', fileConfig(await freePort()));
    await fileHolds(join(place.folder, 'objs/srs.log'), 'listen at tcp://');
    expect(readFileSync(join(place.folder, 'objs/srs.log'), 'utf8')).not.toContain('OBS');
    expect(server.stdout).toBe('');
  });

  it('names the port that is taken, its directive and who holds it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const server = place.launch('-c', consoleConfig(port));
    expect(await server.exit()).toBe(1101 & 0xff);
    expect(server.stderr).toContain(`port ${port} (listen 127.0.0.1:${port}) is taken by`);
    expect(server.stderr).toContain(`(pid ${process.pid})`);
    holder.close();
  });

  it('names every directive that has no effect yet', async () => {
    const server = await launched(consoleConfig(await freePort(), 'rtsp_server { enabled on; }'));
    expect(server.stdout).toMatch(/without effect in this version: .*rtsp_server/);
  });

  it('is refused when max_connections does not fit into the open files', async () => {
    const config = consoleConfig(await freePort(), 'max_connections 5000000;');
    const server = place.launch('-c', config);
    expect(await server.exit()).toBe(1023 & 0xff);
    expect(server.stderr).toContain('max_connections');
    expect(server.stderr).toContain('ulimit -n');
  });

  it('is refused while another server has the pid file, and that one runs on', async () => {
    const first = await launched(consoleConfig(await freePort()));
    const second = place.launch('-c', consoleConfig(await freePort()));
    expect(await second.exit()).toBe(1035 & 0xff);
    expect(second.stderr).toContain(`pid ${first.child.pid}`);
    first.signal('SIGTERM');
    expect(await first.exit()).toBe(0);
  });

  it('works again after kill -9, with the same server id', async () => {
    const config = consoleConfig(await freePort());
    const first = await launched(config);
    const idOf = (text: string) => /server=(vid-\w+)/.exec(text)?.[1];
    await first.kill();
    const second = await launched(config);
    expect(idOf(second.stdout)).toBe(idOf(first.stdout));
    expect(readFileSync(join(place.folder, 'objs/srs.pid'), 'utf8')).toBe(`${second.child.pid}\n`);
  });

  it('enters work_dir, and reads includes from where it was started', async () => {
    place.write('work/keep', '');
    place.write('vhosts.conf', 'vhost __defaultVhost__ { }');
    const config = place.write(
      'test.conf',
      `work_dir ./work; daemon off; listen 127.0.0.1:${await freePort()}; include vhosts.conf;`,
    );
    const server = place.launch('-c', config);
    await fileHolds(join(place.folder, 'work/objs/srs.log'), 'listen at tcp://');
    server.signal('SIGHUP');
    await fileHolds(join(place.folder, 'work/objs/srs.log'), 'done, nothing has changed');
  });
});

describe('in the background', () => {
  function daemonConfig(port: number): string {
    return place.write('test.conf', `listen 127.0.0.1:${port}; vhost __defaultVhost__ { }`);
  }

  it('returns when the server is up, which a signal ends', async () => {
    const starter = place.launch('-c', daemonConfig(await freePort()));
    expect(await starter.exit()).toBe(0);
    const pidFile = join(place.folder, 'objs/srs.pid');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(pid).not.toBe(starter.child.pid);
    process.kill(pid, 'SIGTERM');
    await fileHolds(join(place.folder, 'objs/srs.log'), 'SIGTERM, quit');
    while (existsSync(pidFile)) {
      await delay(20);
    }
  });

  it('tells at the terminal why the server is not up', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const starter = place.launch('-c', daemonConfig(port));
    expect(await starter.exit()).toBe(1101 & 0xff);
    expect(starter.stderr).toContain(`port ${port} (listen 127.0.0.1:${port}) is taken`);
    holder.close();
  });
});

describe('asprocess', () => {
  it('quits when the process that started it has gone', async () => {
    const config = fileConfig(await freePort(), 'asprocess on;');
    const command = `"${process.execPath}" "${launcher}" -c "${config}" & wait`;
    const parent = spawn('/bin/sh', ['-c', command], { cwd: place.folder, stdio: 'ignore' });
    const log = join(place.folder, 'objs/srs.log');
    await fileHolds(log, 'listen at tcp://');
    expect(existsSync(join(place.folder, 'objs/srs.pid'))).toBe(true);
    parent.kill('SIGKILL');
    await fileHolds(log, `the parent process ${parent.pid} has gone, quit`);
    await expect
      .poll(() => existsSync(join(place.folder, 'objs/srs.pid')), { timeout: 10_000 })
      .toBe(false);
  });
});

describe('signals', () => {
  it.each<[NodeJS.Signals]>([['SIGTERM'], ['SIGINT']])('%s quits at once', async (signal) => {
    const port = await freePort();
    const server = await launched(consoleConfig(port));
    const peer = connect(port, '127.0.0.1');
    await once(peer, 'connect');
    const closed = new Promise((resolve) => peer.on('error', () => {}).on('close', resolve));
    const begun = performance.now();
    server.signal(signal);
    expect(await server.exit()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(3000);
    await closed;
    expect(existsSync(join(place.folder, 'objs/srs.pid'))).toBe(false);
  });

  it('SIGQUIT waits for the clients and takes no new ones', async () => {
    const port = await freePort();
    const waits = 'grace_start_wait 0; grace_final_wait 0;';
    const server = await launched(consoleConfig(port, waits));
    const peer = connect(port, '127.0.0.1');
    await server.output('RTMP client ip=127.0.0.1');
    server.signal('SIGQUIT');
    await server.output('SIGQUIT, quit when the clients have left');
    const refused = async (): Promise<boolean> => {
      const late = connect(port, '127.0.0.1');
      return new Promise((resolve) => {
        late.once('error', () => resolve(true));
        late.once('connect', () => resolve(false)).once('connect', () => late.destroy());
      });
    };
    while (!(await refused())) {
      await delay(20);
    }
    expect(server.child.exitCode).toBeNull();
    peer.destroy();
    expect(await server.exit()).toBe(0);
  });

  it('SIGTERM ends the wait of SIGQUIT', async () => {
    const port = await freePort();
    const server = await launched(consoleConfig(port));
    const peer = connect(port, '127.0.0.1');
    peer.on('error', () => {});
    await server.output('RTMP client ip=127.0.0.1');
    server.signal('SIGQUIT');
    await server.output('SIGQUIT, quit when the clients have left');
    server.signal('SIGTERM');
    expect(await server.exit()).toBe(0);
  });

  it('SIGHUP reloads, and keeps the old configuration when the new one is bad', async () => {
    const port = await freePort();
    const server = await launched(consoleConfig(port));
    consoleConfig(port, 'nonsense on;');
    server.signal('SIGHUP');
    await server.output('failed, nothing has changed');
    consoleConfig(port, 'chunk_size 4096; millrace { loops 1; }');
    server.signal('SIGHUP');
    await server.output('these need a restart: millrace.loops');
    expect(server.stdout).toMatch(/reload \w{7}: rtmp\.chunk_size: 60000 -> 4096, for what begins/);
  });

  it('SIGUSR1 opens the log file anew', async () => {
    const log = join(place.folder, 'objs/srs.log');
    const server = place.launch('-c', fileConfig(await freePort()));
    await fileHolds(log, 'listen at tcp://');
    renameSync(log, `${log}.1`);
    server.signal('SIGUSR1');
    await fileHolds(log, 'opened anew');
    expect(readFileSync(`${log}.1`, 'utf8')).toContain('listen at tcp://');
  });

  it('in great number harm nothing', async () => {
    const server = await launched(consoleConfig(await freePort()));
    for (let count = 0; count < 100; count += 1) {
      for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) {
        server.signal(signal);
      }
    }
    await server.line(/reload \w+ done/);
    server.signal('SIGTERM');
    expect(await server.exit()).toBe(0);
  });
});
