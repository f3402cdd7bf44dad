import { once } from 'node:events';
import { request } from 'node:http';
import { FlvReader, type Tag } from './flv.ts';

/** What a viewer of FLV received, and when. */
export interface FlvView {
  readonly flags: number | undefined;
  readonly tags: readonly Tag[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly status: number | undefined;
  /** Milliseconds from the request to the first tag with a frame or configuration. */
  readonly firstTagMs: number;
}

export interface FlvViewOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Called after each tag; the view ends when it answers true, or when the server ends it. */
  readonly enough?: (tags: readonly Tag[]) => boolean;
  readonly limitMs?: number;
}

/** Views a stream over HTTP-FLV, tag by tag. */
export async function viewFlv(url: string, options: FlvViewOptions = {}): Promise<FlvView> {
  const { headers = {}, enough = () => false, limitMs = 20_000 } = options;
  const began = performance.now();
  const signal = AbortSignal.timeout(limitMs);
  const ask = request(url, { headers, agent: false, signal }).end();
  const [response] = (await once(ask, 'response')) as [import('node:http').IncomingMessage];
  const reader = new FlvReader();
  const tags: Tag[] = [];
  let firstTagMs = Number.POSITIVE_INFINITY;
  try {
    for await (const bytes of response) {
      if (response.statusCode !== 200) {
        break;
      }
      tags.push(...reader.feed(bytes as Buffer));
      firstTagMs = Math.min(firstTagMs, tags.length > 0 ? performance.now() - began : Infinity);
      if (enough(tags)) {
        break;
      }
    }
  } catch (error) {
    // The end of a live stream cuts the connection, as SRS does.
    if (signal.aborted || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') {
      throw signal.aborted ? new Error(`${url} went on for ${limitMs} ms`) : error;
    }
  } finally {
    ask.destroy();
  }
  const { statusCode: status, headers: answered } = response;
  return { flags: reader.flags, tags, headers: answered, status, firstTagMs };
}
