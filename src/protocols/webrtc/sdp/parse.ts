import { ServerError } from '../../../errors/server-error.ts';
import {
  type CodecDescription,
  type Direction,
  type ExtensionMapping,
  type Fingerprint,
  type MediaDescription,
  type SessionDescription,
  split,
} from './description.ts';

/** Longest SDP that is read, in characters: Chromium's offers of audio and video have 7000. */
export const MAX_SDP_LENGTH = 64 * 1024;
const MAX_MEDIA = 64;
/** Of one media section; what is beyond it is not needed and left out. */
const MAX_EXTENSIONS = 64;
const MAX_SOURCES = 64;
const MAX_RIDS = 16;
const MAX_FINGERPRINTS = 8;
const MAX_FEEDBACK = 16;
/** RFC 5888 §4 and RFC 8851 §10: tokens; the mid also goes into a header extension of 16 bytes or less. */
const TOKEN = /^[!#-'*+\-.0-9A-Z^-~]{1,64}$/i;
/** Digest lengths in bytes of the hashes of RFC 8122 that are still trusted. */
const HASHES: ReadonlyMap<string, number> = new Map([
  ['sha-1', 20],
  ['sha-224', 28],
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);

/**
 * Reads an SDP offer. Takes time in proportion to its length; attributes that the server has no use for are
 * passed over, also when they are broken.
 * @throws ServerError `SDP_TOO_LARGE`, `SDP_INVALID` naming the line.
 */
export function parseSdp(text: string): SessionDescription {
  if (text.length > MAX_SDP_LENGTH) {
    throw new ServerError('SDP_TOO_LARGE', `${text.length} characters, limit ${MAX_SDP_LENGTH}`);
  }
  const session = new MediaBuilder(undefined, ['session']);
  const sections: MediaBuilder[] = [];
  let bundle: readonly string[] = [];
  let number = 0;
  for (const line of lines(text)) {
    number += 1;
    if (line === '') {
      continue;
    }
    if (number === 1 && line !== 'v=0') {
      throw invalid(number, 'an SDP begins with v=0');
    }
    if (line.length < 2 || line[1] !== '=') {
      throw invalid(number, 'is not of the form type=value');
    }
    const value = line.slice(2);
    if (line[0] === 'm') {
      if (sections.length === MAX_MEDIA) {
        throw new ServerError('SDP_TOO_LARGE', `more than ${MAX_MEDIA} media sections`);
      }
      sections.push(new MediaBuilder(session, value.split(' '), number));
    } else if (line[0] === 'a') {
      const [name, rest] = split(value, ':');
      const section = sections.at(-1);
      if (section) {
        section.add(name, rest.trim(), number);
      } else if (name === 'group') {
        const [semantics, ...mids] = rest.trim().split(' ');
        bundle = semantics === 'BUNDLE' && bundle.length === 0 ? mids.slice(0, MAX_MEDIA) : bundle;
      } else {
        session.add(name, rest.trim(), number);
      }
    }
  }
  if (number === 0 || sections.length === 0) {
    throw new ServerError('SDP_INVALID', 'no media section');
  }
  const media = sections.map((section) => section.build());
  const mids = media.map(({ mid }) => mid).filter((mid) => mid !== '');
  if (new Set(mids).size !== mids.length) {
    throw new ServerError('SDP_INVALID', 'two media sections have one mid');
  }
  return { bundle, media };
}

/** Lines with any of the ends that are in use; RFC 8866 wants CRLF. */
function* lines(text: string): Generator<string> {
  for (let begin = 0; begin < text.length; ) {
    const end = text.indexOf('\n', begin);
    const stop = end < 0 ? text.length : end;
    yield text.slice(begin, stop).trimEnd();
    begin = stop + 1;
  }
}

function invalid(line: number, why: string): ServerError {
  return new ServerError('SDP_INVALID', `line ${line} ${why}`);
}

interface Codec {
  payloadType: number;
  name: string;
  clockRate: number;
  channels: number;
  fmtp: string;
  feedback: string[];
}

/** RFC 3551 §6: payload types that need no `a=rtpmap`. */
const STATIC_CODECS: Readonly<Record<number, string>> = { 0: 'PCMU/8000', 8: 'PCMA/8000' };

/** Collects the lines of one media section, or those before the first. */
class MediaBuilder {
  readonly #session: MediaBuilder | undefined;
  readonly #kind: string;
  readonly #port: number;
  readonly #protocol: string;
  readonly #formats: readonly string[];
  readonly #codecs = new Map<number, Codec>();
  readonly #feedbackForAll: string[] = [];
  readonly #extensions: ExtensionMapping[] = [];
  readonly #fingerprints: Fingerprint[] = [];
  readonly #sendRids: string[] = [];
  readonly #ssrcs = new Set<number>();
  readonly #resending = new Set<number>();
  #simulcast: string[] | undefined;
  #mid = '';
  #direction: Direction | undefined;
  #rtcpMux = false;
  #receiverRtt = false;
  #iceUfrag = '';
  #icePwd = '';
  #setup: MediaDescription['setup'];

  constructor(session: MediaBuilder | undefined, words: readonly string[], line = 0) {
    const [kind = '', port = '0', protocol = '', ...formats] = words;
    if (session && (!/^\d{1,5}(\/\d{1,5})?$/.test(port) || protocol === '')) {
      throw invalid(line, 'is not a media description');
    }
    this.#session = session;
    this.#kind = kind;
    this.#port = Number.parseInt(port, 10);
    this.#protocol = protocol;
    this.#formats = formats.filter((format) => format !== '').slice(0, 128);
    if (this.#hasCodecs) {
      for (const format of this.#formats) {
        if (!/^\d{1,3}$/.test(format) || Number(format) > 127) {
          throw invalid(line, `has the payload type ${format.slice(0, 20)}`);
        }
        this.#codecOf(format);
      }
    }
  }

  get #hasCodecs(): boolean {
    return this.#kind === 'audio' || this.#kind === 'video';
  }

  add(name: string, value: string, line: number): void {
    switch (name) {
      case 'mid':
        if (!TOKEN.test(value)) {
          throw invalid(line, 'has a mid that is no token');
        }
        this.#mid = value;
        break;
      case 'ice-ufrag':
        this.#iceUfrag = value;
        break;
      case 'ice-pwd':
        this.#icePwd = value;
        break;
      case 'fingerprint':
        this.#addFingerprint(value, line);
        break;
      case 'setup':
        if (['active', 'passive', 'actpass', 'holdconn'].includes(value)) {
          this.#setup = value as MediaDescription['setup'];
        }
        break;
      case 'sendrecv':
      case 'sendonly':
      case 'recvonly':
      case 'inactive':
        this.#direction = name;
        break;
      case 'rtcp-mux':
        this.#rtcpMux = true;
        break;
      case 'rtcp-xr':
        this.#receiverRtt ||= /(^| )rcvr-rtt=/.test(value);
        break;
      case 'rtpmap':
        this.#addMapping(value, line);
        break;
      case 'fmtp': {
        const [format, fmtp] = split(value, ' ');
        const codec = this.#codecOf(format);
        if (codec) {
          codec.fmtp = fmtp.trim();
        }
        break;
      }
      case 'rtcp-fb':
        this.#addFeedback(value);
        break;
      case 'extmap':
        this.#addExtension(value);
        break;
      case 'rid': {
        const [id = '', direction] = value.split(' ');
        if (direction === 'send' && TOKEN.test(id) && this.#sendRids.length < MAX_RIDS) {
          this.#sendRids.push(id);
        }
        break;
      }
      case 'simulcast':
        this.#simulcast ??= simulcastSend(value);
        break;
      case 'ssrc': {
        const ssrc = ssrcOf(value);
        if (ssrc !== undefined && this.#ssrcs.size < MAX_SOURCES) {
          this.#ssrcs.add(ssrc);
        }
        break;
      }
      case 'ssrc-group': {
        const [semantics, , ...repairs] = value.split(' ').slice(0, MAX_SOURCES);
        for (const ssrc of semantics === 'FID' || semantics === 'FEC-FR' ? repairs : []) {
          this.#resending.add(Number(ssrc));
        }
        break;
      }
      default:
    }
  }

  build(): MediaDescription {
    const session = this.#session ?? this;
    const described = new Set(this.#sendRids);
    const order = this.#simulcast?.filter((rid) => described.has(rid)) ?? this.#sendRids;
    return {
      kind: this.#kind,
      port: this.#port,
      protocol: this.#protocol,
      formats: this.#formats,
      mid: this.#mid,
      direction: this.#direction ?? session.#direction ?? 'sendrecv',
      rtcpMux: this.#rtcpMux,
      receiverRtt: this.#receiverRtt || session.#receiverRtt,
      iceUfrag: this.#iceUfrag || session.#iceUfrag,
      icePwd: this.#icePwd || session.#icePwd,
      fingerprints: this.#fingerprints.length > 0 ? this.#fingerprints : session.#fingerprints,
      setup: this.#setup ?? session.#setup,
      codecs: this.#builtCodecs(),
      extensions: this.#extensions,
      sendRids: [...new Set(order)],
      ssrcs: [...this.#ssrcs].filter((ssrc) => !this.#resending.has(ssrc)),
    };
  }

  #builtCodecs(): readonly CodecDescription[] {
    return [...this.#codecs.values()]
      .filter(({ name }) => name !== '')
      .map((codec) => ({ ...codec, feedback: [...codec.feedback, ...this.#feedbackForAll] }));
  }

  /** The codec of a payload type that the m-line lists. */
  #codecOf(format: string): Codec | undefined {
    if (!this.#hasCodecs || !/^\d{1,3}$/.test(format)) {
      return undefined;
    }
    const payloadType = Number(format);
    let codec = this.#codecs.get(payloadType);
    if (!codec && this.#formats.includes(format)) {
      codec = { payloadType, name: '', clockRate: 0, channels: 0, fmtp: '', feedback: [] };
      this.#codecs.set(payloadType, codec);
      const known = STATIC_CODECS[payloadType];
      if (known !== undefined) {
        this.#setMapping(codec, known);
      }
    }
    return codec;
  }

  #addMapping(value: string, line: number): void {
    const [format, mapping] = split(value, ' ');
    const codec = this.#codecOf(format);
    if (codec && !this.#setMapping(codec, mapping.trim())) {
      throw invalid(line, 'is not an rtpmap');
    }
  }

  #setMapping(codec: Codec, mapping: string): boolean {
    const match = /^([\w.+-]{1,32})\/(\d{1,6})(?:\/(\d{1,2}))?$/.exec(mapping);
    const [, name, clockRate, channels] = match ?? [];
    if (name === undefined || Number(clockRate) === 0) {
      return false;
    }
    codec.name = name;
    codec.clockRate = Number(clockRate);
    codec.channels = this.#kind === 'audio' ? Number(channels ?? 1) : 0;
    return true;
  }

  #addFeedback(value: string): void {
    const [format, feedback] = split(value, ' ');
    const list = format === '*' ? this.#feedbackForAll : this.#codecOf(format)?.feedback;
    if (list && list.length < MAX_FEEDBACK && feedback !== '') {
      list.push(feedback.trim());
    }
  }

  #addExtension(value: string): void {
    const [, id, uri] = /^(\d{1,3})(?:\/[a-z]+)? (\S{1,256})/.exec(value) ?? [];
    const number = Number(id);
    // RFC 8285 §4.2 and §4.3: 1 to 14 in one byte, up to 255 in two; 15 is reserved.
    const usable = number >= 1 && number <= 255 && number !== 15;
    if (uri !== undefined && usable && this.#extensions.length < MAX_EXTENSIONS) {
      this.#extensions.push({ id: number, uri });
    }
  }

  #addFingerprint(value: string, line: number): void {
    const [hash, digest] = split(value, ' ');
    const length = HASHES.get(hash.toLowerCase());
    if (length === undefined) {
      return; // another one may follow that is known
    }
    if (digest.length !== length * 3 - 1 || !/^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i.test(digest)) {
      throw invalid(line, 'is not a fingerprint');
    }
    if (this.#fingerprints.length < MAX_FINGERPRINTS) {
      this.#fingerprints.push({ hash: hash.toLowerCase(), value: digest.toUpperCase() });
    }
  }
}

/** The streams of `send`, of alternatives the first; `~` marks one that begins paused (RFC 8853 §5.1). */
function simulcastSend(value: string): string[] | undefined {
  const words = value.split(' ');
  const at = words.indexOf('send');
  return at < 0
    ? undefined
    : (words[at + 1] ?? '')
        .split(';')
        .slice(0, MAX_RIDS)
        .map((alternatives) => (alternatives.split(',')[0] ?? '').replace(/^~/, ''));
}

function ssrcOf(value: string): number | undefined {
  const digits = /^\d{1,10}(?= |$)/.exec(value)?.[0];
  const ssrc = Number(digits);
  return digits !== undefined && ssrc <= 0xffff_ffff ? ssrc : undefined;
}
