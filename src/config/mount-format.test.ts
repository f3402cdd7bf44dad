import { describe, expect, it } from 'vitest';
import { mountFault, mountFormat } from './mount-format.ts';

describe('mounts of live streams', () => {
  it.each([
    ['[vhost]/[app]/[stream].flv', 'flv'],
    ['/[app]/[stream].TS', 'ts'],
    ['/radio/[stream].aac', 'aac'],
    ['/[stream]/[app].mp3', 'mp3'],
    ['/[app]/[stream]', undefined],
    ['/[app]/[stream].mkv', undefined],
  ])('%s is %s', (mount, format) => {
    expect(mountFormat(mount)).toBe(format);
  });

  it.each([
    ['/[app]/[stream].mkv', 'ends with none of .flv, .ts, .aac, .mp3'],
    ['/live/livestream.flv', 'holds no [stream]'],
    ['/[app][stream].flv', 'has nothing between'],
    ['/[stream][app].flv', 'has nothing between'],
  ])('%s serves nothing: %s', (mount, fault) => {
    expect(mountFault(mount)).toContain(fault);
  });

  it.each(['/[app]/[stream].flv', '/[stream].ts', '/[stream]-[app].mp3'])('%s is good', (mount) => {
    expect(mountFault(mount)).toBeUndefined();
  });
});
