import { randomInt } from 'node:crypto';
import { ServerError } from '../../errors/server-error.ts';
import { randomId } from '../../identity/random-id.ts';
import { SIGNATURE } from '../../identity/version.ts';
import type {
  WebrtcCertificateKey,
  WebrtcCodec,
  WebrtcMedia,
} from '../../native/boundary/webrtc.ts';
import {
  chooseForPlay,
  chooseForPublish,
  type NegotiatedCodec,
  type SourceTrack,
} from './codecs.ts';
import { areCredentials, type IceCredentials } from './ice.ts';
import type {
  ExtensionMapping,
  Fingerprint,
  MediaDescription,
  SessionDescription,
} from './sdp/description.ts';

/** What an answer is made from, beside the offer. */
export interface AnswerOptions {
  readonly role: 'publish' | 'play';
  /** `app/stream`, the media stream's id. */
  readonly streamId: string;
  readonly certificate: WebrtcCertificateKey;
  /** `sha-256 AB:CD:...` of that certificate. */
  readonly fingerprint: string;
  readonly credentials: IceCredentials;
  /** Values of `a=candidate`. */
  readonly candidates: readonly string[];
  /** What the server is when the offer leaves it the choice. */
  readonly dtlsRole: 'active' | 'passive';
  /** False: plain RTP without a handshake. */
  readonly dtls: boolean;
  readonly nack: boolean;
  readonly twcc: boolean;
  /** Values of `vcodec` (or `codec`) and `acodec`. */
  readonly videoWish?: string | undefined;
  readonly audioWish?: string | undefined;
  /** Why the audio of the stream cannot be played; its section is then given up. */
  readonly audioMissing?: string | undefined;
  /** Of the stream that is played; undefined while nobody publishes it. */
  readonly tracks?: { readonly video?: SourceTrack; readonly audio?: SourceTrack } | undefined;
}

/** An answer, and what the engine must know of both sides. */
export interface Answer {
  readonly sdp: string;
  readonly dtls: 'active' | 'passive' | 'off';
  readonly certificate: WebrtcCertificateKey;
  readonly remote: IceCredentials;
  readonly remoteFingerprints: readonly Fingerprint[];
  readonly media: readonly WebrtcMedia[];
}

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';
const ABS_CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

const EXTENSIONS = {
  publish: new Set([MID, RID, REPAIRED_RID, TRANSPORT_CC, ABS_SEND_TIME, ABS_CAPTURE_TIME]),
  play: new Set([MID, TRANSPORT_CC, ABS_SEND_TIME, ABS_CAPTURE_TIME, PLAYOUT_DELAY]),
} as const;

/** A media section of the offer, and what becomes of it. */
interface Section {
  readonly offered: MediaDescription;
  /** Undefined when it is given up. */
  readonly media: WebrtcMedia | undefined;
}

/**
 * Answers an offer: the first audio and the first video section that fit are taken, the others are given up.
 * @throws ServerError `SDP_NOT_ACCEPTABLE`, naming what is missing.
 */
export function answerOffer(offer: SessionDescription, options: AnswerOptions): Answer {
  checkBundle(offer);
  const sections = chooseSections(offer, options);
  const taken = sections.filter(({ media }) => media !== undefined);
  const [first] = taken;
  if (!first) {
    throw notAcceptable(whyNothing(offer, options));
  }
  const { offered } = first;
  const remote = { ufrag: offered.iceUfrag, pwd: offered.icePwd };
  if (!areCredentials(remote)) {
    throw notAcceptable('ice-ufrag or ice-pwd is missing or not valid');
  }
  if (options.dtls && offered.fingerprints.length === 0) {
    throw notAcceptable('no fingerprint with a known hash');
  }
  const dtls = options.dtls ? dtlsRole(offered, options.dtlsRole) : 'off';
  return {
    sdp: writeAnswer(sections, dtls, options),
    dtls,
    certificate: options.certificate,
    remote,
    remoteFingerprints: offered.fingerprints,
    media: taken.flatMap(({ media }) => media ?? []),
  };
}

