import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  closed,
  FakeAddon,
  type FakeEngine,
  publishRequested,
} from '../../../test/fakes/fake-addon.ts';
import { MemorySink } from '../../../test/fakes/memory-sink.ts';
import { configFromObject } from '../../config/from-object.ts';
import type { ConfigInput } from '../../config/millrace-config.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { StreamTracks } from '../../native/boundary/stream.ts';
import type { WebrtcTrouble } from '../../native/boundary/webrtc.ts';
import { createServer, type Server } from '../../server.ts';
import type { Hooks } from '../hooks.ts';

const offer = (name: string): string =>
  readFileSync(new URL(`../../../test/vectors/sdp/${name}.sdp`, import.meta.url), 'utf8');
const PUBLISH = offer('chromium-publish');
const PLAY = offer('chromium-play');

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Setting {
  readonly server: Server;
  readonly engine: FakeEngine;
  readonly sink: MemorySink;
  readonly base: string;
}

async function started(
  rtc: NonNullable<NonNullable<ConfigInput['vhosts']>[string]>['rtc'] = {},
  hooks: Hooks = {},
  input: ConfigInput = {},
): Promise<Setting> {
  const addon = new FakeAddon();
  const sink = new MemorySink();
  const config = configFromObject({
    rtmp: { listen: 0 },
    httpApi: { enabled: true, listen: 0 },
    rtcServer: { enabled: true, listen: 8000, candidate: '192.0.2.1' },
    vhosts: { __defaultVhost__: { rtc: { enabled: true, rtmpToRtc: true, ...rtc } } },
    ...input,
  });
  const server = createServer(config, { addon, log: sink, hooks });
  servers.push(server);
  await server.start();
  const api = server.ports.find(({ purpose }) => purpose === 'api');
  return { server, engine: addon.engine, sink, base: `http://127.0.0.1:${api?.endpoint.port}` };
}

