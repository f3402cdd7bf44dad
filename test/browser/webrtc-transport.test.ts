import { X509Certificate } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { MediaServer } from '../support/media-server.ts';
import { Peers } from '../support/peers.ts';
import { decoded, KEEP_CONNECTIONS } from '../support/rtc-page.ts';

const peers = new Peers();
let server: MediaServer;
/** Offers TCP alone, and shows an RSA certificate. */
let tcp: MediaServer;
let browser: Browser;

beforeAll(async () => {
  const file = clip('baseline-tone-aac.flv');
  const rtc = 'enabled on; rtmp_to_rtc on; rtc_to_rtmp on;';
  const remux = 'http_remux { enabled on; }';
  server = await MediaServer.start({
    root: `rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }
      vhost active.example { ${remux} rtc { ${rtc} dtls_role active; } }`,
    vhost: `rtc { ${rtc} }`,
  });
  tcp = await MediaServer.start({
    root: `rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; ecdsa off;
      protocol tcp; tcp { enabled on; listen 127.0.0.1:0; } }`,
    vhost: `rtc { ${rtc} }`,
  });
  for (const to of [server.rtmp('live/a'), server.rtmp('live/a?vhost=active.example')]) {
    peers.publish(file, to);
  }
  await Promise.all([server.published('/live/a'), server.published('active.example/live/a')]);
  browser = await Browser.launch();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await peers.clear();
  await Promise.all([server.stop(), tcp.stop()]);
});

/** A blank page of a server, where a test writes its own peer. */
async function blank(of: MediaServer): Promise<Page> {
  const page = await browser.open();
  await page.addInitScript(KEEP_CONNECTIONS);
  await page.goto(of.http('/players/players.css'));
  return page;
}

interface Session {
  readonly answer: string;
  readonly location: string;
  readonly etag: string;
}

/** Plays by WHEP. @param rsa  whether the browser's own certificate is to have an RSA key. */
function play(page: Page, query: string, rsa = false): Promise<Session> {
  return page.evaluate<Session>(`(async () => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]) };
    const certificates = ${rsa} ? [await RTCPeerConnection.generateCertificate(algorithm)] : undefined;
    const connection = new RTCPeerConnection(certificates ? { certificates } : {});
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.addTransceiver('video', { direction: 'recvonly' });
    await connection.setLocalDescription(await connection.createOffer());
    const response = await fetch('/rtc/v1/whep/?${query}', {
      method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
    const answer = await response.text();
    if (!response.ok) { throw new Error(answer); }
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    const header = (name) => response.headers.get(name) ?? '';
    return { answer, location: header('Location'), etag: header('ETag') };
  })()`);
}

/**
 * Until then no statistics must be asked for: Chromium keeps what it knows of certificates from the first time on, and before the
 * handshake that is nothing.
 */
const connected = (page: Page) =>
  page.evaluate(`new Promise((resolve) => {
    const connection = window.connections.at(-1);
    const look = () => connection.connectionState === 'connected' && resolve();
    connection.addEventListener('connectionstatechange', look);
    look();
  })`);

/** The transport's statistics in the page's newest connection. */
const transport = (page: Page) =>
  page.evaluate<{
    protocol: string;
    ufrag: string;
    certificate: string;
    role: string;
  }>(`(async () => {
    const report = await window.connections.at(-1).getStats();
    const transport = [...report.values()].find(({ type }) => type === 'transport');
    const pair = report.get(transport.selectedCandidatePairId);
    return {
      protocol: report.get(pair.remoteCandidateId).protocol,
      ufrag: report.get(pair.localCandidateId).usernameFragment,
      certificate: report.get(transport.remoteCertificateId).base64Certificate,
      role: transport.dtlsRole,
    };
  })()`);

const keyTypeOf = (certificate: string) =>
  new X509Certificate(Buffer.from(certificate, 'base64')).publicKey.asymmetricKeyType;

