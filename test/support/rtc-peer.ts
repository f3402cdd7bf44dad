import type { Page } from 'playwright-core';
import type { Browser } from './browser.ts';
import type { MediaServer } from './media-server.ts';
import { KEEP_CONNECTIONS } from './rtc-page.ts';

/** A layer as `RTCRtpEncodingParameters` has it. */
export interface Layer {
  /** Left out of the only one. */
  readonly rid?: string;
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate?: number;
  readonly scalabilityMode?: string;
}

/** How a peer in a browser reaches the server. */
export interface Way {
  /** Of WHIP or WHEP: `stream=...`. */
  readonly query: string;
  /** UDP port in place of the server's own: that of a LossyLink. */
  readonly port?: number;
}

/** In a page: offers, and answers with what the server says, its port replaced. */
function exchange(server: MediaServer, path: 'whip' | 'whep', { query, port }: Way): string {
  const url = server.api(`/rtc/v1/${path}/?${query}`);
  // `a=candidate:foundation component transport priority address port ...`
  const sdp = port === undefined ? 'sdp' : `sdp.replace(PORT, '$1${port}')`;
  return `
    await connection.setLocalDescription();
    const answer = await fetch('${url}', { method: 'POST', body: connection.localDescription.sdp });
    const sdp = await answer.text();
    window.resource = answer.headers.get('location');
    const PORT = new RegExp('^(a=candidate:(?:[^ ]+ ){5})[0-9]+', 'gm');
    if (!answer.ok) { throw new Error(sdp); }
    await connection.setRemoteDescription({ type: 'answer', sdp: ${sdp} });`;
}

/** A page of the server's own origin, where scripts of the test may use WebRTC. */
async function blank(browser: Browser, server: MediaServer): Promise<Page> {
  const page = await browser.open();
  await page.addInitScript(KEEP_CONNECTIONS);
  await page.goto(server.http('/players/players.css'));
  return page;
}

/** What a page is to publish. */
export interface Picture {
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Boxes that are painted anew in each frame: the more, the more bits. */
  readonly boxes?: number;
  /** With a tone of 440 Hz. */
  readonly sound?: boolean;
}

/** In a page: `tone` is a track of 440 Hz. */
const MAKE_TONE = `
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const output = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(output);
  oscillator.start();
  const [tone] = output.stream.getAudioTracks();`;

/** Publishes a moving picture, in layers if there are some. */
export async function publishPicture(
  browser: Browser,
  server: MediaServer,
  way: Way,
  layers: readonly Layer[] = [],
  { width = 640, height = 480, fps = 30, boxes = 1, sound = false }: Picture = {},
): Promise<Page> {
  const page = await blank(browser, server);
  await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: ${width}, height: ${height} });
    const paint = canvas.getContext('2d');
    setInterval(() => {
      for (let box = 0; box < ${boxes}; box += 1) {
        paint.fillStyle = 'hsl(' + (performance.now() / 10 + box * 50) % 360 + ' 80% 50%)';
        paint.fillRect(Math.random() * ${width - 40}, Math.random() * ${height - 40}, 80, 60);
      }
    }, ${1000 / fps});
    const connection = new RTCPeerConnection();
    const [track] = canvas.captureStream(${fps}).getVideoTracks();
    connection.addTransceiver(track, {
      direction: 'sendonly', sendEncodings: ${JSON.stringify(layers.length > 0 ? layers : [{}])},
    });
    if (${sound}) {
      ${MAKE_TONE}
      connection.addTransceiver(tone, { direction: 'sendonly' });
    }
    ${exchange(server, 'whip', way)}
  })()`);
  return page;
}

/** Plays video, muted, and what sound there is. */
export async function playPicture(
  browser: Browser,
  server: MediaServer,
  way: Way,
  { sound = false }: Picture = {},
): Promise<Page> {
  const page = await blank(browser, server);
  await page.evaluate(`(async () => {
    const connection = new RTCPeerConnection();
    connection.addTransceiver('video', { direction: 'recvonly' });
    if (${sound}) { connection.addTransceiver('audio', { direction: 'recvonly' }); }
    ${exchange(server, 'whep', way)}
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream(connection.getReceivers().map(({ track }) => track));
    await video.play();
  })()`);
  return page;
}

/** In a page: a transceiver of audio is to use RED before anything else. */
const PREFER_RED = `
  const { codecs } = RTCRtpReceiver.getCapabilities('audio');
  const isRed = ({ mimeType }) => mimeType === 'audio/red';
  transceiver.setCodecPreferences([...codecs.filter(isRed), ...codecs.filter((one) => !isRed(one))]);`;

/** How audio is offered. */
export interface Sound extends Way {
  readonly prefersRed: boolean;
}

/** Publishes a tone of 440 Hz. */
export async function publishTone(
  browser: Browser,
  server: MediaServer,
  sound: Sound,
): Promise<Page> {
  const page = await blank(browser, server);
  await page.evaluate(`(async () => {
    ${MAKE_TONE}
    const connection = new RTCPeerConnection();
    const transceiver = connection.addTransceiver(tone, { direction: 'sendonly' });
    ${sound.prefersRed ? PREFER_RED : ''}
    ${exchange(server, 'whip', sound)}
  })()`);
  return page;
}

/** Plays audio. */
export async function playSound(
  browser: Browser,
  server: MediaServer,
  sound: Sound,
): Promise<Page> {
  const page = await blank(browser, server);
  await page.evaluate(`(async () => {
    const connection = new RTCPeerConnection();
    const transceiver = connection.addTransceiver('audio', { direction: 'recvonly' });
    ${sound.prefersRed ? PREFER_RED : ''}
    ${exchange(server, 'whep', sound)}
    const audio = new Audio();
    audio.srcObject = new MediaStream([transceiver.receiver.track]);
    await audio.play();
  })()`);
  return page;
}

/** The URL of the session of a page, as the server gave it. */
export async function resourceOf(page: Page, server: MediaServer): Promise<string> {
  return server.api(String(await page.evaluate('window.resource')));
}

/** Entries of the newest connection's statistics. */
export function statistics(page: Page, type: string): Promise<readonly Record<string, unknown>[]> {
  return page.evaluate<Record<string, unknown>[]>(
    `window.connections.at(-1).getStats().then((report) =>
      [...report.values()].filter((one) => one.type === '${type}'))`,
  );
}
