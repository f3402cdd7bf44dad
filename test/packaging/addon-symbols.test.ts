import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const addon = fileURLToPath(new URL('../../build/Release/millrace.node', import.meta.url));

function dynamicSymbols(which: '--defined-only' | '--undefined-only'): string[] {
  const lines = execFileSync('nm', ['-D', which, '--format=posix', addon], { encoding: 'utf8' });
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0] ?? '');
}

it('exports what Node.js looks up, and nothing that another addon could be bound to', () => {
  expect(dynamicSymbols('--defined-only').sort()).toEqual([
    'napi_register_module_v1',
    'node_api_module_get_api_version_v1',
  ]);
});

it('takes nothing from the OpenSSL and the llhttp that the node executable exports', () => {
  const taken = dynamicSymbols('--undefined-only').filter((name) =>
    /^(SSL|EVP|CRYPTO|OPENSSL|ERR|BIO|X509|PEM|RSA|EC|llhttp)_/.test(name),
  );
  expect(taken).toEqual([]);
});