describe('Chromium', () => {
  it('publishes and plays over TCP where there is nothing else, with an RSA certificate', async () => {
    const publisher = await browser.open();
    await publisher.goto(
      tcp.http('/players/whip.html?autostart=true&source=pattern&width=640&stream=tcp'),
    );
    await tcp.published('/live/tcp');
    const player = await blank(tcp);
    const { answer, location } = await play(player, 'stream=tcp');
    expect(answer).not.toMatch(/a=candidate:.* udp /);
    await connected(player);
    await decoded(player, 30);
    const { protocol, certificate } = await transport(player);
    expect(protocol).toBe('tcp');
    expect(keyTypeOf(certificate)).toBe('rsa');
    const check = await fetch(tcp.api(location.replace('/whip/', '/connectivity/')));
    expect(await check.text()).toContain('connected over tcp with 127.0.0.1:');
    await Promise.all([player.close(), publisher.close()]);
  }, 90_000);

  it('takes the part of the DTLS server, and has an RSA certificate', async () => {
    const player = await blank(server);
    const { answer } = await play(player, 'stream=a&vhost=active.example', true);
    expect(answer).toContain('a=setup:active');
    await connected(player);
    await decoded(player, 30);
    const { role, certificate, protocol } = await transport(player);
    expect([role, protocol, keyTypeOf(certificate)]).toEqual(['server', 'udp', 'ec']);
    await player.close();
  }, 90_000);

  it('trickles candidates and restarts ICE by PATCH, and plays on; DELETE ends it', async () => {
    const player = await blank(server);
    const session = await play(player, 'stream=a');
    await connected(player);
    await decoded(player, 20);
    const before = await transport(player);
    const statuses = await player.evaluate<number[]>(`(async () => {
      const { answer, location, etag } = ${JSON.stringify(session)};
      const connection = window.connections.at(-1);
      const patch = (body, match) => fetch(location, { method: 'PATCH', body,
        headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': match } });
      const trickled = await patch('m=audio 9 UDP/TLS/RTP/SAVPF 0\\r\\na=mid:0\\r\\n' +
        'a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\\r\\na=end-of-candidates\\r\\n', etag);
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      const value = (sdp, name) => new RegExp('a=' + name + ':(\\\\S+)').exec(sdp)[1];
      const own = connection.localDescription.sdp;
      const restarted = await patch('a=ice-ufrag:' + value(own, 'ice-ufrag') + '\\r\\n' +
        'a=ice-pwd:' + value(own, 'ice-pwd') + '\\r\\n', '*');
      const fragment = await restarted.text();
      let sdp = answer;
      for (const name of ['ice-ufrag', 'ice-pwd']) {
        sdp = sdp.replaceAll('a=' + name + ':' + value(answer, name), 'a=' + name + ':' + value(fragment, name));
      }
      await connection.setRemoteDescription({ type: 'answer', sdp });
      const old = await patch('a=end-of-candidates\\r\\n', etag);
      return [trickled.status, restarted.status, old.status];
    })()`);
    expect(statuses).toEqual([204, 200, 412]);
    await expect
      .poll(async () => (await transport(player)).ufrag, { timeout: 20_000 })
      .not.toBe(before.ufrag);
    const count = await player.evaluate<number>(
      `window.connections.at(-1).getStats().then((report) =>
        [...report.values()].find((one) => one.type === 'inbound-rtp' && one.kind === 'video').framesDecoded)`,
    );
    await decoded(player, count + 20);

    const remove = () => fetch(server.api(session.location), { method: 'DELETE' });
    expect((await remove()).status).toBe(200);
    await player.waitForFunction(
      "['closed', 'failed', 'disconnected'].includes(window.connections.at(-1).connectionState)",
    );
    expect((await remove()).status).toBe(200);
    const check = await fetch(server.api(session.location.replace('/whip/', '/connectivity/')));
    expect(await check.text()).toContain('the session has ended');
    await player.close();
  }, 90_000);

  it('waits for a publisher that comes later, and is told so', async () => {
    const player = await blank(server);
    const { location } = await play(player, 'stream=later');
    await player.waitForFunction("window.connections.at(-1).connectionState === 'connected'");
    const explain = async () =>
      (await fetch(server.api(location.replace('/whip/', '/connectivity/')))).text();
    await expect.poll(explain).toContain('and waits: nobody publishes /live/later');
    const publisher = peers.publish(clip('baseline-tone-aac.flv'), server.rtmp('live/later'));
    await decoded(player, 20);
    expect(await explain()).not.toContain('waits');
    await publisher.stop();
    await player.close();
  }, 90_000);

  it('says on its page what it waits for', async () => {
    const page = await browser.open();
    await page.goto(server.http('/players/whep.html?autostart=true&stream=nobody'));
    await page.waitForFunction(
      "document.getElementById('status').textContent.includes('waits: nobody publishes /live/nobody')",
    );
    expect(await page.locator('#layer').isVisible()).toBe(false);
    await page.close();
  }, 90_000);
});
