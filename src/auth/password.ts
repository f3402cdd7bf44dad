import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Hashes of passwords with scrypt (RFC 7914), written as one word in the PHC string format:
 * `$scrypt$ln=14,r=8,p=5$SALT$HASH`, salt and hash in base64 without padding.
 */
export interface PasswordHash {
  /** Exponent of N: 2^logN blocks. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** 16 MiB and some 100 ms: one of the settings of equal strength in OWASP's Password Storage Cheat Sheet. */
const LOG_N = 14;
const R = 8;
const P = 5;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What one check may cost, so that a line of the configuration cannot stop the server. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_PARALLEL = 16;

/** @return undefined for what is no such hash, or one that costs too much to check. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const found =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      text,
    );
  if (!found) {
    return undefined;
  }
  const [logN, r, p] = found.slice(1, 4).map(Number) as [number, number, number];
  const [salt, hash] = found.slice(4).map((part) => Buffer.from(part, 'base64')) as [
    Buffer,
    Buffer,
  ];
  const isCheap =
    logN >= 1 && r >= 1 && p >= 1 && p <= MAX_PARALLEL && memoryOf(logN, r) <= MAX_MEMORY_BYTES;
  return isCheap ? { logN, r, p, salt, hash } : undefined;
}

function memoryOf(logN: number, r: number): number {
  return 128 * 2 ** logN * r;
}

/** Makes the hash of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { logN: LOG_N, r: R, p: P, salt }, HASH_BYTES);
  const words = [salt, hash].map((bytes) => bytes.toString('base64').replaceAll('=', ''));
  return `$scrypt$ln=${LOG_N},r=${R},p=${P}$${words.join('$')}`;
}

/** Compares in constant time, on a thread of the pool. */
export async function isPassword(password: string, stored: PasswordHash): Promise<boolean> {
  const derived = await derive(password, stored, stored.hash.length);
  return timingSafeEqual(derived, stored.hash);
}

function derive(
  password: string,
  { logN, r, p, salt }: Omit<PasswordHash, 'hash'>,
  length: number,
): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: 2 * MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