function notAcceptable(why: string): ServerError {
  return new ServerError('SDP_NOT_ACCEPTABLE', why);
}

/** One transport for all media is the only way that is served (RFC 9143). */
function checkBundle({ bundle, media }: SessionDescription): void {
  if (bundle.length === 0) {
    throw notAcceptable('a=group:BUNDLE is missing');
  }
  for (const { kind, mid, port, rtcpMux, direction } of media) {
    const isMedia =
      (kind === 'audio' || kind === 'video') && direction !== 'inactive' && port !== 0;
    if (isMedia && !bundle.includes(mid)) {
      throw notAcceptable(`the ${kind} section is not bundled`);
    }
    if (isMedia && !rtcpMux) {
      throw notAcceptable(`a=rtcp-mux is missing in the ${kind} section`);
    }
  }
}

function chooseSections(offer: SessionDescription, options: AnswerOptions): readonly Section[] {
  const takenKinds = new Set<string>();
  const ids = new Map<number, string>();
  return offer.media.map((offered): Section => {
    const { kind, direction } = offered;
    const unwanted = direction === 'inactive' || takenKinds.has(kind);
    if ((kind !== 'audio' && kind !== 'video') || unwanted || !offer.bundle.includes(offered.mid)) {
      return { offered, media: undefined };
    }
    if (direction === (options.role === 'publish' ? 'recvonly' : 'sendonly')) {
      throw notAcceptable(
        `the ${kind} section is ${direction}, which does not fit ${options.role}`,
      );
    }
    const codec = chooseCodec(offered, options);
    if (!codec) {
      return { offered, media: undefined };
    }
    takenKinds.add(kind);
    return { offered, media: mediaOf(offered, kind, codec, ids, options) };
  });
}

function chooseCodec(
  offered: MediaDescription,
  { role, tracks, videoWish, audioWish, audioMissing }: AnswerOptions,
): NegotiatedCodec | undefined {
  if (role === 'publish') {
    return chooseForPublish(offered, offered.kind === 'audio' ? audioWish : videoWish);
  }
  if (offered.kind === 'audio' && audioMissing !== undefined) {
    return undefined;
  }
  const track = offered.kind === 'audio' ? tracks?.audio : tracks?.video;
  const codec = chooseForPlay(offered, track);
  if (!codec && track && offered.kind === 'video') {
    throw notAcceptable(`the stream is ${track.codec}, the player offers ${codecNames(offered)}`);
  }
  return codec;
}

function codecNames({ codecs }: MediaDescription): string {
  const names = new Set(
    codecs.map(({ name }) => name).filter((name) => !/^(rtx|red|ulpfec|flexfec.*)$/i.test(name)),
  );
  return [...names].slice(0, 10).join(', ') || 'none';
}

function whyNothing({ media }: SessionDescription, { role, audioMissing }: AnswerOptions): string {
  if (audioMissing !== undefined && media.some(({ kind }) => kind === 'audio')) {
    return audioMissing;
  }
  const sections = media.filter(({ kind }) => kind === 'audio' || kind === 'video');
  return sections.length === 0
    ? 'there is no audio or video section'
    : `no codec of the offer can be ${role === 'publish' ? 'published' : 'played'}: ${sections.map(codecNames).join('; ')}`;
}

function dtlsRole(
  offered: MediaDescription,
  preferred: 'active' | 'passive',
): 'active' | 'passive' {
  switch (offered.setup) {
    case 'passive':
      return 'active';
    case 'actpass':
      return preferred;
    default:
      return 'passive';
  }
}

