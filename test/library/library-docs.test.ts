import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
// Below the package, so that its name means this very package.
const folder = new URL('build/docs-example/', root);

let program: ChildProcess;
let output: string;

/** The example of docs/library.md as it stands there, on ports that the system chooses. */
function example(): string {
  const text = readFileSync(new URL('docs/library.md', root), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const ported = code.replace('listen: 1935', 'listen: 0').replace('listen: 8080', 'listen: 0');
  expect(ported).not.toMatch(/listen: [1-9]/);
  return ported;
}

async function says(text: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = text.exec(output);
    if (found) {
      return found;
    }
    await once(program.stdout as NodeJS.ReadableStream, 'data', {
      signal: AbortSignal.timeout(15_000),
    });
  }
}

/** Publishes two seconds of silence. @return exit status of FFmpeg. */
async function publish(url: string): Promise<number> {
  const input = '-v error -re -f lavfi -i anullsrc=r=44100 -t 2 -c:a aac -f flv'.split(' ');
  const encoder = spawn('ffmpeg', [...input, url], { stdio: 'ignore' });
  const [status] = await once(encoder, 'exit');
  return status as number;
}

describe('docs/library.md', () => {
  beforeEach(() => {
    mkdirSync(folder, { recursive: true });
    const path = fileURLToPath(new URL('example.mjs', folder));
    writeFileSync(path, example());
    output = '';
    program = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    program.stdout?.on('data', (bytes) => {
      output += String(bytes);
    });
  });

  afterEach(() => {
    program.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('shows a program that admits, tells and ends', async () => {
    const [, port] = await says(/'rtmp (\d+)'/);
    const url = `rtmp://127.0.0.1:${port}/live/livestream`;
    expect(await publish(`${url}?token=wrong`)).not.toBe(0);
    expect(await publish(`${url}?token=secret`)).toBe(0);
    await says(/^\/live\/livestream is live, from 127\.0\.0\.1$/m);
    await says(/^\/live\/livestream has ended$/m);
    expect(output.match(/is live/g)).toHaveLength(1);

    const ended = once(program, 'exit');
    program.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});
