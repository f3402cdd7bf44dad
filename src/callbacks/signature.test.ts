import { describe, expect, it } from 'vitest';
import { signatureHeaders } from './signature.ts';

describe('signatures', () => {
  // Computed with: printf '%s' 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac SECRET -binary | base64
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const body = '{"test": 2432232314}';
  const nowMs = 1_614_265_330_999;

  it('are those of the example of Standard Webhooks', () => {
    expect(signatureHeaders(id, body, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], nowMs)).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('are as many as there are secrets', () => {
    const both = signatureHeaders(id, body, ['new', 'old'], nowMs)['webhook-signature'];
    const [first, second] = ['new', 'old'].map(
      (secret) => signatureHeaders(id, body, [secret], nowMs)['webhook-signature'],
    );
    expect(both).toBe(`${first} ${second}`);
    expect(first).not.toBe(second);
  });

  it('are not made without a secret, but calls can be told apart', () => {
    expect(signatureHeaders(id, body, [], nowMs)).toEqual({ 'webhook-id': id });
  });
});
