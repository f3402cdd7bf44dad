import { createSocket } from 'node:dgram';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import type { MediaServer } from '../support/media-server.ts';
import { withRtcBrowser } from '../support/rtc-browser.ts';
import { connectivityCheck, credentialsOf } from '../support/webrtc/stun.ts';

/** Each way in which media may not flow, and what log, API and page say of it. */
let server: MediaServer;
let browser: Browser;

withRtcBrowser((made) => {
  ({ server, browser } = made);
});

/** Publishes a canvas. @param edit  JavaScript that changes `sdp`, the offer that is sent. */
async function publish(page: Page, stream: string, edit = ''): Promise<string> {
  await page.goto(server.http('/players/players.css'));
  return page.evaluate<string>(`(async () => {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d');
    const connection = window.connection = new RTCPeerConnection();
    connection.addTransceiver(canvas.captureStream(25).getVideoTracks()[0], { direction: 'sendonly' });
    await connection.setLocalDescription(await connection.createOffer());
    let sdp = connection.localDescription.sdp;
    ${edit}
    const response = await fetch('/rtc/v1/whip/?stream=${stream}', { method: 'POST', body: sdp });
    const answer = await response.text();
    if (!response.ok) { throw new Error(answer); }
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    return response.headers.get('Location');
  })()`);
}

const explained = async (location: string): Promise<string> => {
  const answer = await fetch(server.api(location.replace('/whip/', '/connectivity/')));
  return ((await answer.json()) as { data: { message: string } }).data.message;
};

describe('why media does not flow', () => {
  it('names the addresses that were offered when nothing comes from the peer', async () => {
    const from = server.log.length;
    // An address of documentation, RFC 5737: nobody is there.
    const silent = await fetch(server.api('/rtc/v1/whip/?stream=silent&eip=192.0.2.1'), {
      method: 'POST',
      body: await offerOf(browser),
    });
    const location = silent.headers.get('location') ?? '';
    await server.line(
      /webrtc: no connectivity check has come after \d s: .* udp 192\.0\.2\.1:/,
      from,
    );
    expect(await explained(location)).toContain('look at firewalls');
  }, 60_000);

  it('tells checks with another password, and from where they come', async () => {
    const offer = await offerOf(browser);
    const response = await fetch(server.api('/rtc/v1/whip/?stream=password'), {
      method: 'POST',
      body: offer,
    });
    const location = response.headers.get('location') ?? '';
    const ufrag = /a=ice-ufrag:(\S+)/.exec(offer)?.[1] ?? '';
    const credentials = credentialsOf(await response.text(), ufrag);
    const socket = createSocket('udp4');
    const send = (bytes: Buffer) =>
      new Promise<void>((resolve) => {
        socket.send(bytes, server.port('rtc'), '127.0.0.1', () => resolve());
      });
    await send(connectivityCheck({ ...credentials, localPwd: 'x'.repeat(32) }));
    const port = socket.address().port;
    await expect
      .poll(() => explained(location), { timeout: 20_000 })
      .toContain(`checks from 127.0.0.1:${port} carry another password (1 of them)`);

    // The right one, and no DTLS after it.
    await send(connectivityCheck(credentials));
    await expect
      .poll(() => explained(location), { timeout: 20_000 })
      .toMatch(/from 127\.0\.0\.1:\d+ arrive \(\d+ of them\), but no DTLS handshake begins/);
    socket.close();
  }, 60_000);

  it('tells a certificate that is not the one of the SDP, also when the session has ended', async () => {
    const page = await browser.open();
    const edit = "sdp = sdp.replace(/(a=fingerprint:sha-256 )../, '$100');";
    const location = await publish(page, 'fingerprint', edit);
    await server.line(/but the DTLS handshake failed: the certificate of the peer is not the one/);
    await expect
      .poll(() => explained(location), { timeout: 20_000 })
      .toContain('not the one that its SDP names');
    await page.close();
  }, 60_000);

  it('tells a publisher that sends nothing, and when it does', async () => {
    const page = await browser.open();
    const location = await publish(
      page,
      'nothing',
      'await connection.getSenders()[0].replaceTrack(null);',
    );
    await server.line(/connected over udp with .*, but no media comes: the publisher sends none/);
    expect(await explained(location)).toContain('but no media comes');
    await page.evaluate(`(async () => {
      const canvas = document.createElement('canvas');
      const context = canvas.getContext('2d');
      setInterval(() => { context.fillStyle = '#' + Math.random().toString(16).slice(2, 8); context.fillRect(0, 0, 300, 150); }, 40);
      await window.connection.getSenders()[0].replaceTrack(canvas.captureStream(25).getVideoTracks()[0]);
    })()`);
    await server.line(/webrtc: media comes, connected over udp/);
    expect(await explained(location)).not.toContain('no media');
    await page.close();
  }, 60_000);
});

/** An offer of a browser that then does nothing about it. */
async function offerOf(of: Browser): Promise<string> {
  const page = await of.open();
  const sdp = await page.evaluate<string>(`(async () => {
    const connection = new RTCPeerConnection();
    connection.addTransceiver('video', { direction: 'sendonly' });
    return (await connection.createOffer()).sdp;
  })()`);
  await page.close();
  return sdp;
}
