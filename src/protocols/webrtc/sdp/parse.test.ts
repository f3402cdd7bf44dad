import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ServerError } from '../../../errors/server-error.ts';
import { MAX_SDP_LENGTH, parseSdp } from './parse.ts';

const folder = new URL('../../../../test/vectors/sdp/', import.meta.url);
const vectors = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(new URL(name, folder), 'utf8'),
}));

const vector = (name: string): string => vectors.find((one) => one.name === name)?.text ?? '';

const codeOf = (text: string): string => {
  try {
    parseSdp(text);
    return 'fine';
  } catch (error) {
    return error instanceof ServerError ? error.code : `${error}`;
  }
};

const HEAD = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n';

describe('parseSdp', () => {
  it.each(vectors)('reads $name', ({ text }) => {
    const { bundle, media } = parseSdp(text);
    expect(bundle.length).toBeGreaterThan(0);
    for (const section of media) {
      expect(bundle).toContain(section.mid);
      expect(section.iceUfrag.length).toBeGreaterThanOrEqual(4);
      expect(section.icePwd.length).toBeGreaterThanOrEqual(22);
      expect(section.fingerprints[0]?.hash).toBe('sha-256');
      if (section.kind !== 'application') {
        expect(section.rtcpMux).toBe(true);
        expect(section.codecs.length).toBeGreaterThan(0);
      }
    }
  });

  it('takes session attributes for all sections', () => {
    const [audio, video] = parseSdp(vector('obs-whip.sdp')).media;
    expect(audio).toMatchObject({ iceUfrag: 'p4Xd', setup: 'actpass', ssrcs: [1837452091] });
    expect(video?.fingerprints).toEqual(audio?.fingerprints);
  });

  it('reads codecs with their parameters and feedback', () => {
    const [, video] = parseSdp(vector('pion-publish.sdp')).media;
    expect(video?.codecs).toEqual([
      {
        payloadType: 108,
        name: 'H264',
        clockRate: 90_000,
        channels: 0,
        fmtp: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
        feedback: ['goog-remb', 'ccm fir', 'nack', 'nack pli'],
      },
    ]);
  });

  it('knows G.711 by its static payload types, and feedback for all', () => {
    const { media } = parseSdp(
      `${HEAD}m=audio 9 RTP/SAVPF 0 8\r\na=rtcp-fb:* nack\r\na=rtpmap:8 PCMA/8000/1\r\n`,
    );
    expect(media[0]?.codecs).toMatchObject([
      { payloadType: 0, name: 'PCMU', clockRate: 8000, channels: 1, feedback: ['nack'] },
      { payloadType: 8, name: 'PCMA', clockRate: 8000, channels: 1, feedback: ['nack'] },
    ]);
  });

  it('reads the layers of a simulcast in their order', () => {
    const [, video] = parseSdp(vector('chromium-simulcast.sdp')).media;
    expect(video?.sendRids).toEqual(['q', 'h', 'f']);
    const { media } = parseSdp(
      `${HEAD}m=video 9 X 96\r\na=rid:1 send\r\na=rid:2 send pt=96\r\na=rid:3 recv\r\na=simulcast:send ~2;1,4;9 recv 3\r\n`,
    );
    expect(media[0]?.sendRids).toEqual(['2', '1']);
  });

  it('leaves sources out that resend', () => {
    expect(parseSdp(vector('firefox-publish.sdp')).media[1]?.ssrcs).toEqual([2417034126]);
  });

  it('takes lines with any end', () => {
    const text = vector('obs-whip.sdp');
    const unix = parseSdp(text.replaceAll('\r\n', '\n'));
    expect(parseSdp(text.replaceAll(/\r?\n/g, '\r\n'))).toEqual(unix);
    expect(parseSdp(unix === undefined ? '' : text.trimEnd())).toEqual(unix);
  });

  it.each([
    ['nothing', '', 'SDP_INVALID'],
    ['no media', HEAD, 'SDP_INVALID'],
    ['another format', '{"sdp":""}', 'SDP_INVALID'],
    ['a line without its equals sign', `${HEAD}m=audio 9 X 0\r\nnonsense\r\n`, 'SDP_INVALID'],
    ['an m-line without a port', `${HEAD}m=audio\r\n`, 'SDP_INVALID'],
    ['a port that is no number', `${HEAD}m=audio x UDP 0\r\n`, 'SDP_INVALID'],
    ['a payload type beyond', `${HEAD}m=audio 9 UDP 128\r\n`, 'SDP_INVALID'],
    ['an rtpmap without a clock', `${HEAD}m=audio 9 UDP 96\r\na=rtpmap:96 opus\r\n`, 'SDP_INVALID'],
    ['a clock of zero', `${HEAD}m=audio 9 UDP 96\r\na=rtpmap:96 opus/0\r\n`, 'SDP_INVALID'],
    [
      'one mid twice',
      `${HEAD}m=audio 9 U 0\r\na=mid:0\r\nm=video 9 U 96\r\na=mid:0\r\n`,
      'SDP_INVALID',
    ],
    ['a mid with a space', `${HEAD}m=audio 9 U 0\r\na=mid:a b\r\n`, 'SDP_INVALID'],
    ['a mid without a value', `${HEAD}m=audio 9 U 0\r\na=mid\r\n`, 'SDP_INVALID'],
    [
      'a short fingerprint',
      `${HEAD}m=audio 9 U 0\r\na=fingerprint:sha-256 AB:CD\r\n`,
      'SDP_INVALID',
    ],
    ['an empty fingerprint', `${HEAD}m=audio 9 U 0\r\na=fingerprint:sha-256\r\n`, 'SDP_INVALID'],
    ['too long', HEAD + 'a=x\r\n'.repeat(MAX_SDP_LENGTH / 5), 'SDP_TOO_LARGE'],
    ['65 sections', HEAD + 'm=audio 9 U 0\r\n'.repeat(65), 'SDP_TOO_LARGE'],
    ['64 sections', HEAD + 'm=audio 9 U 0\r\n'.repeat(64), 'fine'],
    [
      'attributes without values',
      `${HEAD}m=video 9 U 96\r\na=\r\na=fmtp\r\na=rtcp-fb\r\na=extmap\r\na=ssrc\r\na=rid\r\na=simulcast\r\na=ssrc-group\r\na=candidate\r\na=setup\r\na=fingerprint\r\na=group\r\na=ice-ufrag\r\n`,
      'fine',
    ],
    [
      'names of prototypes',
      `${HEAD}m=video 9 U 96\r\na=__proto__:x\r\na=constructor\r\na=fingerprint:__proto__ AB\r\na=fingerprint:constructor AB\r\n`,
      'fine',
    ],
  ])('is told apart: %s', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('bounds what it keeps', () => {
    const many = (line: (i: number) => string) =>
      Array.from({ length: 500 }, (_, i) => line(i)).join('');
    const { media } = parseSdp(
      `${HEAD}m=video 9 U 96\r\n${many((i) => `a=ssrc:${i + 1} cname:x\r\n`)}${many((i) => `a=extmap:${(i % 14) + 1} u:${i}\r\n`)}${many(() => 'a=rtcp-fb:96 nack\r\n')}${many((i) => `a=rid:${i} send\r\n`)}`,
    );
    expect(media[0]?.ssrcs.length).toBe(64);
    expect(media[0]?.extensions.length).toBe(64);
    expect(media[0]?.sendRids.length).toBe(16);
  });

  it('survives whatever a mutation makes of an offer', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (const { text } of vectors) {
      const lines = text.split(/\r?\n/);
      for (let round = 0; round < 150; round += 1) {
        const changed = [...lines];
        for (let change = random(4); change >= 0; change -= 1) {
          const at = random(changed.length);
          const line = changed[at] ?? '';
          const cut = random(line.length + 1);
          const kinds = [
            line.slice(0, cut),
            line.slice(cut),
            `${line}${line}`,
            `${line.slice(0, cut)}${String.fromCharCode(random(0x3000))}${line.slice(cut)}`,
            line.replace(/\d+/, String(random(2 ** 31))),
            changed[random(changed.length)] ?? '',
          ];
          changed[at] = kinds[random(kinds.length)] ?? '';
        }
        expect(['fine', 'SDP_INVALID', 'SDP_TOO_LARGE']).toContain(codeOf(changed.join('\r\n')));
      }
    }
  });
});
