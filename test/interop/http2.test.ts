import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { FlvReader, type Tag } from '../support/flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { type Peer, Peers } from '../support/peers.ts';

const BIG_BYTES = 3_000_000;
const big = Buffer.from(Array.from({ length: BIG_BYTES }, (_, at) => (at * 2654435761) >>> 13));
const peers = new Peers();
let server: MediaServer;
let publisher: Peer;
let session: ClientHttp2Session;

const hello = { 'hello.txt': 'hello' };

function dial(of: MediaServer = server): ClientHttp2Session {
  const made = connect(of.https('/'), { rejectUnauthorized: false });
  made.on('error', () => {});
  return made;
}

beforeAll(async () => {
  clip('h264-aac.flv');
  server = await MediaServer.start({
    tls: true,
    vhost: 'hls { enabled on; hls_fragment 1; hls_window 20; hls_path ./html; }',
    root: `vhost ts { http_remux { enabled on; mount [vhost]/[app]/[stream].ts; } }`,
  });
  server.place.write('html/hello.txt', hello['hello.txt']);
  server.place.write('html/big.bin', big);
  publisher = peers.publish(clip('h264-aac.flv'), server.rtmp('live/h2'));
  await server.published('/live/h2');
  session = dial();
}, 60_000);
afterAll(async () => {
  session.close();
  await publisher.stop();
  await peers.clear();
  await server.stop();
});

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function begun(stream: ClientHttp2Stream): Promise<Got['headers']> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', (headers) => resolve(headers as Got['headers']));
  });
}

async function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = undefined as string | Buffer | undefined,
    on = session,
  } = {},
): Promise<Got> {
  const stream = on.request({ ':path': path, ':method': method, ...headers });
  const head = begun(stream);
  stream.end(body);
  const parts: Buffer[] = [];
  const all = (async () => {
    for await (const bytes of stream) {
      parts.push(bytes as Buffer);
    }
  })();
  const answered = await head;
  await all;
  return { status: Number(answered[':status']), headers: answered, body: Buffer.concat(parts) };
}

/** Views a live stream as FLV until it has had so many tags. */
async function view(path: string, count: number, on = session): Promise<Tag[]> {
  const stream = on.request({ ':path': path });
  const reader = new FlvReader();
  const tags: Tag[] = [];
  for await (const bytes of stream) {
    tags.push(...reader.feed(bytes as Buffer));
    if (tags.length >= count) {
      break;
    }
  }
  stream.close(constants.NGHTTP2_CANCEL);
  return tags;
}

