import { describe, expect, it } from 'vitest';
import type { AccessRule } from '../config/millrace-config.ts';
import { type Action, checkAccess } from './access-rules.ts';

function rules(...lines: string[]): AccessRule[] {
  return lines.map((line) => {
    const [action, from = ''] = line.split(' ');
    return { action: action as Action, from };
  });
}

function check(allow: string[], deny: string[], ip: string, action: Action = 'publish') {
  const security = { enabled: true, allow: rules(...allow), deny: rules(...deny) };
  try {
    checkAccess(security, action, ip);
    return 'admitted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('checkAccess', () => {
  it('admits everybody when it is off', () => {
    expect(() =>
      checkAccess({ enabled: false, allow: [], deny: rules('publish all') }, 'publish', '1.2.3.4'),
    ).not.toThrow();
  });

  it.each<[string, string[], string[], string, Action, string]>([
    ['no rule at all', [], [], '1.2.3.4', 'publish', 'SECURITY_NO_RULE'],
    ['deny all', [], ['publish all'], '1.2.3.4', 'publish', 'SECURITY_DENIED'],
    ['deny of the other action', [], ['play all'], '1.2.3.4', 'publish', 'admitted'],
    [
      'deny before allow',
      ['publish all'],
      ['publish 1.2.3.4'],
      '1.2.3.4',
      'publish',
      'SECURITY_DENIED',
    ],
    ['only deny rules', [], ['publish 9.9.9.9'], '1.2.3.4', 'publish', 'admitted'],
    ['allow that matches', ['publish 1.2.3.4'], [], '1.2.3.4', 'publish', 'admitted'],
    [
      'allow that does not match',
      ['publish 1.2.3.5'],
      [],
      '1.2.3.4',
      'publish',
      'SECURITY_NOT_ALLOWED',
    ],
    ['allow of the other action', ['play all'], [], '1.2.3.4', 'publish', 'SECURITY_NOT_ALLOWED'],
    ['network', ['publish 10.0.0.0/8'], [], '10.255.1.2', 'publish', 'admitted'],
    [
      'outside the network',
      ['publish 10.0.0.0/8'],
      [],
      '11.0.0.1',
      'publish',
      'SECURITY_NOT_ALLOWED',
    ],
    ['network of everything', ['play 0.0.0.0/0'], [], '8.8.8.8', 'play', 'admitted'],
    [
      'IPv4 in IPv6 notation',
      [],
      ['publish 1.2.3.4'],
      '::ffff:1.2.3.4',
      'publish',
      'SECURITY_DENIED',
    ],
    ['IPv6', ['publish 2001:db8::/32'], [], '2001:db8::1', 'publish', 'admitted'],
    [
      'IPv6 against IPv4 rule',
      ['publish 0.0.0.0/0'],
      [],
      '2001:db8::1',
      'publish',
      'SECURITY_NOT_ALLOWED',
    ],
  ])('%s', (_, allow, deny, ip, action, expected) => {
    expect(check(allow, deny, ip, action)).toBe(expected);
  });
});
