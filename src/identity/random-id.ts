import { randomInt } from 'node:crypto';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** `length` random characters of [0-9a-z], as context ids, server ids and service ids are made of. */
export function randomId(length: number): string {
  let id = '';
  for (let at = 0; at < length; at += 1) {
    id += LETTERS.charAt(randomInt(LETTERS.length));
  }
  return id;
}
