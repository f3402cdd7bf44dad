import { setTimeout as delay } from 'node:timers/promises';

/** One segment of a media playlist, RFC 8216 §4.3. */
export interface Segment {
  readonly sequence: number;
  readonly url: string;
  /** Seconds. */
  readonly duration: number;
  readonly isDiscontinuity: boolean;
  /** Attributes of EXT-X-KEY, where the segment has one of its own. */
  readonly key: string | undefined;
}

export interface Playlist {
  readonly url: string;
  readonly text: string;
  readonly targetDuration: number;
  readonly segments: readonly Segment[];
}

export function parsePlaylist(text: string, url: string): Playlist {
  const lines = text.split('\n').map((line) => line.trim());
  const value = (tag: string) => lines.find((line) => line.startsWith(`${tag}:`))?.split(':', 2)[1];
  let sequence = Number(value('#EXT-X-MEDIA-SEQUENCE') ?? 0);
  const segments: Segment[] = [];
  let next = { duration: Number.NaN, isDiscontinuity: false, key: undefined as string | undefined };
  for (const line of lines) {
    if (line.startsWith('#EXTINF:')) {
      next = { ...next, duration: Number.parseFloat(line.slice(8)) };
    } else if (line === '#EXT-X-DISCONTINUITY') {
      next = { ...next, isDiscontinuity: true };
    } else if (line.startsWith('#EXT-X-KEY:')) {
      next = { ...next, key: line.slice(11) };
    } else if (line !== '' && !line.startsWith('#')) {
      segments.push({ ...next, sequence, url: new URL(line, url).href });
      sequence += 1;
      next = { duration: Number.NaN, isDiscontinuity: false, key: undefined };
    }
  }
  return { url, text, segments, targetDuration: Number(value('#EXT-X-TARGETDURATION')) };
}

/**
 * The media playlist that a url leads to: a multivariant playlist is followed. Asks again until there is
 * one that is enough.
 * @param url  of the stream, e.g. `…/live/a.m3u8`, or of the media playlist.
 */
export async function playlist(
  url: string,
  enough: (playlist: Playlist) => boolean = ({ segments }) => segments.length > 0,
  limitMs = 20_000,
): Promise<Playlist> {
  const deadline = Date.now() + limitMs;
  let last = '';
  let mediaUrl = url;
  while (Date.now() < deadline) {
    const answer = await fetch(mediaUrl);
    last = `${answer.status} ${await answer.text()}`;
    if (answer.ok) {
      const text = last.slice(4);
      if (text.includes('#EXT-X-STREAM-INF')) {
        const [variant] = parsePlaylist(text, mediaUrl).segments;
        mediaUrl = variant?.url ?? mediaUrl;
        continue;
      }
      const found = parsePlaylist(text, mediaUrl);
      if (enough(found)) {
        return found;
      }
    }
    await delay(100);
  }
  throw new Error(`${mediaUrl} was not enough in time: ${last}`);
}

/** Bytes of a segment or key. @throws Error when it is not there. */
export async function fetchBytes(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status}`);
  }
  return Buffer.from(await answer.arrayBuffer());
}
