import type { CodecDescription, MediaDescription } from './sdp/description.ts';
import { fmtpParameters } from './sdp/description.ts';

/** Encoding names of RTP payload formats that the server can carry, by the codec names of tracks. */
const VIDEO_ENCODINGS: Readonly<Record<string, readonly string[]>> = {
  H264: ['H264'],
  H265: ['H265'],
  // AV1X was the name before the payload format was published.
  AV1: ['AV1', 'AV1X'],
  VP9: ['VP9'],
  VP8: ['VP8'],
};
/** Without a wish of the client. H.264 first: every output of the server can carry it. */
const VIDEO_PREFERENCE = ['H264', 'H265', 'AV1', 'VP9', 'VP8'] as const;
const AUDIO_ENCODINGS: Readonly<Record<string, readonly string[]>> = {
  Opus: ['opus'],
  PCMU: ['PCMU'],
  PCMA: ['PCMA'],
};
/** Of G.711, SRS takes mu-law first. */
const AUDIO_PREFERENCE = ['Opus', 'PCMU', 'PCMA'] as const;

/** What a client may ask for by `codec`, `vcodec` and `acodec`. */
const WISHES: ReadonlyMap<string, string> = new Map([
  ['h264', 'H264'],
  ['avc', 'H264'],
  ['hevc', 'H265'],
  ['h265', 'H265'],
  ['av1', 'AV1'],
  ['vp9', 'VP9'],
  ['vp8', 'VP8'],
  ['opus', 'Opus'],
  ['pcmu', 'PCMU'],
  ['pcma', 'PCMA'],
]);

/** A track of the source, as far as SDP has words for it. */
export interface SourceTrack {
  /** As in `stream_tracks`, e.g. `H264`, `Opus`. */
  readonly codec: string;
  /** profile_idc of H.264; 0 when not known. */
  readonly profile?: number;
}

/** A codec that offer and answer share. */
export interface NegotiatedCodec {
  readonly codec: CodecDescription;
  /** RFC 4588; undefined when the peer does not offer it. */
  readonly rtxPayloadType: number | undefined;
  /** RFC 2198; undefined when the peer does not prefer it. */
  readonly redPayloadType: number | undefined;
}

/**
 * The codec that a publisher is to send.
 * @param wish  value of `codec`, `vcodec` or `acodec`; undefined takes the server's order.
 * @return undefined when none that is offered fits.
 */
export function chooseForPublish(
  media: MediaDescription,
  wish: string | undefined,
): NegotiatedCodec | undefined {
  const wished = WISHES.get(wish?.toLowerCase() ?? '');
  const order = media.kind === 'audio' ? AUDIO_PREFERENCE : VIDEO_PREFERENCE;
  // A wish for the other kind of media (`codec=av1` of an audio section) is none.
  const names = wished !== undefined && encodingsOf(media.kind, wished) ? [wished] : order;
  for (const name of names) {
    const offered = offeredAs(media, name);
    const chosen = name === 'H264' ? publisherH264(offered) : offered[0];
    if (chosen) {
      return withRepair(media, chosen);
    }
  }
  return undefined;
}

/**
 * The codec in which a player gets a track.
 * @param track  undefined while nobody publishes, or the source has none of the kind: then H.264 and Opus.
 * @return undefined when the player does not offer what it takes.
 */
export function chooseForPlay(
  media: MediaDescription,
  track: SourceTrack | undefined,
): NegotiatedCodec | undefined {
  const name = media.kind === 'audio' ? audioNameFor(track) : (track?.codec ?? 'H264');
  const offered = offeredAs(media, name);
  const chosen = name === 'H264' ? playerH264(offered, track?.profile ?? 0) : offered[0];
  return chosen && withRepair(media, chosen);
}

/** Whether Opus must be made of it for players of WebRTC. */
export function isTranscoded({ codec }: SourceTrack): boolean {
  return AUDIO_ENCODINGS[codec] === undefined;
}

/** What audio of the source is sent as: RTP has no use for AAC or MP3, of which Opus is made. */
function audioNameFor(track: SourceTrack | undefined): string {
  return track && AUDIO_ENCODINGS[track.codec] ? track.codec : 'Opus';
}