function mediaOf(
  offered: MediaDescription,
  kind: 'audio' | 'video',
  { codec, rtxPayloadType, redPayloadType }: NegotiatedCodec,
  ids: Map<number, string>,
  options: AnswerOptions,
): WebrtcMedia {
  const plays = options.role === 'play';
  const offers = (feedback: string): boolean => codec.feedback.includes(feedback);
  const extensions = extensionsOf(offered, ids, options);
  const nack = options.nack && offers('nack');
  const transportCc =
    options.twcc && offers('transport-cc') && extensions.some(({ uri }) => uri === TRANSPORT_CC);
  const rtx = nack && kind === 'video' ? rtxPayloadType : undefined;
  return {
    mid: offered.mid,
    kind,
    direction: plays ? 'sendonly' : 'recvonly',
    codecs: [
      {
        payload_type: codec.payloadType,
        name: codec.name,
        clock_rate: codec.clockRate,
        channels: codec.channels,
        fmtp: codec.fmtp,
        ...(rtx === undefined ? {} : { rtx_payload_type: rtx }),
        ...(redPayloadType === undefined ? {} : { red_payload_type: redPayloadType }),
      },
    ],
    ...(plays ? { ssrc: randomSsrc(), cname: randomId(16) } : {}),
    ...(plays && rtx !== undefined ? { rtx_ssrc: randomSsrc() } : {}),
    rids: plays || kind === 'audio' ? [] : offered.sendRids,
    ssrcs: plays ? [] : offered.ssrcs,
    extensions,
    nack,
    pli: offers('nack pli'),
    fir: offers('ccm fir'),
    transport_cc: transportCc,
    goog_remb: plays && !transportCc && offers('goog-remb'),
    reference_time: !plays && offered.receiverRtt,
  };
}

/** 0 stands for "none" in some stacks, and small numbers for tests. */
function randomSsrc(): number {
  return randomInt(0x1000, 0xffff_ffff);
}

/**
 * Header extensions that the server has a use for, with the peer's numbers. Within a bundle one number means
 * one extension (RFC 9143 §9.1), which not all peers keep to: of two meanings the first is taken.
 */
function extensionsOf(
  offered: MediaDescription,
  ids: Map<number, string>,
  { role, twcc }: AnswerOptions,
): readonly ExtensionMapping[] {
  const taken: ExtensionMapping[] = [];
  for (const extension of offered.extensions) {
    const { id, uri } = extension;
    const wanted = EXTENSIONS[role].has(uri) && (twcc || uri !== TRANSPORT_CC);
    const meaning = ids.get(id);
    if (
      wanted &&
      (meaning === undefined || meaning === uri) &&
      !taken.some((one) => one.uri === uri)
    ) {
      ids.set(id, uri);
      taken.push(extension);
    }
  }
  return taken;
}

