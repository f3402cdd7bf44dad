import { describe, expect, it } from 'vitest';
import { hashPassword, isPassword, parsePasswordHash } from './password.ts';
import { PasswordChecks } from './password-checks.ts';

/** RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), the first 32 bytes. */
const RFC = '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI';

describe('a hash', () => {
  it('is made with a salt of its own, and tells its password', async () => {
    const [one, two] = await Promise.all([hashPassword('geheim ä'), hashPassword('geheim ä')]);
    expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    const stored = parsePasswordHash(one);
    expect(stored && (await isPassword('geheim ä', stored))).toBe(true);
    expect(stored && (await isPassword('geheim a', stored))).toBe(false);
  });

  it('is that of RFC 7914', async () => {
    const stored = parsePasswordHash(RFC);
    expect(stored).toMatchObject({ logN: 14, r: 8, p: 1 });
    expect(stored && (await isPassword('pleaseletmein', stored))).toBe(true);
  });

  it.each([
    '',
    'secret',
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    '$scrypt$ln=14,r=8$c2FsdHNhbHQ$aGFzaA',
    // Ones that would cost gigabytes, or minutes.
    RFC.replace('ln=14', 'ln=40'),
    RFC.replace('r=8', 'r=99').replace('ln=14', 'ln=20'),
    RFC.replace('p=1', 'p=99'),
    RFC.replace('ln=14', 'ln=0'),
  ])('is not "%s"', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});

describe('checks', () => {
  const cheap = '$scrypt$ln=4,r=1,p=1$c2FsdHNhbHRzYWx0$';
  let user: { name: string; hash: string; rights: [] };

  async function prepare(): Promise<void> {
    const { scryptSync } = await import('node:crypto');
    const key = scryptSync('right', 'saltsaltsalt', 32, { N: 16, r: 1, p: 1 });
    user = { name: 'u', hash: cheap + key.toString('base64').replace('=', ''), rights: [] };
  }

  it('let the right password in and no other', async () => {
    await prepare();
    const checks = new PasswordChecks();
    await checks.check(user, 'right', '192.0.2.1');
    await checks.check(user, 'right', '192.0.2.1');
    await expect(checks.check(user, 'wrong', '192.0.2.1')).rejects.toMatchObject({
      code: 'CREDENTIALS_WRONG',
    });
    await expect(checks.check(undefined, 'right', '192.0.2.1')).rejects.toMatchObject({
      code: 'CREDENTIALS_WRONG',
    });
  });

  it('forget a right password when its hash has changed', async () => {
    await prepare();
    const checks = new PasswordChecks();
    await checks.check(user, 'right', '192.0.2.1');
    const changed = { ...user, hash: user.hash.replace('c2FsdHNhbHRzYWx0', 'cGVwcGVycGVwcGVy') };
    await expect(checks.check(changed, 'right', '192.0.2.1')).rejects.toMatchObject({
      code: 'CREDENTIALS_WRONG',
    });
  });

  it('stop an address that guesses, for a minute, and nobody else', async () => {
    await prepare();
    let now = 0;
    const checks = new PasswordChecks(() => now);
    const guess = (ip: string) =>
      checks.check(user, 'wrong', ip).catch((error: { code: string }) => error.code);
    for (let count = 0; count < 20; count += 1) {
      expect(await guess('192.0.2.1')).toBe('CREDENTIALS_WRONG');
    }
    expect(await guess('192.0.2.1')).toBe('ATTEMPTS_TOO_MANY');
    expect(await guess('192.0.2.2')).toBe('CREDENTIALS_WRONG');
    now = 60_001;
    expect(await guess('192.0.2.1')).toBe('CREDENTIALS_WRONG');
  });

  it('do not pile up', async () => {
    await prepare();
    const checks = new PasswordChecks();
    const all = Array.from({ length: 300 }, (_, at) =>
      checks.check(user, `wrong ${at}`, `192.0.2.${at % 250}`).catch((error) => error.code),
    );
    const codes = await Promise.all(all);
    expect(codes.filter((one) => one === 'QUEUE_FULL')).toHaveLength(300 - 258);
  });
});
