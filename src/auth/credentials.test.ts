import { beforeAll, describe, expect, it } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import type { VhostInput } from '../config/millrace-config.ts';
import type { AdmissionRequest } from '../protocols/admission.ts';
import { identify } from '../protocols/identify.ts';
import { Credentials } from './credentials.ts';
import { givenCredentials } from './given-credentials.ts';
import { hashPassword } from './password.ts';
import { makeJwt } from './token.ts';

const key = { id: 'k', secret: '0123456789abcdef0123456789abcdef' };
let hash: string;

beforeAll(async () => {
  hash = await hashPassword('a b:c,d');
});

function request(
  auth: VhostInput['auth'],
  changes: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  const config = configFromObject({
    rtmp: { listen: 0 },
    vhosts: { __defaultVhost__: { auth: { enabled: true, tokenKeys: [key], ...auth } } },
  });
  const name = { vhost: '', app: 'live', stream: 'a', param: '', tc_url: '', page_url: '' };
  const session = { cid: 'c', ip: '192.0.2.1' };
  return { ...identify(config, session, 'rtmp', 'publish', name), ...changes };
}

const ask = async (one: AdmissionRequest): Promise<string> => {
  try {
    await new Credentials().step(one, new AbortController().signal);
    return 'admitted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const token = () =>
  makeJwt(
    {
      expires: Math.floor(Date.now() / 1000) + 60,
      actions: ['publish'],
      paths: ['live/a'],
      addresses: [],
    },
    key,
  );
const users = () => [{ name: 'u', hash, rights: [{ action: 'publish', path: 'live/*' }] } as const];

describe('auth', () => {
  it('asks nobody where it is off', async () => {
    expect(await ask(request({ enabled: false }))).toBe('admitted');
    expect(await ask(request({ publish: false }))).toBe('admitted');
    expect(await ask(request({ play: false }))).toBe('CREDENTIALS_MISSING');
  });

  it('takes a token from the query or the header', async () => {
    expect(await ask(request({}, { param: `?x=1&token=${token()}` }))).toBe('admitted');
    // As SRT and WHIP tell it.
    expect(await ask(request({}, { param: `app=live&token=${token()}` }))).toBe('admitted');
    expect(await ask(request({ tokenParam: 'key' }, { param: `?key=${token()}` }))).toBe(
      'admitted',
    );
    expect(await ask(request({}, { authorization: `Bearer ${token()}` }))).toBe('admitted');
    expect(await ask(request({}, { param: '?token=x' }))).toBe('TOKEN_INVALID');
    expect(
      await ask(request({ tokenKeys: [], users: users() }, { param: `?token=${token()}` })),
    ).toBe('TOKEN_INVALID');
  });

  it('takes users with their passwords', async () => {
    const param = `?user=u&pass=${encodeURIComponent('a b:c,d')}`;
    expect(await ask(request({ users: users() }, { param }))).toBe('admitted');
    const basic = `Basic ${Buffer.from('u:a b:c,d').toString('base64')}`;
    expect(await ask(request({ users: users() }, { authorization: basic }))).toBe('admitted');
    expect(await ask(request({ users: users() }, { param: '?user=u' }))).toBe('CREDENTIALS_WRONG');
    expect(await ask(request({ users: users() }, { param, action: 'play' }))).toBe('RIGHT_MISSING');
    const key2 = { vhost: '__defaultVhost__', app: 'other', stream: 'a' };
    expect(await ask(request({ users: users() }, { param, key: key2 }))).toBe('RIGHT_MISSING');
  });
});

describe('what is given', () => {
  it.each([
    ['', '', { kind: 'none' }],
    ['', '?token=', { kind: 'none' }],
    ['', '?token=a&token=b', { kind: 'token', token: 'a' }],
    ['', '?token=a%2Eb', { kind: 'token', token: 'a.b' }],
    ['', '?token=a%zz', { kind: 'token', token: 'a%zz' }],
    ['', '?x;token=a', { kind: 'token', token: 'a' }],
    ['', '?user=a', { kind: 'user', name: 'a', password: '' }],
    ['bearer a', '?token=b', { kind: 'token', token: 'a' }],
    ['Basic !', '?token=b', { kind: 'token', token: 'b' }],
    ['Digest x', '', { kind: 'none' }],
  ])('"%s" "%s"', (authorization, param, expected) => {
    expect(givenCredentials({ authorization, param }, 'token')).toEqual(expected);
  });
});
