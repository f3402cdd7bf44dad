import type { MillraceConfig, VhostConfig } from './millrace-config.ts';
import { parseSrtUrl } from './srt-url.ts';

/** IPv4, UDP and SRT headers of a packet. */
const HEADER_BYTES = 44;
/** With less no packet of MPEG-TS fits; with more no network carries it. */
const MIN_MSS = 244;
const MAX_MSS = 9000;
const TS_PACKET_BYTES = 188;

type Fail = (path: string, field: string, what: string, hint?: string) => never;

/** What libsrt would refuse, or take and then not work with. */
export function checkSrtServer({ srtServer }: MillraceConfig, fail: Fail): void {
  if (!srtServer.enabled) {
    return;
  }
  const { passphrase, pbkeylen, payloadSize, mss } = srtServer;
  const length = Buffer.byteLength(passphrase);
  if (length > 0 && (length < 10 || length > 79)) {
    fail('srt_server.passphrase', 'srtServer.passphrase', `has ${length} characters, not 10 to 79`);
  }
  if (![0, 16, 24, 32].includes(pbkeylen)) {
    fail('srt_server.pbkeylen', 'srtServer.pbkeylen', `${pbkeylen} is none of 0, 16, 24 and 32`);
  }
  if (mss < MIN_MSS || mss > MAX_MSS) {
    fail('srt_server.mss', 'srtServer.mss', `${mss} is not within ${MIN_MSS} to ${MAX_MSS}`);
  }
  if (payloadSize < TS_PACKET_BYTES || payloadSize > mss - HEADER_BYTES) {
    fail(
      'srt_server.payloadsize',
      'srtServer.payloadSize',
      `${payloadSize} is not within ${TS_PACKET_BYTES} to ${mss - HEADER_BYTES}`,
      '1316 are seven packets of MPEG-TS',
    );
  }
}

/** Urls of other SRT servers that `caster srt` pulls from. */
export function checkSrtInput(input: string, field: string, fail: Fail): void {
  checkUrl(input, 'stream_caster.input', `${field}.input`, fail);
}

/** Those among the destinations of `forward` that are of SRT. */
export function checkSrtDestinations({ forward }: VhostConfig, field: string, fail: Fail): void {
  for (const url of forward.enabled ? forward.destinations : []) {
    if (url.startsWith('srt:')) {
      checkUrl(url, 'vhost.forward.destination', `${field}.forward.destinations`, fail);
    }
  }
}

function checkUrl(url: string, path: string, field: string, fail: Fail) {
  const read = parseSrtUrl(url);
  if (typeof read === 'string') {
    fail(path, field, read, 'e.g. srt://host:10080?streamid=%23!::r=live/livestream,m=publish');
  }
}
