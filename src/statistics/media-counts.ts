import type { SessionColumn } from '../native/session-counters.ts';

/** Counters of sessions that are summed up for streams and protocols, beside their bytes. */
export const MEDIA_COLUMNS = [
  'video_frames',
  'audio_frames',
  'packets_lost',
  'packets_resent',
  'dropped',
  'skips',
  'wraps',
  'jumps',
  'steps_back',
  'reordered',
  'composition',
] as const satisfies readonly SessionColumn[];

export type MediaColumn = (typeof MEDIA_COLUMNS)[number];
export type MediaCounts = Record<MediaColumn, number>;

/** Kinds of time repairs; see `TimeRepairs` of `native/hub`. */
export const TIME_REPAIRS = [
  'wraps',
  'jumps',
  'steps_back',
  'reordered',
  'composition',
] as const satisfies readonly MediaColumn[];

export function noMediaCounts(): MediaCounts {
  return {
    video_frames: 0,
    audio_frames: 0,
    packets_lost: 0,
    packets_resent: 0,
    dropped: 0,
    skips: 0,
    wraps: 0,
    jumps: 0,
    steps_back: 0,
    reordered: 0,
    composition: 0,
  };
}
