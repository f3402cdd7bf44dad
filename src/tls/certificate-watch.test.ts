import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../errors/server-error.ts';
import type { OpenListener } from '../listeners.ts';
import { CertificateWatch } from './certificate-watch.ts';

let folder: string;
let lines: string[];
let reloads: number;
let bad: boolean;
let watch: CertificateWatch;

function write(name: string, text: string): void {
  const file = join(folder, name);
  writeFileSync(file, text);
  // Times of files are coarse on some systems.
  utimesSync(file, reloads + lines.length + text.length, reloads + lines.length + text.length);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'));
  lines = [];
  reloads = 0;
  bad = false;
  write('a.crt', 'one');
  write('a.key', 'one');
  const tls = { certificateFile: join(folder, 'a.crt'), keyFile: join(folder, 'a.key') };
  const reloadCertificate = (): void => {
    if (bad) {
      throw new ServerError('TLS_BAD_CERTIFICATE');
    }
    reloads += 1;
  };
  const listeners: OpenListener[] = [
    { purpose: 'http', endpoint: { address: '::', port: 1 } },
    { purpose: 'https', endpoint: { address: '::', port: 2 }, tls, reloadCertificate },
    { purpose: 'rtmps', endpoint: { address: '::', port: 3 }, tls, reloadCertificate },
  ];
  const log = (line: string): void => {
    lines.push(line);
  };
  watch = new CertificateWatch(() => listeners, { info: log, error: log });
  await watch.look();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('CertificateWatch', () => {
  it('reads nothing as long as nothing changes', async () => {
    await watch.look();
    await watch.look();
    expect(reloads).toBe(0);
    expect(lines).toEqual([]);
  });

  it('has every listener read a certificate that changed, once it is whole', async () => {
    write('a.crt', 'another');
    await watch.look();
    write('a.key', 'another');
    await watch.look();
    expect(reloads).toBe(0);
    await watch.look();
    expect(reloads).toBe(2);
    await watch.look();
    expect(reloads).toBe(2);
    expect(lines).toEqual([expect.stringContaining('is in use from now on')]);
  });

  it('tells once of a bad one, and takes the next good one', async () => {
    bad = true;
    write('a.crt', 'garbage');
    for (let i = 0; i < 5; i++) {
      await watch.look();
    }
    expect(lines).toEqual([expect.stringContaining('the old one stays in use')]);
    bad = false;
    write('a.crt', 'good again');
    await watch.look();
    await watch.look();
    expect(reloads).toBe(2);
    expect(lines).toHaveLength(2);
  });

  it('outlives files that are gone for a while', async () => {
    rmSync(join(folder, 'a.key'));
    bad = true;
    await watch.look();
    await watch.look();
    bad = false;
    write('a.key', 'back');
    await watch.look();
    await watch.look();
    expect(reloads).toBe(2);
  });
});
