/** Profiles and levels as people and the API name them. What is not known is `Other`. */

const OTHER = 'Other';

/** H.264 profile_idc; ITU-T H.264 A.2. */
const H264_PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High10',
  122: 'High422',
  244: 'High444',
};

/** HEVC general_profile_idc; ITU-T H.265 A.3. */
const H265_PROFILES: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'Main10',
  3: 'MainStillPicture',
  4: 'Rext',
};

/** AV1 seq_profile; AV1 A.2. */
const AV1_PROFILES: Readonly<Record<number, string>> = { 0: 'Main', 1: 'High', 2: 'Professional' };

/** MPEG-4 audio object types; ISO/IEC 14496-3 table 1.17. */
const AAC_PROFILES: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'LC',
  3: 'SSR',
  5: 'HE',
  29: 'HEv2',
};

/**
 * @param codec  name of the codec as the engine reports it, e.g. `H264`.
 * @param profile  its number in the codec's own header.
 */
export function videoProfileName(codec: string, profile: number): string {
  switch (codec) {
    case 'H264':
      return H264_PROFILES[profile] ?? OTHER;
    case 'H265':
      return H265_PROFILES[profile] ?? OTHER;
    case 'AV1':
      return AV1_PROFILES[profile] ?? OTHER;
    case 'VP9':
      return `Profile${profile}`;
    default:
      return OTHER;
  }
}

/** `31` of H.264 and `93` of HEVC are both `3.1`. */
export function videoLevelName(codec: string, level: number): string {
  switch (codec) {
    case 'H264':
    case 'VP9':
      return level === 0 ? OTHER : dotted(level / 10);
    case 'H265':
      // general_level_idc is 30 times the level; ITU-T H.265 A.4.
      return level === 0 ? OTHER : dotted(level / 30);
    case 'AV1':
      // seq_level_idx counts 2.0, 2.1, 2.2, 2.3, 3.0 and so on; AV1 A.3.
      return level <= 23 ? `${2 + Math.floor(level / 4)}.${level % 4}` : OTHER;
    default:
      return OTHER;
  }
}

export function audioProfileName(codec: string, profile: number): string {
  return codec === 'AAC' ? (AAC_PROFILES[profile] ?? OTHER) : OTHER;
}

/** Whole levels are written with one word, as SRS: `4`, but `3.1`. */
function dotted(level: number): string {
  return String(Math.round(level * 10) / 10);
}
