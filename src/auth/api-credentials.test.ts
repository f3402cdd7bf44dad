import { describe, expect, it } from 'vitest';
import { type ApiAuth, apiChallenge, mayUseApi } from './api-credentials.ts';

const both: ApiAuth = {
  enabled: true,
  username: 'admin',
  password: 'a:b c',
  tokens: ['first-token', 'second-token'],
};
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('credentials of the API', () => {
  it.each([
    basic('admin:a:b c'),
    basic('admin:a:b c').replace('Basic', 'bAsIc'),
    'Bearer first-token',
    'bearer   second-token ',
  ])('%s is let in', (authorization) => {
    expect(mayUseApi(authorization, both)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic !',
    basic('admin:'),
    basic('admin:a'),
    basic('admin:a:b cd'),
    basic(':'),
    basic(''),
    'Bearer',
    'Bearer first-toke',
    'Bearer first-tokenn',
    'Bearer first-token second-token',
    'Digest first-token',
    'first-token',
  ])('%s is not', (authorization) => {
    expect(mayUseApi(authorization, both)).toBe(false);
  });

  it('nobody is let in by a user or tokens that are not there', () => {
    const none: ApiAuth = { enabled: true, username: '', password: '', tokens: [] };
    for (const authorization of [basic(':'), basic(''), 'Bearer ', 'Bearer undefined']) {
      expect(mayUseApi(authorization, none)).toBe(false);
    }
  });

  it('everybody is while it is off', () => {
    expect(mayUseApi(undefined, { ...both, enabled: false })).toBe(true);
  });

  it('says what there is', () => {
    expect(apiChallenge(both)).toBe('Basic, Bearer');
    expect(apiChallenge({ ...both, tokens: [] })).toBe('Basic');
    expect(apiChallenge({ ...both, username: '' })).toBe('Bearer');
  });
});
