import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ServerError } from '../../errors/server-error.ts';
import { type AnswerOptions, answerOffer } from './answer.ts';
import { parseSdp } from './sdp/parse.ts';

const text = (name: string): string =>
  readFileSync(new URL(`../../../test/vectors/sdp/${name}.sdp`, import.meta.url), 'utf8');
const offer = (name: string) => parseSdp(text(name));

const options: AnswerOptions = {
  role: 'publish',
  streamId: 'live/livestream',
  certificate: 'ecdsa',
  fingerprint: `sha-256 ${Array(32).fill('AB').join(':')}`,
  credentials: { ufrag: 'abcdefgh', pwd: 'p'.repeat(32) },
  candidates: ['0 1 udp 2130706431 192.0.2.1 8000 typ host generation 0'],
  dtlsRole: 'passive',
  dtls: true,
  nack: true,
  twcc: true,
};
const play = { ...options, role: 'play' as const };

const count = (sdp: string, word: RegExp): number => sdp.match(word)?.length ?? 0;

function refusal(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    return error instanceof ServerError ? `${error.code}: ${error.message}` : `${error}`;
  }
}

describe('answerOffer', () => {
  it('answers a publisher as SRS does', () => {
    const { sdp, media, remote, dtls } = answerOffer(offer('pion-publish'), options);
    expect(sdp.replace(/^o=.*$/m, 'o=')).toBe(
      [
        'v=0',
        'o=',
        's=SRSPublishSession',
        't=0 0',
        'a=ice-lite',
        'a=group:BUNDLE 0 1',
        'a=msid-semantic: WMS live/livestream',
        'm=audio 9 UDP/TLS/RTP/SAVPF 111',
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:abcdefgh',
        `a=ice-pwd:${'p'.repeat(32)}`,
        `a=fingerprint:${options.fingerprint}`,
        'a=setup:passive',
        'a=mid:0',
        'a=recvonly',
        'a=rtcp-mux',
        'a=rtcp-rsize',
        'a=rtpmap:111 opus/48000/2',
        'a=fmtp:111 minptime=10;useinbandfec=1',
        'a=candidate:0 1 udp 2130706431 192.0.2.1 8000 typ host generation 0',
        'm=video 9 UDP/TLS/RTP/SAVPF 108',
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:abcdefgh',
        `a=ice-pwd:${'p'.repeat(32)}`,
        `a=fingerprint:${options.fingerprint}`,
        'a=setup:passive',
        'a=mid:1',
        'a=recvonly',
        'a=rtcp-mux',
        'a=rtcp-rsize',
        'a=rtpmap:108 H264/90000',
        'a=rtcp-fb:108 nack',
        'a=rtcp-fb:108 nack pli',
        'a=rtcp-fb:108 ccm fir',
        'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
        'a=candidate:0 1 udp 2130706431 192.0.2.1 8000 typ host generation 0',
        '',
      ].join('\r\n'),
    );
    expect(sdp).toMatch(/^o=SRS\/\d+\.\d+\.\d+\(\w+\) \d+ 2 IN IP4 0\.0\.0\.0\r$/m);
    expect(count(sdp, /nack/g)).toBe(2);
    expect(count(sdp, /extmap/g)).toBe(0);
    expect(dtls).toBe('passive');
    expect(remote).toEqual({ ufrag: 'IqEIZvVXOBtqQQFC', pwd: 'TVwSpjcWqGbkJgPjqGYqwQlTJVZRfcGb' });
    expect(media).toMatchObject([
      { mid: '0', kind: 'audio', direction: 'recvonly', ssrcs: [1047389215], nack: false },
      { mid: '1', kind: 'video', ssrcs: [2958174036], nack: true, pli: true, fir: true },
    ]);
  });

  it('says no nack where none is offered', () => {
    const without = text('pion-publish')
      .replaceAll(/a=rtcp-fb:.*\r?\n/g, '')
      .replace('packetization-mode=1', 'packetization-mode=0');
    const { sdp, media } = answerOffer(parseSdp(without), options);
    expect(count(sdp, /nack/g)).toBe(0);
    expect(media).toHaveLength(2);
  });

  it('can be read by the parser that reads offers', () => {
    for (const name of ['chromium-publish', 'chromium-simulcast', 'firefox-publish', 'obs-whip']) {
      const { sdp } = answerOffer(offer(name), options);
      const { bundle, media } = parseSdp(sdp);
      expect(bundle).toEqual(['0', '1']);
      expect(media.map(({ direction }) => direction)).toEqual(['recvonly', 'recvonly']);
    }
  });

  it('takes the layers of a simulcast', () => {
    const { sdp, media } = answerOffer(offer('chromium-simulcast'), options);
    expect(sdp).toContain(
      'a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n',
    );
    expect(media[1]?.rids).toEqual(['q', 'h', 'f']);
    const uris = media[1]?.extensions.map(({ uri }) => uri.split(':').at(-1));
    expect(uris).toContain('rtp-stream-id');
    expect(uris).toContain('repaired-rtp-stream-id');
  });

  it('measures the round trip of publishers that help to', () => {
    const chromium = answerOffer(offer('chromium-publish'), options);
    expect(chromium.sdp.match(/^a=rtcp-xr:rcvr-rtt=all\r$/gm)).toHaveLength(2);
    expect(chromium.media.map(({ reference_time }) => reference_time)).toEqual([true, true]);
    const ffmpeg = answerOffer(offer('ffmpeg-whip'), options);
    expect(ffmpeg.sdp).not.toContain('rtcp-xr');
    expect(ffmpeg.media.some(({ reference_time }) => reference_time)).toBe(false);
    expect(answerOffer(offer('chromium-play'), play).sdp).not.toContain('rtcp-xr');
  });

  it('gives up what it has no use for, and answers the rest', () => {
    const { sdp, media } = answerOffer(offer('chromium-data'), options);
    expect(media.map(({ kind }) => kind)).toEqual(['video']);
    expect(sdp).toMatch(/^m=application 0 UDP\/DTLS\/SCTP webrtc-datachannel\r$/m);
    expect(parseSdp(sdp).bundle).toEqual([media[0]?.mid]);
  });

  it('plays with sources of its own', () => {
    const tracks = { video: { codec: 'H264', profile: 66 }, audio: { codec: 'AAC' } };
    const { sdp, media } = answerOffer(offer('chromium-play'), { ...play, tracks });
    const [audio, video] = media;
    expect(audio?.codecs[0]).toMatchObject({ name: 'opus', channels: 2 });
    expect(video?.codecs[0]?.name).toBe('H264');
    expect(video?.codecs[0]?.rtx_payload_type).toBeGreaterThan(0);
    expect(video?.transport_cc).toBe(true);
    expect(video?.goog_remb).toBe(false);
    expect(sdp).toContain(`a=rtcp-fb:${video?.codecs[0]?.payload_type} transport-cc\r\n`);
    const without = answerOffer(offer('chromium-play'), { ...play, tracks, twcc: false });
    expect(without.sdp).not.toContain('transport-cc');
    expect(without.media[1]?.goog_remb).toBe(true);
    expect(new Set([audio?.ssrc, video?.ssrc, video?.rtx_ssrc]).size).toBe(3);
    expect(sdp).toContain('s=SRSPlaySession\r\n');
    expect(sdp).toContain(`a=ssrc-group:FID ${video?.ssrc} ${video?.rtx_ssrc}\r\n`);
    expect(sdp).toContain(`a=ssrc:${audio?.ssrc} cname:${audio?.cname}\r\n`);
    expect(sdp).toContain('a=sendonly\r\na=msid:live/livestream live-livestream-video\r\n');
    // Firefox and Chromium take audio and video with one msid for one stream, and play them together.
    expect(audio?.cname).toBeDefined();
  });

  it('takes audio with redundancy where that is preferred', () => {
    const preferring = (name: string) => parseSdp(text(name).replace(' 111 63 ', ' 63 111 '));
    const opus = { payload_type: 111, name: 'opus', red_payload_type: 63 };
    for (const { sdp, media } of [
      answerOffer(preferring('chromium-play'), play),
      answerOffer(preferring('chromium-publish'), options),
    ]) {
      expect(media.find(({ kind }) => kind === 'audio')?.codecs).toMatchObject([opus]);
      expect(sdp).toContain(`m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n`);
      expect(sdp).toContain(
        'a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n',
      );
    }
    expect(answerOffer(offer('chromium-play'), play).sdp).not.toMatch(/ red\//);
    expect(answerOffer(offer('chromium-publish'), options).sdp).not.toMatch(/ red\//);
  });

  it('takes each extension number for one meaning', () => {
    const { media } = answerOffer(offer('aiortc-play'), play);
    const numbers = media.flatMap(({ extensions }) => extensions);
    for (const { id, uri } of numbers) {
      expect(numbers.filter((one) => one.id === id).every((one) => one.uri === uri)).toBe(true);
    }
  });

  it.each([
    ['actpass', 'passive', 'passive'],
    ['actpass', 'active', 'active'],
    ['passive', 'passive', 'active'],
    ['active', 'active', 'passive'],
    ['', 'active', 'passive'],
  ] as const)('is for setup "%s" with dtls_role %s: %s', (setup, dtlsRole, expected) => {
    const line = setup === '' ? '' : `a=setup:${setup}\r\n`;
    const changed = text('pion-publish').replaceAll(/a=setup:.*\r?\n/g, line);
    expect(answerOffer(parseSdp(changed), { ...options, dtlsRole }).dtls).toBe(expected);
  });

  it('goes without DTLS when asked to', () => {
    const { sdp, dtls } = answerOffer(offer('pion-publish'), { ...options, dtls: false });
    expect(dtls).toBe('off');
    expect(sdp).not.toMatch(/fingerprint|setup/);
  });

  const edit = (name: string, from: string | RegExp, to: string) => () =>
    answerOffer(parseSdp(text(name).replaceAll(from as string, to)), options);
  it.each([
    ['BUNDLE is missing', edit('pion-publish', 'a=group:BUNDLE 0 1', 'a=x')],
    ['is not bundled', edit('pion-publish', 'BUNDLE 0 1', 'BUNDLE 0')],
    ['rtcp-mux is missing', edit('pion-publish', 'a=rtcp-mux', 'a=x')],
    ['recvonly, which does not fit', edit('pion-publish', 'a=sendrecv', 'a=recvonly')],
    ['ice-ufrag or ice-pwd', edit('pion-publish', 'a=ice-pwd', 'a=x')],
    ['no fingerprint', edit('pion-publish', 'sha-256', 'md5')],
    ['no codec of the offer', edit('pion-publish', /(opus|H264)\//g, 'other/')],
    [
      'H265, the player offers',
      () => answerOffer(offer('chromium-play'), { ...play, tracks: { video: { codec: 'H265' } } }),
    ],
    ['sendonly, which does not fit', () => answerOffer(offer('obs-whip'), play)],
  ])('refuses: %s', (why, run) => {
    expect(refusal(run)).toMatch(/^SDP_NOT_ACCEPTABLE: /);
    expect(refusal(run)).toContain(why);
  });
});
