import { accessRules, b0, block, list } from './build.ts';

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
