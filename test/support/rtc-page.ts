import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** What a page's peer connection tells about one kind of media it receives. */
export interface Received {
  readonly framesDecoded: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly packetsReceived: number;
  readonly totalFreezesDuration: number;
  /** Of audio. */
  readonly totalSamplesReceived: number;
  readonly concealedSamples: number;
  readonly codec: string;
}

/**
 * To be run in a page before its own scripts: keeps its peer connections in `window.connections`, so that a
 * test can read their statistics and listen to what they receive.
 */
export const KEEP_CONNECTIONS = `
  window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) { super(...options); window.connections.push(this); }
  };
`;

/** Statistics of what the newest connection receives; undefined before the first packet. */
export function received(page: Page, kind: 'audio' | 'video'): Promise<Received | undefined> {
  return page.evaluate<Received | undefined>(`(async () => {
    const report = [...(await window.connections.at(-1).getStats()).values()];
    const entry = report.find((one) => one.type === 'inbound-rtp' && one.kind === '${kind}');
    if (!entry) { return undefined; }
    const codec = report.find((one) => one.id === entry.codecId)?.mimeType ?? '';
    const { framesDecoded = 0, frameWidth = 0, frameHeight = 0, packetsReceived = 0 } = entry;
    const { totalFreezesDuration = 0, totalSamplesReceived = 0, concealedSamples = 0 } = entry;
    return {
      ...{ framesDecoded, frameWidth, frameHeight, packetsReceived, codec },
      ...{ totalFreezesDuration, totalSamplesReceived, concealedSamples },
    };
  })()`);
}

/** Resolves when the newest connection has decoded so many pictures. */
export async function decoded(page: Page, frames: number): Promise<void> {
  // Not waitForFunction: it takes the promise of getStats() for a success.
  const count = async () => (await received(page, 'video'))?.framesDecoded ?? 0;
  await expect.poll(count, { timeout: 30_000 }).toBeGreaterThanOrEqual(frames);
}

/** The loudest frequency, in Hz, of the audio that the newest connection receives; waits until it is there. */
export async function heard(page: Page, hertz: number): Promise<void> {
  await page.waitForFunction(
    `(() => {
      const track = window.connections.at(-1)?.getReceivers().find(({ track }) => track.kind === 'audio')?.track;
      if (!track) { return false; }
      if (!window.ear) {
        const context = new AudioContext({ sampleRate: 48000 });
        const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        window.ear = { analyser, bins: new Float32Array(analyser.frequencyBinCount) };
      }
      const { analyser, bins } = window.ear;
      analyser.getFloatFrequencyData(bins);
      const loudest = bins.indexOf(Math.max(...bins));
      window.heardHz = (loudest * 48000) / 16384;
      return bins[loudest] > -60 && Math.abs(window.heardHz - ${hertz}) < 10;
    })()`,
    undefined,
    { timeout: 30_000, polling: 200 },
  );
}
