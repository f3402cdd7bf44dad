import { describe, expect, it } from 'vitest';
import type { Directive } from './directive.ts';
import { parseConfigText } from './parser.ts';
import { replaceOldSpellings } from './transform.ts';

/** The tree as text on one line, so that two of them compare at a glance. */
function textOf({ name, args, isBlock, children }: Directive): string {
  const words = [name, ...args].join(' ');
  return isBlock ? `${words} { ${children.map(textOf).join('')}} ` : `${words}; `;
}

function transformed(text: string): string {
  return replaceOldSpellings(parseConfigText(text)).children.map(textOf).join('').trim();
}

const PLAY_NAMES = [
  'time_jitter',
  'mix_correct',
  'atc',
  'atc_auto',
  'mw_latency',
  'gop_cache',
  'gop_cache_max_frames',
  'queue_length',
  'send_min_interval',
  'reduce_sequence_header',
];
const CLUSTER_NAMES = ['mode', 'origin', 'token_traverse', 'vhost', 'debug_srs_upnode'];

describe('old spellings', () => {
  it.each<[string, string, string]>([
    ['http_stream', 'http_stream { listen 80; }', 'http_server { listen 80; }'],
    ['root listen', 'listen 1935 1936;', 'rtmp { listen 1935 1936; }'],
    ['root chunk_size', 'listen 1; chunk_size 128;', 'rtmp { listen 1; chunk_size 128; }'],
    ['tlpkdrop', 'srt_server { tlpkdrop on; }', 'srt_server { tlpktdrop on; }'],
    ['caster host', 'stream_caster { host *; }', 'stream_caster { sip { candidate *; } }'],
    ['http', 'vhost v { http { dir d; } }', 'vhost v { http_static { dir d; } }'],
    [
      'refer',
      'vhost v { refer a b; refer_play c; refer_publish d; }',
      'vhost v { refer { enabled on; all a b; play c; publish d; } }',
    ],
    [
      'mr',
      'vhost v { mr { enabled on; latency 1; } }',
      'vhost v { publish { mr on; mr_latency 1; } }',
    ],
    [
      'publish timeouts',
      'vhost v { publish_1stpkt_timeout 1; publish_normal_timeout 2; }',
      'vhost v { publish { firstpkt_timeout 1; normal_timeout 2; } }',
    ],
    [
      'forward',
      'vhost v { forward a:1 b:2; }',
      'vhost v { forward { enabled on; destination a:1 b:2; } }',
    ],
    [
      'nack',
      'vhost v { nack { enabled off; no_copy off; } }',
      'vhost v { rtc { nack off; nack_no_copy off; } }',
    ],
    ['twcc', 'vhost v { twcc { enabled off; } }', 'vhost v { rtc { twcc off; } }'],
    [
      'rtc.aac',
      'vhost v { rtc { aac transcode; bframe keep; } }',
      'vhost v { rtc { rtmp_to_rtc on; keep_bframe on; } }',
    ],
    [
      'rtc.aac discard',
      'vhost v { rtc { aac discard; bframe discard; } }',
      'vhost v { rtc { rtmp_to_rtc off; keep_bframe off; } }',
    ],
    ...PLAY_NAMES.map((name): [string, string, string] => [
      name,
      `vhost v { ${name} x; }`,
      `vhost v { play { ${name} x; } }`,
    ]),
    ...CLUSTER_NAMES.map((name): [string, string, string] => [
      name,
      `vhost v { ${name} x; }`,
      `vhost v { cluster { ${name} x; } }`,
    ]),
  ])('%s', (_, old, expected) => {
    expect(transformed(old)).toBe(expected);
    expect(transformed(expected), 'the new spelling stays').toBe(expected);
  });

  it('lets the new spelling count where both are written', () => {
    expect(transformed('rtmp { listen 1; } listen 2; chunk_size 3;')).toBe(
      'rtmp { listen 1; chunk_size 3; }',
    );
    expect(transformed('vhost v { gop_cache on; play { gop_cache off; } }')).toBe(
      'vhost v { play { gop_cache off; } }',
    );
    expect(transformed('vhost v { refer a; refer { enabled off; all b; } }')).toBe(
      'vhost v { refer { enabled off; all b; } }',
    );
  });

  it('changes each vhost and nothing that is called the same elsewhere', () => {
    expect(transformed('vhost a { atc on; } vhost b { atc off; } http_api { listen 1; }')).toBe(
      'vhost a { play { atc on; } } vhost b { play { atc off; } } http_api { listen 1; }',
    );
  });

  it('keeps the line of what it moves, and the tree it was given', () => {
    const root = parseConfigText('\n\nlisten 1935;\n', 'x.conf');
    const [rtmp] = replaceOldSpellings(root).children;
    expect(rtmp?.children[0]).toMatchObject({ name: 'listen', file: 'x.conf', line: 3 });
    expect(root.children[0]?.name).toBe('listen');
  });

  it('moves a million directives in one pass', () => {
    const tree = replaceOldSpellings(parseConfigText('listen 1;'.repeat(1_000_000 / 9)));
    expect(tree.children).toHaveLength(1);
  });
});
