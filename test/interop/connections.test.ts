import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip } from '../support/clips.ts';
import { viewFlv } from '../support/http-flv.ts';
import { MediaServer } from '../support/media-server.ts';
import { ofKind, watched } from '../support/packets.ts';
import { Peers } from '../support/peers.ts';
import { RtmpScene } from '../support/rtmp/rtmp-scene.ts';

const peers = new Peers();

const textHeader = (ip: string) => Buffer.from(`PROXY TCP4 ${ip} 127.0.0.1 56324 1935\r\n`);

/** The header in binary, of an IPv6 client and with a TLV behind the addresses. */
function binaryHeader(): Buffer {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  const client = Buffer.from('20010db8000000000000000000000007', 'hex');
  const server = Buffer.from('00000000000000000000000000000001', 'hex');
  const ports = Buffer.from('dc04078f', 'hex');
  const tlv = Buffer.from('04000178', 'hex');
  const rest = Buffer.concat([client, server, ports, tlv]);
  return Buffer.concat([signature, Buffer.from([0x21, 0x21, 0, rest.length]), rest]);
}

/** A proxy for TCP that says whose connection it is. */
class TcpProxy {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number, header: Buffer): Promise<TcpProxy> {
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      upstream.write(header);
      client.pipe(upstream);
      upstream.pipe(client);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      client.on('close', () => upstream.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

const security = 'security { enabled on; allow publish all; allow play 192.0.2.0/24; }';

describe('behind trusted proxies', { timeout: 60_000 }, () => {
  let server: MediaServer;
  const scene = new RtmpScene(() => server);
  const proxies: TcpProxy[] = [];
  const proxy = async (port: number, header: Buffer): Promise<TcpProxy> => {
    const made = await TcpProxy.to(port, header);
    proxies.push(made);
    return made;
  };

  beforeAll(async () => {
    server = await MediaServer.start({
      tls: true,
      root: `
        millrace { trusted_proxies 127.0.0.1; proxy_protocol rtmp https; handshake_timeout_ms 1000; }
        vhost near { http_remux { enabled on; } ${security} }
      `,
    });
  }, 30_000);
  afterEach(async () => {
    for (const one of proxies.splice(0)) {
      one.close();
    }
    await Promise.all([peers.clear(), scene.clear()]);
  });
  afterAll(() => server.stop());

  it.each([
    ['text', textHeader('192.0.2.7'), '192.0.2.7:56324'],
    ['binary', binaryHeader(), '2001:db8::7:56324'],
  ])('a %s header says whose connection it is', async (_, header, address) => {
    const from = server.log.length;
    const { port } = await proxy(server.port('rtmp'), header);
    const publisher = peers.publish(clip('h264-aac.flv'), `rtmp://127.0.0.1:${port}/live/proxied`);
    await server.published('/live/proxied', from);
    await server.line(new RegExp(`RTMP client ip=${address}`), from);
    const player = `rtmp://127.0.0.1:${port}/live/proxied`;
    expect(ofKind(watched(await peers.watch(player, 1).output()), 'video').length).toBeGreaterThan(
      10,
    );
    await publisher.stop();
  });

  it('the header comes before TLS', async () => {
    const from = server.log.length;
    const { port } = await proxy(server.port('https'), textHeader('192.0.2.8'));
    await peers.run('curl', ['-sk', `https://127.0.0.1:${port}/nothing.txt`]).output();
    await server.line(/HTTPS client ip=192\.0\.2\.8:56324/, from);
  });

  it('curl sends one as well', async () => {
    const from = server.log.length;
    const url = server.https('/nothing.txt');
    await peers.run('curl', ['-sk', '--haproxy-protocol', url]).output();
    await server.line(/HTTPS client ip=127\.0\.0\.1:/, from);
  });

  it('the address is what security sees, over RTMP and in X-Forwarded-For', async () => {
    await scene.publishing('seen?vhost=near', { before: textHeader('203.0.113.1'), burstMs: 1500 });
    await server.tracks();
    const http = server.http('/live/seen.flv?vhost=near');
    const view = async (forwarded: string): Promise<number | undefined> => {
      const headers = { 'X-Forwarded-For': forwarded };
      return (await viewFlv(http, { headers, enough: () => true })).status;
    };
    expect(await view('192.0.2.9')).toBe(200);
    expect(await view('198.51.100.1')).toBe(403);
    // What the client wrote itself stands before what the proxy saw.
    expect(await view('192.0.2.9, 198.51.100.1')).toBe(403);
    expect(await view('198.51.100.1, 192.0.2.9, 127.0.0.1')).toBe(200);
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /rtmp: code=1160/],
    ['a header that lies', Buffer.from('PROXY TCP4 x y 1 2\r\n'), /rtmp: code=1160/],
    ['nothing', Buffer.alloc(0), /rtmp: code=1011/],
  ])('%s in place of a header is closed', async (_, bytes, line) => {
    const from = server.log.length;
    const socket = connect(server.port('rtmp'), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // What came after the header was not read, which may make a reset of the close.
    socket.on('error', () => {});
    socket.write(bytes);
    socket.resume();
    await closed;
    await server.line(line, from);
  });

  it('what a proxy of SRS says in front of the handshake is logged', async () => {
    const from = server.log.length;
    const f3 = Buffer.from('f30004c0000263', 'hex');
    await scene.connected({ before: Buffer.concat([textHeader('192.0.2.7'), f3]) });
    await server.line(/RTMP proxy real client ip=192\.0\.2\.99/, from);
  });
});

describe('without trusted proxies', { timeout: 60_000 }, () => {
  let server: MediaServer;
  const scene = new RtmpScene(() => server);
  beforeAll(async () => {
    server = await MediaServer.start({
      root: `vhost near { http_remux { enabled on; } hls { enabled on; hls_fragment 1; } ${security} }`,
    });
  }, 30_000);
  afterEach(() => scene.clear());
  afterAll(() => server.stop());

  it('no header moves security', async () => {
    await scene.publishing('far?vhost=near', { burstMs: 3500 });
    await server.tracks();
    const headers = { 'X-Forwarded-For': '192.0.2.9' };
    for (const path of ['/live/far.flv', '/live/far.m3u8']) {
      const answer = await fetch(server.http(`${path}?vhost=near`), { headers });
      expect(answer.status, path).toBe(403);
      await answer.body?.cancel();
    }
  });
});

describe('limits', { timeout: 60_000 }, () => {
  let server: MediaServer;
  const scene = new RtmpScene(() => server);
  beforeAll(async () => {
    server = await MediaServer.start({
      root: 'millrace { max_connections_per_address 6; }',
      vhost: 'play { max_players 2; }',
    });
  }, 30_000);
  afterEach(() => scene.clear());
  afterAll(() => server.stop());

  it('of players of one stream: one more is refused, over every protocol', async () => {
    await scene.publishing('few', { burstMs: 500 });
    const first = await fetch(server.http('/live/few.flv'));
    await scene.playing('few');
    const third = await fetch(server.http('/live/few.flv'));
    expect(third.status).toBe(503);
    await server.line(/LIMIT_STREAM_PLAYERS|code=1162/);
    await expect(scene.playing('few')).rejects.toThrow();
    await first.body?.cancel();
  });

  it('of connections of one address: HTTP is told, and a place that is free is given again', async () => {
    const sockets = [];
    const head = 'GET /nothing.txt HTTP/1.1\r\nHost: a\r\n\r\n';
    let status = '';
    while (!status.includes(' 429 ') && sockets.length < 10) {
      const socket = connect(server.port('http'), '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write(head);
      const [data] = (await once(socket, 'data')) as [Buffer];
      status = data.toString().split('\r\n')[0] ?? '';
    }
    expect(status).toBe('HTTP/1.1 429 Too Many Requests');
    expect(sockets.length).toBeLessThanOrEqual(7);
    await server.line(/http: code=1161/);
    for (const socket of sockets) {
      socket.destroy();
    }
    await expect
      .poll(
        async () => {
          const answer = await fetch(server.http('/nothing.txt')).catch(() => undefined);
          return answer?.status;
        },
        { timeout: 10_000 },
      )
      .toBe(404);
  });
});

describe('IPv6', { timeout: 60_000 }, () => {
  let server: MediaServer;
  beforeAll(async () => {
    server = await MediaServer.start({
      address: '::1',
      tls: true,
      vhost: `hls { enabled on; hls_fragment 1; hls_path ./html; }
        security { enabled on; allow publish ::1; allow play ::/64; }`,
      root: 'vhost elsewhere { http_remux { enabled on; } security { enabled on; allow play 2001:db8::/32; } }',
    });
  }, 30_000);
  afterEach(() => peers.clear());
  afterAll(() => server.stop());

  it('serves every protocol that IPv4 serves', async () => {
    const from = server.log.length;
    expect(server.log).toMatch(/rtmp listen at tcp:\/\/\[::1\]:\d+/);
    peers.publish(clip('h264-bframes-aac.flv'), server.rtmp('live/six'));
    await server.published('/live/six', from);
    await server.line(/RTMP client ip=::1:\d+/, from);
    for (const url of [
      server.rtmp('live/six'),
      server.rtmps('live/six'),
      server.http('/live/six.flv'),
    ]) {
      const received = watched(await peers.watch(url, 1).output());
      expect(ofKind(received, 'video').length, url).toBeGreaterThan(10);
    }
    const hls = await fetch(server.http('/live/six.m3u8'));
    expect(await hls.text()).toContain('#EXTM3U');
    const refused = await fetch(server.http('/live/six.flv?vhost=elsewhere'));
    expect(refused.status).toBe(403);
  });
});