const post = (base: string, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(base + path, { method: 'POST', body, headers });

interface Problem {
  readonly code: string;
  readonly title: string;
}

describe('WHIP', () => {
  it('answers a publisher, who then has the name', async () => {
    const { server, engine, sink, base } = await started();
    const path = '/rtc/v1/whip/?app=live&stream=cam&secret=x';
    const response = await post(base, path, PUBLISH, { 'Content-Type': 'application/sdp' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    const location = response.headers.get('location') ?? '';
    expect(location).toMatch(
      /^\/rtc\/v1\/whip\/\?action=delete&token=[0-9a-z]{9}&app=live&stream=cam&session=[0-9a-z]{8}:[\w%+/]+$/,
    );
    const sdp = await response.text();
    expect(sdp).toContain('a=candidate:0 1 udp 2130706431 192.0.2.1 8000 typ host generation 0');
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-z]{8}-0"$/);

    const [[session, options] = []] = [...engine.webrtc];
    expect(options).toMatchObject({
      role: 'publish',
      stream: '/live/cam',
      dtls: 'passive',
      encrypt: true,
      rtc_to_rtmp: false,
      publish: { audio: { plain_as_aac: false }, outputs: {} },
    });
    expect(sdp).toContain(`a=ice-ufrag:${options?.local_ufrag}\r\n`);
    const { publication } = server.streams.get('/live/cam') ?? {};
    expect(publication?.peer).toMatchObject({ id: session, cid: options?.cid, protocol: 'webrtc' });
    expect(sink.with(`[${options?.cid}] start publish`)).toHaveLength(1);

    // A second one is told so; after the end of the first the name is free.
    const second = await post(base, path, PUBLISH);
    expect(second.status).toBe(409);
    expect(((await second.json()) as Problem).code).toBe('RTC_STREAM_BUSY');
    engine.deliver([closed(session ?? 0)]);
    expect((await post(base, path, PUBLISH)).status).toBe(201);
  });

  it('answers a publisher who comes back before its own end is known', async () => {
    const { server, engine, base } = await started();
    await post(base, '/rtc/v1/whip/', PUBLISH);
    const [session] = [...engine.webrtc.keys()];
    const waits = vi.spyOn(server.streams, 'whenFree');
    const second = post(base, '/rtc/v1/whip/', PUBLISH);
    await vi.waitFor(() => expect(waits).toHaveBeenCalled());
    engine.deliver([closed(session ?? 0)]);
    expect((await second).status).toBe(201);
  });

  it('hands AAC and outputs to others when rtc_to_rtmp is on', async () => {
    const { engine, base } = await started({ rtcToRtmp: true, aacBitrateBps: 96_000 });
    await post(base, '/rtc/v1/whip/?stream=a', PUBLISH);
    expect([...engine.webrtc.values()][0]).toMatchObject({
      rtc_to_rtmp: true,
      pli_for_rtmp_ms: 6000,
      publish: { audio: { plain_as_aac: true, aac_bitrate_bps: 96_000 } },
    });
  });

  it('ends with DELETE, for whoever has the token', async () => {
    const { engine, base } = await started();
    const response = await post(base, '/rtc/v1/whip/', PUBLISH);
    const location = response.headers.get('location') ?? '';
    const remove = (path: string) => fetch(base + path, { method: 'DELETE' });
    expect((await remove(location.replace(/token=\w+/, 'token=wrongwron'))).status).toBe(403);
    expect((await remove(location.replace(/token=\w+/, ''))).status).toBe(400);
    expect((await remove('/rtc/v1/whip/?token=abc&session=un:known')).status).toBe(200);
    expect(engine.commands).toEqual([]);
    expect((await remove(location)).status).toBe(200);
    const [session] = [...engine.webrtc.keys()];
    expect(engine.lastOf(session ?? 0)).toMatchObject({ name: 'close' });
    engine.deliver([closed(session ?? 0)]);
    expect((await remove(location)).status).toBe(200);
  });

  it('takes trickled candidates, and restarts ICE', async () => {
    const { engine, base } = await started();
    const response = await post(base, '/rtc/v1/whip/', PUBLISH);
    const location = response.headers.get('location') ?? '';
    const etag = response.headers.get('etag') ?? '';
    const type = 'application/trickle-ice-sdpfrag';
    const patch = (body: string, headers: Record<string, string> = {}) =>
      fetch(base + location, {
        method: 'PATCH',
        body,
        headers: { 'Content-Type': type, ...headers },
      });
    const candidate =
      'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.7 1 typ host\r\n';
    expect((await patch(candidate, { 'If-Match': etag })).status).toBe(204);
    const refused = await patch(candidate, { 'Content-Type': 'application/sdp' });
    expect(refused.status).toBe(415);
    expect(refused.headers.get('accept-patch')).toBe(`${type}, application/json`);
    expect(await refused.json()).toMatchObject({ code: 'RTC_CONTENT_TYPE' });
    expect((await patch(candidate, { 'If-Match': '"other"' })).status).toBe(412);

    const restart = await patch('a=ice-ufrag:newu\r\na=ice-pwd:012345678901234567890123\r\n', {
      'If-Match': '*',
    });
    expect(restart.status).toBe(200);
    expect(restart.headers.get('content-type')).toBe(type);
    expect(restart.headers.get('etag')).not.toBe(etag);
    const [session] = [...engine.webrtc.keys()];
    const credentials = engine.restarts.get(session ?? 0);
    expect(credentials).toMatchObject({ remote_ufrag: 'newu' });
    const fragment = await restart.text();
    expect(fragment).toContain(`a=ice-ufrag:${credentials?.local_ufrag}`);
    expect(fragment).toContain('a=candidate:0 1 udp');
    // The resource is the same, its entity tag is another.
    expect((await patch(candidate, { 'If-Match': etag })).status).toBe(412);
    expect((await patch('a=ice-ufrag:x\r\n', { 'If-Match': '*' })).status).toBe(400);
  });

  it('lets a player choose its layer, and tells of layers', async () => {
    const { engine, base } = await started();
    const publisher = await post(base, '/rtc/v1/whip/', PUBLISH);
    const player = await post(base, '/rtc/v1/whep/', PLAY);
    const [published = 0, played = 0] = [...engine.webrtc.keys()];
    engine.deliver([
      {
        type: 'webrtc_layers',
        session: published,
        layers: [
          { rid: 'l', bitrate_bps: 150_400 },
          { rid: 'h', bitrate_bps: 0 },
        ],
      },
      { type: 'webrtc_sent_layer', session: played, layer: 'l', video: 'whole', wanted: '' },
    ]);
    const { search } = new URL(player.headers.get('location') ?? '', base);
    const answer = await fetch(`${base}/rtc/v1/connectivity/${search}`);
    expect(((await answer.json()) as { data: object }).data).toMatchObject({
      layers: [
        { rid: 'l', kbps: 150 },
        { rid: 'h', kbps: 0 },
      ],
      sent: { layer: 'l', video: 'whole', wanted: '' },
    });
    const choose = (to: Response, body: string) =>
      fetch(base + (to.headers.get('location') ?? ''), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body,
      });
    expect((await choose(player, '{"layer":"h"}')).status).toBe(204);
    expect(engine.layers.get(played)).toBe('h');
    expect((await choose(player, '{"layer":""}')).status).toBe(204);
    expect(engine.layers.get(played)).toBe('');
    for (const body of ['{"layer":7}', '{"layer":"a b"}', '{}', 'null', '[', '"h"']) {
      expect((await choose(player, body)).status, body).toBe(400);
    }
    expect((await choose(publisher, '{"layer":"h"}')).status).toBe(400);
    expect(engine.layers.get(played)).toBe('');
  });

  it.each([
    ['GET', 405],
    ['PUT', 405],
    ['OPTIONS', 200],
  ])('answers %s with %i', async (method, status) => {
    const { base } = await started();
    const response = await fetch(`${base}/rtc/v1/whip/`, { method });
    expect(response.status).toBe(status);
    if (method === 'OPTIONS') {
      expect(response.headers.get('accept-post')).toBe('application/sdp');
    }
  });

  it.each([
    ['an empty body', '', 400, 'SDP_INVALID'],
    ['no SDP', 'hello', 400, 'SDP_INVALID'],
    ['nothing that can be answered', PLAY, 422, 'SDP_NOT_ACCEPTABLE'],
    ['a long SDP', PUBLISH + 'a=x\r\n'.repeat(15_000), 413, 'SDP_TOO_LARGE'],
    ['a very long body', 'x'.repeat(300_000), 413, 'HTTP_BODY_TOO_LARGE'],
  ])('refuses %s', async (_, body, status, code) => {
    const { engine, base } = await started();
    const response = await post(base, '/rtc/v1/whip/', body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(((await response.json()) as Problem).code).toBe(code);
    expect(engine.webrtc.size).toBe(0);
  });

  it('takes an SDP whatever type it is said to be, and nothing else', async () => {
    const { base } = await started();
    const json = { 'content-type': 'application/json' };
    const refused = await post(base, '/rtc/v1/whip/', '{"sdp":""}', json);
    expect(refused.status).toBe(415);
    expect(refused.headers.get('accept-post')).toBe('application/sdp');
    expect(await refused.json()).toMatchObject({ code: 'RTC_CONTENT_TYPE' });
    expect((await post(base, '/rtc/v1/whip/', PUBLISH, json)).status).toBe(201);
  });

  it('refuses where WebRTC is off, and what hooks refuse', async () => {
    const off = await started({ enabled: false });
    expect((await post(off.base, '/rtc/v1/whip/', PUBLISH)).status).toBe(403);
    const without = await started({}, {}, { rtcServer: { enabled: false } });
    const refusal = await post(without.base, '/rtc/v1/whip/', PUBLISH);
    expect(((await refusal.json()) as Problem).title).toContain('rtc_server.enabled is off');
    const seen: string[] = [];
    const { engine, base, sink } = await started(
      {},
      {
        onPublish: ({ param, tcUrl, stream, protocol }) => {
          seen.push(`${protocol} ${stream} ${param} "${tcUrl}"`);
          throw new ServerError('HTTP_UNAUTHORIZED', 'no token');
        },
      },
    );
    expect((await post(base, '/rtc/v1/whip/?stream=a&token=b', PUBLISH)).status).toBe(401);
    expect(seen).toEqual(['webrtc a stream=a&token=b ""']);
    expect(engine.webrtc.size).toBe(0);
    expect(sink.with('no token')).toHaveLength(1);
  });

  it('shows the certificate that the configuration asks for', async () => {
    const { base, engine } = await started(
      {},
      {},
      {
        rtcServer: { enabled: true, listen: 8000, candidate: '192.0.2.1', ecdsa: false },
      },
    );
    const sdp = await (await post(base, '/rtc/v1/whip/', PUBLISH)).text();
    expect(sdp).toContain('a=fingerprint:sha-256 CD:CD');
    expect([...engine.webrtc.values()][0]).toMatchObject({ certificate: 'rsa' });
  });

  it('takes options of the query', async () => {
    const { engine, base } = await started();
    const pwd = 'abcdefghijklmnopqrstuvwx';
    const query = `eip=198.51.100.9:9000&codec=vp9&dtls=false&ice-ufrag=abcd&ice-pwd=${pwd}`;
    const response = await post(base, `/rtc/v1/whip/?${query}`, PUBLISH);
    const sdp = await response.text();
    expect(sdp).toContain('udp 2130706431 198.51.100.9 9000');
    expect(sdp).toContain(`a=ice-ufrag:abcd\r\na=ice-pwd:${pwd}\r\n`);
    expect(sdp).not.toContain('fingerprint');
    const [options] = [...engine.webrtc.values()];
    expect(options).toMatchObject({ dtls: 'off', encrypt: false, local_ufrag: 'abcd' });
    expect(options?.media[1]?.codecs[0]?.name).toBe('VP9');
    // The name of the session is taken.
    const again = await post(base, `/rtc/v1/whip/?stream=b&${query}`, PUBLISH);
    expect(((await again.json()) as Problem).code).toBe('ICE_CREDENTIAL_INVALID');
    const bad = await post(base, '/rtc/v1/whip/?stream=c&ice-ufrag=x', PUBLISH);
    expect(bad.status).toBe(400);
  });
});

describe('WHEP', () => {
  const tracks = (changes: Partial<StreamTracks>): StreamTracks => ({
    type: 'stream_tracks',
    session: 1,
    stream: '/live/livestream',
    video: { codec: 'H264', width: 1280, height: 720, profile: 100, level: 31 },
    audio: { codec: 'AAC', sample_rate: 44_100, channels: 2, profile: 2 },
    ...changes,
  });

  it('is answered from the tracks of the source', async () => {
    const { server, engine, base } = await started();
    const publisher = engine.open();
    engine.deliver([publishRequested(publisher)]);
    await new Promise((resolve) => setImmediate(resolve));
    engine.deliver([tracks({ session: publisher })]);
    const response = await post(base, '/rtc/v1/whep/?stream=livestream', PLAY);
    expect(response.status).toBe(201);
    const [options] = [...engine.webrtc.values()];
    expect(options).toMatchObject({ role: 'play', play: { min_latency: true, mw_latency_ms: 0 } });
    const [audio, video] = options?.media ?? [];
    expect(audio?.codecs[0]?.name).toBe('opus');
    expect(video?.codecs[0]?.fmtp).toMatch(/profile-level-id=(64|f4|42e0)/);
    expect(server.streams.get('/live/livestream')?.players).toBe(1);

    engine.deliver([
      tracks({ video: { codec: 'H265', width: 0, height: 0, profile: 1, level: 93 } }),
    ]);
    const refused = await post(base, '/rtc/v1/whep/', PLAY);
    expect(refused.status).toBe(422);
    expect(((await refused.json()) as Problem).title).toContain('the stream is H265');
    engine.deliver([closed(publisher)]);
    expect((await post(base, '/rtc/v1/whep/', PLAY)).status).toBe(201);
  });

  it('is answered with what the publisher negotiated, before its first packets', async () => {
    const { engine, base } = await started();
    expect((await post(base, '/rtc/v1/whip/?stream=early&codec=vp9', PUBLISH)).status).toBe(201);
    expect((await post(base, '/rtc/v1/whep/?stream=early', PLAY)).status).toBe(201);
    const player = [...engine.webrtc.values()].find(({ role }) => role === 'play');
    expect(player?.media.map(({ codecs }) => codecs[0]?.name)).toEqual(['opus', 'VP9']);
  });

  it('gives the audio up that cannot be transcoded', async () => {
    const { engine, base } = await started();
    const publisher = engine.open();
    engine.deliver([publishRequested(publisher)]);
    await new Promise((resolve) => setImmediate(resolve));
    const audioIs = (codec: string) => {
      const audio = { codec, sample_rate: 48_000, channels: 2, profile: 2 };
      engine.deliver([tracks({ session: publisher, audio })]);
    };
    audioIs('AAC');
    const audioOf = async () => {
      const sdp = await (await post(base, '/rtc/v1/whep/', PLAY)).text();
      return /m=audio (\d+)/.exec(sdp)?.[1];
    };
    expect(await audioOf()).toBe('9');
    const transcoding = { type: 'transcoding', stream: '/live/livestream' } as const;
    engine.deliver([{ ...transcoding, works: false }]);
    expect(await audioOf()).toBe('0');
    audioIs('AAC');
    expect(await audioOf(), 'it has only been told of again').toBe('0');
    engine.deliver([{ ...transcoding, works: true }]);
    expect(await audioOf()).toBe('9');
    engine.transcoding = 'unavailable';
    expect(await audioOf()).toBe('0');
    audioIs('Opus');
    expect(await audioOf()).toBe('9');
  });

  it('waits for a publisher, as SRS does; or not, when asked', async () => {
    const { server, base } = await started();
    for (const path of ['/rtc/v1/whep/', '/rtc/v1/whip-play/', '/rtc/v1/whip/?action=play']) {
      const response = await post(base, path, PLAY);
      expect(response.status).toBe(201);
    }
    expect(server.streams.get('/live/livestream')?.players).toBe(3);
    const response = await post(base, '/rtc/v1/whep/?wait=false', PLAY);
    expect(response.status).toBe(404);
    expect(((await response.json()) as Problem).code).toBe('STREAM_NOT_FOUND');
  });

  it('is refused for streams of other protocols when rtmp_to_rtc is off', async () => {
    const { engine, base } = await started({ rtmpToRtc: false });
    engine.deliver([publishRequested(engine.open())]);
    await new Promise((resolve) => setImmediate(resolve));
    const response = await post(base, '/rtc/v1/whep/', PLAY);
    expect(response.status).toBe(403);
    expect(((await response.json()) as Problem).title).toContain('rtmp_to_rtc is off');
  });
});

describe('the JSON API', () => {
  it('answers as SRS does', async () => {
    const { engine, base } = await started();
    const body = JSON.stringify({
      api: `${base}/rtc/v1/publish/`,
      clientip: '',
      sdp: PUBLISH,
      streamurl: 'http://127.0.0.1/rtc/regression-1?secret=a',
    });
    const response = await post(base, '/rtc/v1/publish/', body);
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, string>;
    expect(Object.keys(answer)).toEqual(['code', 'server', 'service', 'pid', 'sdp', 'sessionid']);
    expect(answer.code).toBe(0);
    const [options] = [...engine.webrtc.values()];
    expect(options?.stream).toBe('/rtc/regression-1');
    expect(answer.sessionid).toBe(`${options?.local_ufrag}:${options?.remote_ufrag}`);
    const play = JSON.stringify({ sdp: PLAY, streamurl: 'webrtc://127.0.0.1/rtc/regression-1' });
    const played = await post(base, '/rtc/v1/play/', play);
    expect(((await played.json()) as { code: number }).code).toBe(0);
  });

  it.each([
    ['no JSON', 'x'],
    ['null', 'null'],
    ['numbers', '{"sdp":1,"streamurl":2}'],
    ['no stream', JSON.stringify({ sdp: PUBLISH, streamurl: 'webrtc://h/x' })],
    ['no SDP', JSON.stringify({ sdp: '', streamurl: 'webrtc://h/live/x' })],
    ['deep nesting', '['.repeat(100_000)],
  ])('answers %s with code 400', async (_, body) => {
    const { base } = await started();
    const response = await post(base, '/rtc/v1/play/', body);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { code: number }).code).toBe(400);
  });
});

