import { expect, it } from 'vitest';
import { configFromObject } from '../../config/from-object.ts';
import type { VhostInput } from '../../config/millrace-config.ts';
import { hlsOptions } from './hls-options.ts';

function options(vhost: VhostInput) {
  const config = configFromObject({ rtmp: { listen: 0 }, vhosts: { a: vhost } });
  const found = config.vhosts.get('a');
  if (!found) {
    throw new Error('no vhost');
  }
  return hlsOptions(found, false);
}

const auth = { enabled: true, tokenKeys: [{ id: 'a', secret: 'x'.repeat(32) }] };

it.each([
  ['[app]/[stream]-[seq].ts', '[app]/[stream]-[seq]-[random].ts'],
  ['[app]/[seq]', '[app]/[seq]-[random]'],
  ['v1.2/[seq]', 'v1.2/[seq]-[random]'],
  ['[app]/[random]/[seq].ts', '[app]/[random]/[seq].ts'],
])('segments %s of a guarded stream are %s', (tsFile, expected) => {
  const hls = { enabled: true, memoryOnly: true, tsFile };
  expect(options({ hls, auth }).ts_file).toBe(expected);
  expect(options({ hls, auth: { ...auth, play: false } }).ts_file).toBe(tsFile);
  expect(options({ hls }).ts_file).toBe(tsFile);
});

it('segments are told of where a callback wants to hear', () => {
  const hls = { enabled: true };
  const hooks = (changes: VhostInput['httpHooks']) =>
    options({ hls, httpHooks: { enabled: true, ...changes } }).tell_segments;
  expect(hooks({})).toBe(false);
  expect(hooks({ onHls: ['http://a/'] })).toBe(true);
  expect(hooks({ onHlsNotify: ['http://a/'] })).toBe(true);
  expect(hooks({ enabled: false, onHls: ['http://a/'] })).toBe(false);
});
