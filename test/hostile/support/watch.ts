/**
 * The good peers of a hostile test, in a process of their own, so that attackers which keep their own
 * process busy are not mistaken for a server that stands still: one publisher in real time, players over
 * RTMP, HTTP-FLV and HLS. Started by `watcher.ts`, which asks over IPC what they saw.
 */
import { get } from 'node:http';
import { setTimeout as delay, setInterval } from 'node:timers/promises';
import { FlvReader, isSequenceHeader, readFlv, type Tag, TagType } from '../../support/flv.ts';
import { MessageType } from '../../support/rtmp/chunks.ts';
import { sendTag } from '../../support/rtmp/clip-publisher.ts';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import type { WatchReport } from './watcher.ts';

const SAMPLE_MS = 20;

/** A viewer's progress. */
class View {
  readonly name: string;
  readonly periodMs: number;
  frames = 0;
  #lastFrames = 0;
  #lastProgress = performance.now();
  #lastTimestamp = 0;
  #longestGapMs = 0;
  #longestStepMs = 0;
  #back = 0;
  fault: string | undefined;

  constructor(name: string, periodMs: number) {
    this.name = name;
    this.periodMs = periodMs;
  }

  /** @param timestamp  of a video frame, milliseconds. */
  saw(timestamp: number): void {
    if (this.frames > 0) {
      const step = timestamp - this.#lastTimestamp;
      this.#longestStepMs = Math.max(this.#longestStepMs, step);
      this.#back += step < 0 ? 1 : 0;
    }
    this.#lastTimestamp = timestamp;
    this.frames += 1;
  }

  /** @param stoodStillMs  time in which this process itself did not run: no server is to blame. */
  sample(now: number, stoodStillMs: number): void {
    this.#lastProgress += stoodStillMs;
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastProgress);
    if (this.frames !== this.#lastFrames) {
      this.#lastFrames = this.frames;
      this.#lastProgress = now;
    }
  }

  take(): WatchReport['views'][number] {
    const { name, periodMs, frames, fault } = this;
    const report = {
      ...{ name, periodMs, frames, fault, back: this.#back },
      ...{ gapMs: this.#longestGapMs, stepMs: this.#longestStepMs },
    };
    this.#longestGapMs = 0;
    this.#longestStepMs = 0;
    this.#back = 0;
    return report;
  }
}

const [rtmpPort = 0, httpPort = 0] = process.argv.slice(2, 4).map(Number);
const [file = '', name = ''] = process.argv.slice(4);
// The clip has a key frame each second, and so has a segment; a viewer looks for it every 200 ms.
const views = [new View('rtmp', 40), new View('flv', 40), new View('hls', 1200)] as const;
let publisherFault: string | undefined;

/** The clip over and over, its timestamps going on. */
function* endless(tags: readonly Tag[]): Generator<Tag> {
  const length = (tags.at(-1)?.timestamp ?? 0) + 40;
  yield* tags;
  for (let round = 1; ; round += 1) {
    for (const tag of tags) {
      if (tag.type !== TagType.script && !isSequenceHeader(tag)) {
        yield { ...tag, timestamp: tag.timestamp + round * length };
      }
    }
  }
}

async function publish(): Promise<void> {
  const peer = await RtmpPeer.connect(rtmpPort);
  await peer.publish(name);
  const began = performance.now();
  for (const tag of endless(readFlv(file))) {
    const early = tag.timestamp - (performance.now() - began);
    if (early > 1) {
      await delay(early);
    }
    if (peer.ended) {
      throw new Error('the server has closed the good publisher');
    }
    sendTag(peer, tag);
    peer.inbox.length = 0;
  }
}

async function playRtmp(view: View): Promise<void> {
  const peer = await RtmpPeer.connect(rtmpPort);
  await peer.play(name);
  for (;;) {
    const { type, timestamp } = await peer.take(() => true, 'message');
    if (type === MessageType.video) {
      view.saw(timestamp);
    }
  }
}

function playFlv(view: View): Promise<void> {
  return new Promise((_, reject) => {
    const reader = new FlvReader();
    const url = `http://127.0.0.1:${httpPort}/${name.includes('/') ? name : `live/${name}`}.flv`;
    get(url, { agent: false }, (response) => {
      response.on('data', (bytes: Buffer) => {
        for (const tag of reader.feed(bytes)) {
          if (tag.type === TagType.video && !isSequenceHeader(tag)) {
            view.saw(tag.timestamp);
          }
        }
      });
      response.on('close', () => reject(new Error(`ended, status ${response.statusCode}`)));
    }).on('error', reject);
  });
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`status ${response.status} of ${url}`);
  }
  return text;
}

const urlsOf = (list: string, base: string) =>
  list
    .split('\n')
    .flatMap((line) => (/^[^#\s]/.test(line) ? [new URL(line.trim(), base).href] : []));

async function playHls(view: View): Promise<void> {
  const first = `http://127.0.0.1:${httpPort}/live/${name}.m3u8`;
  const seen = new Set<string>();
  let media: string | undefined;
  for (;;) {
    // Before the first segment there is no playlist.
    media ??= urlsOf(await textOf(first).catch(() => ''), first)[0];
    for (const url of media ? urlsOf(await textOf(media), media) : []) {
      const isNew = !seen.has(url);
      seen.add(url);
      if (isNew && (await textOf(url)).length > 0) {
        view.saw(0);
      }
    }
    await delay(200);
  }
}

async function sampleAlways(): Promise<void> {
  let last = performance.now();
  for await (const _ of setInterval(SAMPLE_MS)) {
    const now = performance.now();
    const stoodStillMs = Math.max(0, now - last - 2 * SAMPLE_MS);
    for (const view of views) {
      view.sample(now, stoodStillMs);
    }
    last = now;
  }
}

process.on('message', () => {
  const report: WatchReport = { views: views.map((view) => view.take()), publisherFault };
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));

publish().catch((error: Error) => {
  publisherFault = error.message;
});
playRtmp(views[0]).catch((error: Error) => {
  views[0].fault = error.message;
});
playFlv(views[1]).catch((error: Error) => {
  views[1].fault = error.message;
});
playHls(views[2]).catch((error: Error) => {
  views[2].fault = error.message;
});
await sampleAlways();