describe('the connectivity check', () => {
  it('says why media does not flow, and where it does; the API how', async () => {
    const { engine, base, sink } = await started({}, {}, { exporter: { enabled: true } });
    const response = await post(base, '/rtc/v1/whip/', PUBLISH);
    const { search } = new URL(response.headers.get('location') ?? '', base);
    const ask = async () => {
      const answer = await fetch(`${base}/rtc/v1/connectivity/${search}`);
      return ((await answer.json()) as { data: { message: string; connected: boolean } }).data;
    };
    expect((await ask()).message).toContain('cannot reach udp 192.0.2.1:8000');
    const [session = 0] = [...engine.webrtc.keys()];
    const trouble: WebrtcTrouble = {
      type: 'webrtc_trouble',
      session,
      checks: 3,
      bad_integrity: 0,
      from: '203.0.113.4:5000',
      dtls: 'waiting',
      packets: 0,
      undecryptable: 0,
      code: 'NONE',
    };
    engine.deliver([trouble]);
    expect((await ask()).message).toContain('checks from 203.0.113.4:5000 arrive (3 of them)');
    expect(sink.with('webrtc: connectivity checks from 203.0.113.4:5000')).toHaveLength(1);
    engine.deliver([
      {
        type: 'webrtc_connected',
        session,
        candidate: '203.0.113.4:5000',
        protocol: 'udp',
        dtls_version: 'DTLSv1.2',
        srtp_profile: 'SRTP_AEAD_AES_128_GCM',
      },
    ]);
    expect(await ask()).toMatchObject({
      connected: true,
      message: 'connected over udp with 203.0.113.4:5000, SRTP_AEAD_AES_128_GCM',
    });
    expect((await fetch(`${base}/rtc/v1/connectivity/?session=a:b&token=c`)).status).toBe(404);
    const { clients } = (await (await fetch(`${base}/api/v1/clients/`)).json()) as {
      clients: readonly unknown[];
    };
    expect(clients).toEqual([
      expect.objectContaining({
        type: 'rtc-publish',
        webrtc: {
          candidate: '203.0.113.4:5000',
          protocol: 'udp',
          dtls_version: 'DTLSv1.2',
          srtp_profile: 'SRTP_AEAD_AES_128_GCM',
        },
      }),
    ]);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain(
      'millrace_webrtc_sessions{action="publish",transport="udp",srtp_profile="SRTP_AEAD_AES_128_GCM"} 1',
    );
  });

  it('still says why when the session has ended, to who has its token', async () => {
    const { engine, base } = await started();
    const response = await post(base, '/rtc/v1/whip/', PUBLISH);
    const { search } = new URL(response.headers.get('location') ?? '', base);
    const [session = 0] = [...engine.webrtc.keys()];
    engine.deliver([
      {
        type: 'webrtc_trouble',
        session,
        checks: 3,
        bad_integrity: 0,
        from: '203.0.113.4:5000',
        dtls: 'failed',
        packets: 0,
        undecryptable: 0,
        code: 'WEBRTC_FINGERPRINT_MISMATCH',
      },
      {
        type: 'session_closed',
        session,
        code: 'WEBRTC_FINGERPRINT_MISMATCH',
        ...{ detail: 0, bytes_in: 0, bytes_out: 0, skips: 0 },
      },
    ]);
    const answer = await fetch(`${base}/rtc/v1/connectivity/${search}`);
    expect(((await answer.json()) as { data: unknown }).data).toEqual({
      connected: false,
      ended: true,
      message: expect.stringContaining('not the one that its SDP names'),
    });
    const wrong = search.replace(/token=\w+/, 'token=another');
    expect((await fetch(`${base}/rtc/v1/connectivity/${wrong}`)).status).toBe(404);
  });
});