describe('HTTP/2', () => {
  it('is what curl gets, and HTTP/1.1 who does not offer it', async () => {
    const version = ['-sk', '-o', '/dev/null', '-w', '%{http_version} %{http_code}'];
    const url = server.https('/hello.txt');
    const [second, first] = await Promise.all([
      peers.run('curl', [...version, '--http2', url]).output(),
      peers.run('curl', [...version, '--http1.1', url]).output(),
    ]);
    expect([second, first]).toEqual(['2 200', '1.1 200']);
  });

  it('serves files, parts of them, what has not changed, and what is not there', async () => {
    const whole = await ask('/hello.txt');
    expect([whole.status, whole.body.toString()]).toEqual([200, 'hello']);
    expect(whole.headers).not.toHaveProperty('connection');
    const [part, same, missing, head, bad] = await Promise.all([
      ask('/hello.txt', { headers: { range: 'bytes=1-3' } }),
      ask('/hello.txt', { headers: { 'if-none-match': String(whole.headers.etag) } }),
      ask('/nothing.txt'),
      ask('/hello.txt', { method: 'HEAD' }),
      ask('/a%2f..%2f..%2fetc/passwd'),
    ]);
    expect([part.status, part.body.toString()]).toEqual([206, 'ell']);
    expect([same.status, same.body.length]).toEqual([304, 0]);
    expect(missing.status).toBe(404);
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '5', 0]);
    expect(bad.status).toBe(400);
  });

  it('sends large files whole, several at a time on one connection', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('/big.bin')));
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body.equals(big)).toBe(true);
    }
  });

  it('asks the control plane, with bodies of known and of unknown length', async () => {
    expect((await ask('/live/nothing.xyz')).status).toBe(404);
    const sdp = { headers: { 'content-type': 'application/sdp' }, method: 'POST' };
    const known = { ...sdp, headers: { ...sdp.headers, 'content-length': '7' } };
    const answers = await Promise.all([
      ask('/rtc/v1/whip/?app=live&stream=a', { ...known, body: 'garbage' }),
      ask('/rtc/v1/whip/?app=live&stream=a', { ...sdp, body: 'garbage' }),
      ask('/rtc/v1/whip/?app=live&stream=a', { ...sdp, body: Buffer.alloc(2_000_000) }),
    ]);
    expect(answers[0]?.status).toBe(answers[1]?.status);
    expect(answers[2]?.status).toBe(413);
  });

  it('refuses heads that are too large, and goes on', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`x-${at}`, 'y']));
    expect((await ask('/hello.txt', { headers: many })).status).toBe(431);
    expect((await ask('/hello.txt')).status).toBe(200);
  });

  it('plays HLS', async () => {
    await expect
      .poll(async () => (await ask('/live/h2.m3u8')).body.toString(), { timeout: 20_000 })
      .toMatch(/^#EXTM3U/);
    const lines = async (path: string) => (await ask(path)).body.toString().split('\n');
    // The first playlist names the one of this viewer's session.
    const media = (await lines('/live/h2.m3u8')).find((line) => line.startsWith('/'));
    const playlist = media ?? '/live/h2.m3u8';
    await expect
      .poll(async () => (await lines(playlist)).join('\n'), { timeout: 20_000 })
      .toContain('#EXTINF');
    const segment = (await lines(playlist)).find((line) => /^[^#].*\.ts/.test(line)) ?? '';
    const { status, body } = await ask(new URL(segment, `https://a${playlist}`).pathname);
    expect(status).toBe(200);
    expect([body.length % 188, body[0]]).toEqual([0, 0x47]);
  });

  it('plays HTTP-FLV as HTTP/1.1 does, to several viewers of one connection', async () => {
    const views = await Promise.all(Array.from({ length: 4 }, () => view('/live/h2.flv', 100)));
    for (const tags of views) {
      expect(tags.length).toBeGreaterThanOrEqual(100);
      expect(tags[0]?.type).toBe(18);
    }
  });

  it('plays HTTP-TS', async () => {
    const other = peers.publish(clip('h264-aac.flv'), server.rtmp('live/h2?vhost=ts'));
    await server.published('ts/live/h2');
    const stream = session.request({ ':path': '/live/h2.ts?vhost=ts' });
    let bytes = Buffer.alloc(0);
    for await (const part of stream) {
      bytes = Buffer.concat([bytes, part as Buffer]);
      if (bytes.length > 100_000) {
        break;
      }
    }
    stream.close(constants.NGHTTP2_CANCEL);
    for (let at = 0; at < 100_000; at += 188) {
      expect(bytes[at]).toBe(0x47);
    }
    await other.stop();
  });

  it('lets a viewer that does not read harm nobody on the same connection', async () => {
    const mine = dial();
    const deaf = mine.request({ ':path': '/live/h2.flv' });
    await begun(deaf);
    deaf.pause();
    // Far more than the deaf viewer's window holds.
    const tags = await view('/live/h2.flv', 300, mine);
    expect(tags.length).toBeGreaterThanOrEqual(300);
    const { body } = await ask('/big.bin', { on: mine });
    expect(body.equals(big)).toBe(true);
    deaf.close(constants.NGHTTP2_CANCEL);
    mine.close();
  });

  it('ends one viewer by the API, and not the others of its connection', async () => {
    const mine = dial();
    const [one, other] = [0, 1].map((which) =>
      mine.request({ ':path': `/live/h2.flv?who=${which}` }),
    ) as [ClientHttp2Stream, ClientHttp2Stream];
    await Promise.all([begun(one), begun(other)]);
    const closed = new Promise((resolve) => one.on('close', resolve));
    one.resume();
    other.resume();
    interface Client {
      readonly id: string;
      readonly url: string;
      readonly type: string;
      readonly tcUrl: string;
    }
    const clients = async () => {
      const { clients } = (await (
        await fetch(server.api('/api/v1/clients/?count=100'))
      ).json()) as { clients: Client[] };
      return clients.filter(({ type }) => type === 'flv-play');
    };
    await expect.poll(async () => (await clients()).length, { timeout: 10_000 }).toBe(2);
    const [first] = await clients();
    await fetch(server.api(`/api/v1/clients/${first?.id}`), { method: 'DELETE' });
    const both = new Promise((resolve) => other.on('close', resolve)).then(() => 'other');
    const ended = await Promise.race([closed.then(() => 'one'), both]);
    const alive = ended === 'one' ? other : one;
    await new Promise((resolve) => alive.once('data', resolve));
    mine.destroy();
  });

  it('counts what is asked on one connection among the connections of its address', async () => {
    const few = await MediaServer.start({
      tls: true,
      root: 'millrace { max_connections_per_address 3; }',
    });
    const mine = dial(few);
    await new Promise((resolve) => mine.once('remoteSettings', resolve));
    expect(mine.remoteSettings.maxConcurrentStreams).toBe(3);
    const other = peers.publish(clip('h264-aac.flv'), few.rtmp('live/few'));
    await few.published('/live/few');
    // One place is the publisher's; on the connection one request counts for nothing.
    const viewers = [0, 1].map(() => mine.request({ ':path': '/live/few.flv' }));
    for (const head of await Promise.all(viewers.map(begun))) {
      expect(head[':status']).toBe(200);
    }
    const status = async () => (await ask('/live/few.flv', { method: 'HEAD', on: mine })).status;
    expect(await status()).toBe(429);
    await few.line(/http: code=1161/);
    expect((await fetch(few.http('/live/few.flv'), { method: 'HEAD' })).status).toBe(429);
    viewers[0]?.close(constants.NGHTTP2_CANCEL);
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
    mine.destroy();
    await other.stop();
    await few.stop();
  });

  it('lets a connection without requests go', async () => {
    const quick = await MediaServer.start({ tls: true, root: 'millrace { idle_timeout_ms 300; }' });
    const mine = dial(quick);
    await new Promise((resolve) => mine.on('close', resolve));
    await quick.stop();
  });

  it('can be turned off', async () => {
    const options = { tls: true, root: 'millrace { http2 off; }' };
    const plain = await MediaServer.start(options);
    const version = async () =>
      peers
        .run('curl', [
          '-sk',
          '--http2',
          '-o',
          '/dev/null',
          '-w',
          '%{http_version}',
          plain.https('/'),
        ])
        .output();
    expect(await version()).toBe('1.1');
    await plain.stop();
  });
});
