import { accessRules, b0, b1, block, list, seconds, text, tokenKeys, users } from './build.ts';

export const security = block(
  'security',
  'Who may publish and play, by address. Deny rules are tested first.',
  {
    enabled: b0('enabled', false, 'Whether addresses are tested; without any rule all are denied.'),
    allow: accessRules('allow', [], '`play|publish all|ip|cidr`, repeatable.'),
    deny: accessRules('deny', [], '`play|publish all|ip|cidr`, repeatable.'),
  },
  { effect: 'yes', reload: 'N', env: 'none' },
);

export const refer = block(
  'refer',
  'Which pages may hold the player, by the end of the host in pageUrl.',
  {
    enabled: b0('enabled', false, 'Whether pages are tested.'),
    all: list('all', [], 'Domains for publish and play; empty allows every page.'),
    publish: list('publish', [], 'Domains for publish.'),
    play: list('play', [], 'Domains for play.'),
  },
  { effect: 'yes', reload: 'N', env: 'none' },
);

export const auth = block(
  'auth',
  'Who may publish and play, by signed token or by user and password.',
  {
    enabled: b0('enabled', false, 'Whether tokens or users are asked for.'),
    publish: b1('publish', true, 'Whether publishers need one.'),
    play: b1('play', true, 'Whether players need one.'),
    tokenKeys: tokenKeys('token_key', [], '`ID SECRET`, repeatable; the first signs new tokens.'),
    tokenParam: text('token_param', 'token', 'Parameter of the query that holds a token.'),
    clockSkewMs: seconds('clock_skew', 5000, 'How far the clock of who makes tokens may be off.', {
      range: { min: 0, max: 3_600_000, outside: 'error' },
    }),
    users: users(
      'user',
      [],
      '`NAME HASH RIGHT...`, repeatable; a right is publish:PATTERN, play:PATTERN or all:PATTERN.',
    ),
  },
  { effect: 'yes', since: 'millrace', reload: 'N' },
);
