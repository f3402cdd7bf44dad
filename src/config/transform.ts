import type { Directive } from './directive.ts';

/**
 * Old spellings of SRS 1 to 7 become new ones here, once, so that nothing behind this knows them.
 * Where a file has both, the new one counts.
 */

/** A directive while it is being rewritten. */
interface Draft {
  name: string;
  args: readonly string[];
  children: Draft[];
  isBlock: boolean;
  readonly file: string;
  readonly line: number;
}

/** @return a copy of the tree; the given one stays as it was written. */
export function replaceOldSpellings(root: Directive): Directive {
  const draft = copy(root);
  replaceInRoot(draft);
  for (const child of draft.children) {
    switch (child.name) {
      case 'vhost':
        replaceInVhost(child);
        break;
      case 'srt_server':
        rename(child, 'tlpkdrop', 'tlpktdrop');
        break;
      case 'stream_caster':
        moveInto(child, ['host'], 'sip', () => 'candidate');
        break;
    }
  }
  return draft;
}

/** What may stand in the root and belongs into `rtmp`. */
export const RTMP_NAMES_IN_ROOT = ['listen', 'chunk_size'] as const;

function replaceInRoot(root: Draft): void {
  rename(root, 'http_stream', 'http_server');
  moveInto(root, RTMP_NAMES_IN_ROOT, 'rtmp');
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

function replaceInVhost(vhost: Draft): void {
  rename(vhost, 'http', 'http_static');
  moveInto(vhost, PLAY_NAMES, 'play');
  moveInto(vhost, CLUSTER_NAMES, 'cluster');
  moveInto(vhost, ['publish_1stpkt_timeout', 'publish_normal_timeout'], 'publish', (name) =>
    name === 'publish_1stpkt_timeout' ? 'firstpkt_timeout' : 'normal_timeout',
  );
  spread(vhost, 'mr', 'publish', { enabled: 'mr', latency: 'mr_latency' });
  spread(vhost, 'nack', 'rtc', { enabled: 'nack', no_copy: 'nack_no_copy' });
  spread(vhost, 'twcc', 'rtc', { enabled: 'twcc' });
  replaceRefer(vhost);
  replaceForward(vhost);
  for (const rtc of vhost.children.filter(({ name }) => name === 'rtc')) {
    replaceInRtc(rtc);
  }
}

/** `refer A B;` and its two companions become one block. */
function replaceRefer(vhost: Draft): void {
  const old = take(
    vhost,
    ({ name, isBlock }) =>
      (name === 'refer' && !isBlock) || name === 'refer_play' || name === 'refer_publish',
  );
  const [first] = old;
  if (!first) {
    return;
  }
  const refer = blockNamed(vhost, 'refer', first);
  addMissing(refer, { ...first, name: 'enabled', args: ['on'] });
  for (const one of old) {
    addMissing(refer, {
      ...one,
      name: one.name === 'refer' ? 'all' : one.name.slice('refer_'.length),
    });
  }
}

/** `forward host:port ...;` becomes a block. */
function replaceForward(vhost: Draft): void {
  const old = take(
    vhost,
    ({ name, isBlock, args }) => name === 'forward' && !isBlock && args.length > 0,
  );
  const [first] = old;
  if (!first) {
    return;
  }
  const forward = blockNamed(vhost, 'forward', first);
  addMissing(forward, { ...first, name: 'enabled', args: ['on'] });
  addMissing(forward, { ...first, name: 'destination', args: old.flatMap(({ args }) => args) });
}

/** The words of the converter became switches. */
function replaceInRtc(rtc: Draft): void {
  for (const child of rtc.children) {
    if (child.name === 'aac') {
      child.name = 'rtmp_to_rtc';
      child.args = [child.args[0] === 'transcode' ? 'on' : 'off'];
    } else if (child.name === 'bframe') {
      child.name = 'keep_bframe';
      child.args = [child.args[0] === 'keep' ? 'on' : 'off'];
    }
  }
}

function copy(directive: Directive): Draft {
  return { ...directive, children: directive.children.map(copy) };
}

function rename(parent: Draft, from: string, to: string): void {
  for (const child of parent.children) {
    if (child.name === from) {
      child.name = to;
    }
  }
}

/** Moves children of these names into the block `into`, which is made when it is missing. */
function moveInto(
  parent: Draft,
  names: readonly string[],
  into: string,
  newName: (name: string) => string = (name) => name,
): void {
  const taken = take(parent, ({ name }) => names.includes(name));
  const [first] = taken;
  if (!first) {
    return;
  }
  const block = blockNamed(parent, into, first);
  for (const child of taken) {
    addMissing(block, { ...child, name: newName(child.name) });
  }
}

/** Moves the children of the block `from` into the block `into`, under new names. */
function spread(
  parent: Draft,
  from: string,
  into: string,
  newNames: Readonly<Record<string, string>>,
): void {
  // Of two blocks of one name the first counts, here as everywhere.
  const [old] = take(parent, ({ name }) => name === from);
  if (!old) {
    return;
  }
  const block = blockNamed(parent, into, old);
  for (const child of old.children) {
    // An unknown child keeps its name and is refused where all unknown ones are.
    addMissing(block, { ...child, name: newNames[child.name] ?? child.name });
  }
}

/** Removes and returns the children that match. */
function take(parent: Draft, matches: (child: Draft) => boolean): Draft[] {
  const taken = parent.children.filter(matches);
  parent.children = parent.children.filter((child) => !matches(child));
  return taken;
}

/** The first block of that name, made at the place of `like` when there is none. */
function blockNamed(parent: Draft, name: string, like: Draft): Draft {
  const found = parent.children.find((child) => child.name === name);
  if (found) {
    return found;
  }
  const { file, line } = like;
  const made: Draft = { name, args: [], children: [], isBlock: true, file, line };
  parent.children.push(made);
  return made;
}

function addMissing(block: Draft, child: Draft): void {
  if (!block.children.some(({ name }) => name === child.name)) {
    block.children.push({ ...child, isBlock: false });
  }
}
