import { createHash } from 'node:crypto';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const LENGTH = 7;

/**
 * The id of a stream in API and callbacks: `vid-` and seven of [0-9a-z], as SRS has them. It follows
 * from the name, so that callbacks can tell it before the first publisher is let in and after the last
 * one has gone, and nothing need be kept for it.
 * @param serviceId  of this run of the server: a restart gives other ids.
 * @param url        see `streamUrl`.
 */
export function streamId(serviceId: string, url: string): string {
  const digest = createHash('sha256').update(`${serviceId} ${url}`).digest();
  let rest = digest.readBigUInt64BE();
  let id = 'vid-';
  for (let at = 0; at < LENGTH; at += 1) {
    id += LETTERS.charAt(Number(rest % 36n));
    rest /= 36n;
  }
  return id;
}