function writeAnswer(
  sections: readonly Section[],
  dtls: Answer['dtls'],
  options: AnswerOptions,
): string {
  const mids = sections.flatMap(({ media }) => media?.mid ?? []);
  const lines = [
    'v=0',
    `o=${SIGNATURE} ${randomInt(1, 2 ** 47)} 2 IN IP4 0.0.0.0`,
    `s=${options.role === 'publish' ? 'SRSPublishSession' : 'SRSPlaySession'}`,
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${mids.join(' ')}`,
    `a=msid-semantic: WMS ${options.streamId}`,
    ...sections.flatMap((section) => sectionLines(section, dtls, options)),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function sectionLines(
  { offered, media }: Section,
  dtls: Answer['dtls'],
  options: AnswerOptions,
): readonly string[] {
  if (!media) {
    // RFC 8829 §5.3.1: port zero, not bundled. Formats must be there, although they mean nothing.
    return [
      `m=${offered.kind} 0 ${offered.protocol} ${offered.formats.slice(0, 1).join(' ') || '0'}`,
      'c=IN IP4 0.0.0.0',
      ...(offered.mid === '' ? [] : [`a=mid:${offered.mid}`]),
      'a=inactive',
    ];
  }
  const [codec] = media.codecs;
  if (!codec) {
    return [];
  }
  const { payload_type: payloadType, rtx_payload_type: rtx, red_payload_type: red } = codec;
  const channels = codec.channels > 1 ? `/${codec.channels}` : '';
  return [
    `m=${media.kind} 9 ${offered.protocol} ${formatsOf(offered, codec).join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${options.credentials.ufrag}`,
    `a=ice-pwd:${options.credentials.pwd}`,
    ...(dtls === 'off' ? [] : [`a=fingerprint:${options.fingerprint}`, `a=setup:${dtls}`]),
    `a=mid:${media.mid}`,
    ...media.extensions.map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    `a=${media.direction}`,
    ...(media.direction === 'sendonly' ? [`a=msid:${trackId(media, options)}`] : []),
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...(media.reference_time ? ['a=rtcp-xr:rcvr-rtt=all'] : []),
    // First here too: some stacks take the order of these lines for that of the formats.
    ...(red === undefined
      ? []
      : [
          `a=rtpmap:${red} red/${codec.clock_rate}${channels}`,
          `a=fmtp:${red} ${payloadType}/${payloadType}`,
        ]),
    `a=rtpmap:${payloadType} ${codec.name}/${codec.clock_rate}${channels}`,
    ...feedbackOf(media).map((feedback) => `a=rtcp-fb:${payloadType} ${feedback}`),
    ...(codec.fmtp === '' ? [] : [`a=fmtp:${payloadType} ${codec.fmtp}`]),
    ...(rtx === undefined
      ? []
      : [`a=rtpmap:${rtx} rtx/${codec.clock_rate}`, `a=fmtp:${rtx} apt=${payloadType}`]),
    ...ridLines(media.rids),
    ...sourceLines(media, options),
    ...options.candidates.map((candidate) => `a=candidate:${candidate}`),
  ];
}

/** In the order of the offer: a sender uses the first one that it can, which makes RED its choice. */
function formatsOf(
  { formats }: MediaDescription,
  { payload_type, rtx_payload_type, red_payload_type }: WebrtcCodec,
): readonly number[] {
  const taken = [payload_type, rtx_payload_type, red_payload_type];
  return [...new Set(formats.map(Number))].filter((format) => taken.includes(format));
}

function feedbackOf({ nack, pli, fir, transport_cc, goog_remb }: WebrtcMedia): readonly string[] {
  return [
    ...(nack ? ['nack'] : []),
    ...(pli ? ['nack pli'] : []),
    ...(fir ? ['ccm fir'] : []),
    ...(transport_cc ? ['transport-cc'] : []),
    ...(goog_remb ? ['goog-remb'] : []),
  ];
}

/** RFC 8851 and RFC 8853: the layers that the peer sends are those that the server receives. */
function ridLines(rids: readonly string[]): readonly string[] {
  return rids.length === 0
    ? []
    : [...rids.map((rid) => `a=rid:${rid} recv`), `a=simulcast:recv ${rids.join(';')}`];
}

/** Media stream and track; the stream's id must be a token, so its slash becomes a dash. */
function trackId({ kind }: WebrtcMedia, { streamId }: AnswerOptions): string {
  return `${streamId} ${streamId.replaceAll('/', '-')}-${kind}`;
}

function sourceLines(media: WebrtcMedia, options: AnswerOptions): readonly string[] {
  const { ssrc, rtx_ssrc: rtx, cname = '' } = media;
  if (ssrc === undefined) {
    return [];
  }
  const msid = trackId(media, options);
  const [stream = '', track = ''] = msid.split(' ');
  const describe = (source: number): readonly string[] => [
    `a=ssrc:${source} cname:${cname}`,
    `a=ssrc:${source} msid:${msid}`,
    `a=ssrc:${source} mslabel:${stream}`,
    `a=ssrc:${source} label:${track}`,
  ];
  return rtx === undefined
    ? describe(ssrc)
    : [`a=ssrc-group:FID ${ssrc} ${rtx}`, ...describe(ssrc), ...describe(rtx)];
}
