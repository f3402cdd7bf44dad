import { describe, expect, it } from 'vitest';
import type { WebrtcTrouble } from '../../native/boundary/webrtc.ts';
import { explainConnection } from './explain.ts';

const peer = {
  candidates: ['0 1 udp 1 192.0.2.1 8000 typ host', '1 1 tcp 1 2001:db8::1 8000 typ host'],
  startedAtMs: 1000,
  connected: undefined,
  trouble: undefined,
  request: { action: 'publish', streamUrl: '/live/a' },
} as const;
const connected = {
  type: 'webrtc_connected',
  session: 1,
  candidate: '203.0.113.7:50000',
  protocol: 'udp',
  dtls_version: '',
  srtp_profile: '',
} as const;
const trouble = (what: Partial<WebrtcTrouble>): WebrtcTrouble => ({
  type: 'webrtc_trouble',
  session: 1,
  checks: 0,
  bad_integrity: 0,
  from: '',
  dtls: 'waiting',
  packets: 0,
  undecryptable: 0,
  code: 'NONE',
  ...what,
});
const explain = (what?: Partial<WebrtcTrouble>) =>
  explainConnection({ ...peer, trouble: what && trouble(what) }, false, 6000);

describe('explainConnection', () => {
  it('says what was offered when nothing comes', () => {
    expect(explain()).toMatch(
      /^no connectivity check has come after 5 s: .*udp 192\.0\.2\.1:8000, tcp \[2001:db8::1\]:8000/,
    );
    expect(explain({})).toBe(explain());
  });

  it('tells the ways apart in which it fails', () => {
    const from = '203.0.113.7:50000';
    expect(explain({ bad_integrity: 3, from })).toMatch(/another password \(3 of them\)/);
    expect(explain({ checks: 4, from })).toMatch(
      /arrive \(4 of them\), but no DTLS handshake begins/,
    );
    expect(explain({ checks: 4, from, dtls: 'handshaking' })).toMatch(/does not come to its end/);
    expect(explain({ checks: 4, from, dtls: 'failed', code: 'TIMED_OUT' })).toMatch(
      /handshake failed: /,
    );
  });

  it('says how a peer is connected', () => {
    expect(explainConnection({ ...peer, connected }, true, 0)).toBe(
      'connected over udp with 203.0.113.7:50000, not encrypted',
    );
  });

  it('says why nothing comes from a publisher that is connected', () => {
    const silent = trouble({ code: 'WEBRTC_NO_MEDIA' });
    expect(explainConnection({ ...peer, connected, trouble: silent }, true, 0)).toMatch(
      /^connected over udp .* no media comes: the publisher sends none/,
    );
    const foreign = { ...silent, undecryptable: 7 };
    expect(explainConnection({ ...peer, connected, trouble: foreign }, true, 0)).toMatch(
      /7 packets that came cannot be decrypted/,
    );
  });

  it('says what a player waits for', () => {
    const player = {
      ...peer,
      connected,
      request: { action: 'play', streamUrl: '/live/a' },
    } as const;
    expect(explainConnection(player, false, 0)).toMatch(/and waits: nobody publishes \/live\/a$/);
    expect(explainConnection(player, true, 0)).toMatch(/not encrypted$/);
  });
});