describe('bounds', () => {
  it('keep an address from having many sessions that are not connected', async () => {
    const { engine, base, sink } = await started(
      {},
      {},
      {
        millrace: { maxWebrtcPendingPerAddress: 2 },
      },
    );
    const publish = (stream: string, headers = {}) =>
      post(base, `/rtc/v1/whip/?stream=${stream}`, PUBLISH, headers);
    expect((await publish('a')).status).toBe(201);
    expect((await publish('b')).status).toBe(201);
    const refused = await publish('c');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ code: 'RTC_TOO_MANY_PENDING' });
    // Whoever claims to be another address is not believed.
    expect((await publish('c', { 'x-forwarded-for': '192.0.2.77' })).status).toBe(429);
    expect(sink.with('have not connected yet').length).toBeGreaterThan(0);
    const [first = 0, second = 0] = [...engine.webrtc.keys()];
    engine.deliver([
      {
        type: 'webrtc_connected',
        session: first,
        candidate: '127.0.0.1:5000',
        protocol: 'udp',
        dtls_version: 'DTLSv1.2',
        srtp_profile: '',
      },
    ]);
    expect((await publish('c')).status).toBe(201);
    expect((await publish('d')).status).toBe(429);
    engine.deliver([
      {
        type: 'session_closed',
        session: second,
        code: 'WEBRTC_ICE_TIMEOUT',
        ...{ detail: 0, bytes_in: 0, bytes_out: 0, skips: 0 },
      },
    ]);
    expect((await publish('d')).status).toBe(201);
  });

  it('hold for the clients of a trusted proxy one by one', async () => {
    const { engine, base } = await started(
      {},
      {},
      {
        millrace: { maxWebrtcPendingPerAddress: 1, trustedProxies: ['127.0.0.1'] },
      },
    );
    const publish = (stream: string, from: string) =>
      post(base, `/rtc/v1/whip/?stream=${stream}`, PUBLISH, { 'x-forwarded-for': from });
    expect((await publish('a', '192.0.2.1')).status).toBe(201);
    expect((await publish('b', '192.0.2.1')).status).toBe(429);
    expect((await publish('b', '192.0.2.2')).status).toBe(201);
    const [options] = [...engine.webrtc.values()];
    expect(options).toMatchObject({ peer_ip: '192.0.2.1', connect_timeout_ms: 30_000 });
  });
});
