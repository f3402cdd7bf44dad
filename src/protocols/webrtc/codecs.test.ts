import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseForPlay, chooseForPublish } from './codecs.ts';
import type { MediaDescription } from './sdp/description.ts';
import { parseSdp } from './sdp/parse.ts';

function media(name: string, kind: string): MediaDescription {
  const file = new URL(`../../../test/vectors/sdp/${name}.sdp`, import.meta.url);
  const found = parseSdp(readFileSync(file, 'utf8')).media.find((one) => one.kind === kind);
  if (!found) {
    throw new Error(`${name} has no ${kind}`);
  }
  return found;
}

const nameOf = (chosen: ReturnType<typeof chooseForPlay>) =>
  chosen && `${chosen.codec.name} ${chosen.codec.fmtp}`;

describe('chooseForPublish', () => {
  it('prefers Constrained Baseline H.264 of mode 1, with its RTX', () => {
    const chosen = chooseForPublish(media('chromium-publish', 'video'), undefined);
    expect(nameOf(chosen)).toBe(
      'H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    );
    expect(chosen?.rtxPayloadType).toBe((chosen?.codec.payloadType ?? 0) + 1);
  });

  it.each([
    ['av1', 'AV1'],
    ['vp9', 'VP9'],
    ['VP8', 'VP8'],
    ['h264', 'H264'],
  ])('follows the wish for %s', (wish, name) => {
    expect(chooseForPublish(media('chromium-publish', 'video'), wish)?.codec.name).toBe(name);
  });

  it('takes what is there when nothing better is', () => {
    const video = media('chromium-publish', 'video');
    const without = { ...video, codecs: video.codecs.filter(({ name }) => name === 'VP8') };
    expect(chooseForPublish(without, undefined)?.codec.name).toBe('VP8');
    expect(chooseForPublish(without, 'av1')).toBeUndefined();
    expect(chooseForPublish(media('gstreamer-whip', 'video'), undefined)?.codec.payloadType).toBe(
      96,
    );
    expect(chooseForPublish(media('ffmpeg-whip', 'video'), 'h264')?.codec.payloadType).toBe(106);
  });

  it('takes Opus, or G.711 on demand', () => {
    const audio = media('chromium-publish', 'audio');
    expect(chooseForPublish(audio, undefined)?.codec.name).toBe('opus');
    expect(chooseForPublish(audio, 'av1')?.codec.name).toBe('opus');
    expect(chooseForPublish(audio, 'pcma')?.codec.payloadType).toBe(8);
    expect(chooseForPublish(media('gstreamer-whip', 'audio'), undefined)?.codec.name).toBe('OPUS');
  });
});

describe('RED', () => {
  /** Audio of an offer, RED before Opus. */
  function preferring(name: string): MediaDescription {
    const audio = media(name, 'audio');
    const isRed = (codec: { name: string }) => codec.name === 'red';
    const others = audio.codecs.filter((codec) => !isRed(codec));
    return { ...audio, codecs: [...audio.codecs.filter(isRed), ...others] };
  }

  it('is for peers who name it before Opus', () => {
    const opus = { codec: 'Opus' };
    expect(chooseForPlay(media('chromium-play', 'audio'), opus)?.redPayloadType).toBeUndefined();
    expect(chooseForPlay(preferring('chromium-play'), opus)?.redPayloadType).toBe(63);
    expect(chooseForPlay(preferring('safari-play'), { codec: 'AAC' })?.redPayloadType).toBe(63);
    expect(
      chooseForPublish(media('chromium-publish', 'audio'), undefined)?.redPayloadType,
    ).toBeUndefined();
    expect(chooseForPublish(preferring('chromium-publish'), undefined)?.redPayloadType).toBe(63);
  });

  it('is not for G.711', () => {
    const pcmu = chooseForPlay(preferring('chromium-play'), { codec: 'PCMU' });
    expect(pcmu?.redPayloadType).toBeUndefined();
    expect(
      chooseForPublish(preferring('chromium-publish'), 'pcmu')?.redPayloadType,
    ).toBeUndefined();
  });

  it.each(['', '111', '111/0', '63/63', '111/111/', '111/x'])('of "%s" is not of Opus', (fmtp) => {
    const audio = preferring('chromium-play');
    const codecs = audio.codecs.map((one) => (one.name === 'red' ? { ...one, fmtp } : one));
    expect(chooseForPlay({ ...audio, codecs }, undefined)?.redPayloadType).toBeUndefined();
  });
});

describe('chooseForPlay', () => {
  it('answers H.264 and Opus while nobody publishes', () => {
    expect(nameOf(chooseForPlay(media('chromium-play', 'video'), undefined))).toContain('42e01f');
    expect(chooseForPlay(media('chromium-play', 'audio'), undefined)?.codec.name).toBe('opus');
  });

  it('looks for the profile of the source', () => {
    const high = { codec: 'H264', profile: 100 };
    expect(nameOf(chooseForPlay(media('safari-play', 'video'), high))).toContain('640c1f');
    expect(nameOf(chooseForPlay(media('aiortc-play', 'video'), high))).toContain('42e01f');
    expect(
      nameOf(chooseForPlay(media('safari-play', 'video'), { codec: 'H264', profile: 66 })),
    ).toContain('42e01f');
  });

  it.each([
    ['H265', 'safari-play', 'H265'],
    ['H265', 'chromium-play', undefined],
    ['AV1', 'chromium-play', 'AV1'],
    ['VP8', 'aiortc-play', 'VP8'],
    ['VP9', 'aiortc-play', undefined],
  ])('plays %s with %s as %s', (codec, offer, name) => {
    expect(chooseForPlay(media(offer, 'video'), { codec })?.codec.name).toBe(name);
  });

  it.each([
    ['AAC', 'opus'],
    ['MP3', 'opus'],
    ['Opus', 'opus'],
    ['PCMU', 'PCMU'],
  ])('plays %s as %s', (codec, name) => {
    expect(chooseForPlay(media('chromium-play', 'audio'), { codec })?.codec.name).toBe(name);
  });
});
