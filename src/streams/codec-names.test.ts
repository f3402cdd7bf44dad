import { describe, expect, it } from 'vitest';
import { audioProfileName, videoLevelName, videoProfileName } from './codec-names.ts';

describe('codec names', () => {
  it.each([
    ['H264', 100, 31, 'High', '3.1'],
    ['H264', 66, 40, 'Baseline', '4'],
    ['H264', 1, 0, 'Other', 'Other'],
    ['H265', 1, 93, 'Main', '3.1'],
    ['H265', 2, 120, 'Main10', '4'],
    ['AV1', 0, 8, 'Main', '4.0'],
    ['AV1', 0, 31, 'Main', 'Other'],
    ['VP9', 0, 31, 'Profile0', '3.1'],
    ['VP8', 0, 0, 'Other', 'Other'],
  ])('%s profile %i level %i', (codec, profile, level, profileName, levelName) => {
    expect(videoProfileName(codec, profile)).toBe(profileName);
    expect(videoLevelName(codec, level)).toBe(levelName);
  });

  it('of audio', () => {
    expect(audioProfileName('AAC', 2)).toBe('LC');
    expect(audioProfileName('AAC', 42)).toBe('Other');
    expect(audioProfileName('MP3', 0)).toBe('Other');
  });
});