/** The codec of a track, as `stream_tracks` names it, that goes by an encoding name; as it is if none does. */
export function trackCodecOf(encoding: string): string {
  const wanted = encoding.toLowerCase();
  const known = Object.entries({ ...VIDEO_ENCODINGS, ...AUDIO_ENCODINGS }).find(([, encodings]) =>
    encodings.some((name) => name.toLowerCase() === wanted),
  );
  return known?.[0] ?? encoding;
}

function encodingsOf(kind: string, name: string): readonly string[] | undefined {
  return (kind === 'audio' ? AUDIO_ENCODINGS : VIDEO_ENCODINGS)[name];
}

function offeredAs(media: MediaDescription, name: string): readonly CodecDescription[] {
  const encodings = encodingsOf(media.kind, name) ?? [];
  const wanted = encodings.map((encoding) => encoding.toLowerCase());
  const usable = media.codecs.filter((codec) => wanted.includes(codec.name.toLowerCase()));
  if (name === 'VP9') {
    // Profile 0 is what every decoder has; browsers list it first, others do not.
    const profileOf = ({ fmtp }: CodecDescription) => fmtpParameters(fmtp).get('profile-id') ?? '0';
    return [...usable].sort((a, b) => Number(profileOf(a)) - Number(profileOf(b)));
  }
  return usable;
}

interface H264 {
  readonly codec: CodecDescription;
  /** profile_idc and constraint flags in hexadecimal, e.g. `42e0`. */
  readonly profile: string;
  readonly mode: string;
  readonly asymmetric: boolean;
}

/** RFC 6184 §8.1; without a `profile-level-id` it is Baseline at level 1. */
function h264Of(codec: CodecDescription): H264 {
  const parameters = fmtpParameters(codec.fmtp);
  return {
    codec,
    profile: (parameters.get('profile-level-id') ?? '42000a').toLowerCase().slice(0, 4),
    mode: parameters.get('packetization-mode') ?? '0',
    asymmetric: parameters.get('level-asymmetry-allowed') === '1',
  };
}

/** As SRS: Constrained Baseline with mode 1 and level asymmetry, then the nearest to it. */
function publisherH264(offered: readonly CodecDescription[]): CodecDescription | undefined {
  const all = offered.map(h264Of);
  const good = ({ mode, asymmetric }: H264) => mode === '1' && asymmetric;
  const best =
    all.find((h264) => h264.profile === '42e0' && good(h264)) ??
    (all.some(({ profile }) => profile === '42e0') ? undefined : all.find(good)) ??
    all.find(({ mode }) => mode === '1') ??
    all[0];
  return best?.codec;
}

/**
 * Mode 1, because pictures are larger than packets, and the source's profile. Decoders mostly take more than
 * they say, so another profile is better than none.
 */
function playerH264(
  offered: readonly CodecDescription[],
  profileIdc: number,
): CodecDescription | undefined {
  const all = offered.map(h264Of).filter(({ mode }) => mode === '1');
  const wanted = profileIdc.toString(16).padStart(2, '0');
  const best =
    (profileIdc !== 0 && profileIdc !== 66
      ? all.find(({ profile }) => profile.startsWith(wanted))
      : undefined) ??
    all.find(({ profile }) => profile === '42e0') ??
    all[0];
  return best?.codec ?? offered[0];
}

/**
 * RED whose blocks are all of Opus, where the peer names it before Opus: it takes as much again. Browsers offer it
 * behind Opus unless a page wants it, and some stacks send it under the number of Opus then.
 */
function redOf(media: MediaDescription, opus: CodecDescription): CodecDescription | undefined {
  if (opus.name.toLowerCase() !== 'opus') {
    return undefined;
  }
  const before = media.codecs.slice(0, media.codecs.indexOf(opus));
  return before.find(({ name, clockRate, channels, fmtp }) => {
    const blocks = fmtp.split('/');
    return (
      name.toLowerCase() === 'red' &&
      clockRate === opus.clockRate &&
      channels === opus.channels &&
      blocks.length > 1 &&
      blocks.every((type) => type.trim() === `${opus.payloadType}`)
    );
  });
}

function withRepair(media: MediaDescription, codec: CodecDescription): NegotiatedCodec {
  const rtx = media.codecs.find(
    ({ name, fmtp }) =>
      name.toLowerCase() === 'rtx' && Number(fmtpParameters(fmtp).get('apt')) === codec.payloadType,
  );
  return {
    codec,
    rtxPayloadType: rtx?.payloadType,
    redPayloadType: redOf(media, codec)?.payloadType,
  };
}
