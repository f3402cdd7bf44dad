/**
 * What the server reads of an SDP offer (RFC 8866), in the terms of JSEP (RFC 8829): one session of media
 * sections with their ICE, DTLS and RTP parameters. Session-level attributes are already inherited.
 */
export interface SessionDescription {
  /** Mids of the first `a=group:BUNDLE`; empty when there is none. */
  readonly bundle: readonly string[];
  readonly media: readonly MediaDescription[];
}

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface MediaDescription {
  /** `audio`, `video`, `application`, ... */
  readonly kind: string;
  /** 0 when the peer has given this section up. */
  readonly port: number;
  /** e.g. `UDP/TLS/RTP/SAVPF`. */
  readonly protocol: string;
  /** As in the m-line: payload types, or names of data formats. */
  readonly formats: readonly string[];
  /** Empty when there is none. */
  readonly mid: string;
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  /** The peer measures the round trip for who only receives (`a=rtcp-xr:rcvr-rtt`, RFC 3611 §5.1). */
  readonly receiverRtt: boolean;
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprints: readonly Fingerprint[];
  readonly setup: 'active' | 'passive' | 'actpass' | 'holdconn' | undefined;
  /** In the order of the m-line. */
  readonly codecs: readonly CodecDescription[];
  readonly extensions: readonly ExtensionMapping[];
  /** Layers that the peer sends, in the order of `a=simulcast`, or of `a=rid` where that is missing. */
  readonly sendRids: readonly string[];
  /** Sources in the order of their lines, without those that resend (`a=ssrc-group:FID`). */
  readonly ssrcs: readonly number[];
}

/** A certificate's fingerprint, RFC 8122. */
export interface Fingerprint {
  /** Lower case, e.g. `sha-256`. */
  readonly hash: string;
  /** Upper case pairs with colons. */
  readonly value: string;
}

export interface CodecDescription {
  readonly payloadType: number;
  /** Encoding name as the peer writes it, e.g. `H264`, `opus`. */
  readonly name: string;
  readonly clockRate: number;
  /** 1 when the peer does not say; 0 for video. */
  readonly channels: number;
  /** Of `a=fmtp`, without the payload type; empty when there is none. */
  readonly fmtp: string;
  /** Of `a=rtcp-fb`, e.g. `nack pli`. */
  readonly feedback: readonly string[];
}

/** RFC 8285. */
export interface ExtensionMapping {
  readonly id: number;
  readonly uri: string;
}

/** The parameters of an `a=fmtp`, names in lower case. */
export function fmtpParameters(fmtp: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of fmtp.split(';')) {
    const [name = '', value = ''] = split(part.trim(), '=');
    if (name !== '') {
      parameters.set(name.trim().toLowerCase(), value.trim());
    }
  }
  return parameters;
}

/** `text` before and after the first `separator`; without it, all of it and an empty rest. */
export function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
