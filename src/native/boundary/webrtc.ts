import type { EndCode, EngineStreamKey, SessionId } from './names.ts';
import type { PlayOptions, PublishOptions } from './stream.ts';

/** A codec as negotiated, with the payload type that the peer's SDP gives it. */
export interface WebrtcCodec {
  readonly payload_type: number;
  /** Encoding name of its RTP payload format, e.g. `H264`, `opus`. */
  readonly name: string;
  readonly clock_rate: number;
  /** 0 for video. */
  readonly channels: number;
  /** Parameters as in `a=fmtp`, without the payload type. */
  readonly fmtp: string;
  /** RFC 4588; left out when it was not negotiated. */
  readonly rtx_payload_type?: number;
  /** RFC 2198: this codec with redundant copies of itself; left out when it was not negotiated. */
  readonly red_payload_type?: number;
}

/** One m-line of a WebRTC session, after offer and answer. */
export interface WebrtcMedia {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** From the server's side. */
  readonly direction: 'recvonly' | 'sendonly' | 'inactive';
  /** In order of preference; a player's first one is what it is sent. */
  readonly codecs: readonly WebrtcCodec[];
  /** Of a player's media: the server's own. */
  readonly ssrc?: number;
  readonly rtx_ssrc?: number;
  readonly cname?: string;
  /** Of a publisher's: the layers of its simulcast, as in `a=simulcast`. */
  readonly rids: readonly string[];
  /** Of a publisher's: the sources that its SDP names (`a=ssrc`), without those of RTX. */
  readonly ssrcs: readonly number[];
  readonly extensions: readonly { readonly id: number; readonly uri: string }[];
  readonly nack: boolean;
  readonly pli: boolean;
  readonly fir: boolean;
  readonly transport_cc: boolean;
  readonly goog_remb: boolean;
  /** Of a publisher's: it answers reference times (RFC 3611 §4.4), by which its round trip is known. */
  readonly reference_time: boolean;
}

/** ECDSA P-256, or RSA of 2048 bits. */
export type WebrtcCertificateKey = 'ecdsa' | 'rsa';

/** A WebRTC peer, described before its first packet comes. */
export interface WebrtcSessionOptions {
  /** Context id: 8 characters [0-9a-z]; empty lets the engine make one. */
  readonly cid: string;
  readonly role: 'publish' | 'play';
  readonly stream: EngineStreamKey;
  /** Of the client that asked, for `session_opened`. */
  readonly ip: string;
  /** Of the other end of its connection, or what a trusted proxy says: for `max_connections_per_address`. */
  readonly peer_ip: string;
  readonly local_ufrag: string;
  readonly local_pwd: string;
  readonly remote_ufrag: string;
  readonly remote_pwd: string;
  /** What the server is; `off` goes with plain RTP. */
  readonly dtls: 'active' | 'passive' | 'off';
  /** Which certificate the answer names. */
  readonly certificate: WebrtcCertificateKey;
  /** Encrypt what is sent; what comes is encrypted whenever there is DTLS. */
  readonly encrypt: boolean;
  /** The peer's certificate must fit one of them. */
  readonly remote_fingerprints: readonly { readonly hash: string; readonly value: string }[];
  /** Until the peer is connected. */
  readonly connect_timeout_ms: number;
  /** Without connectivity checks; `rtc.stun_timeout`. */
  readonly session_timeout_ms: number;
  /** `rtc.stun_strict_check`: refuse peers that say ICE-CONTROLLED. */
  readonly strict_check: boolean;
  /** In the order of the m-lines. */
  readonly media: readonly WebrtcMedia[];
  /** Of a publisher. */
  readonly publish?: PublishOptions;
  /** Of a player. */
  readonly play?: PlayOptions;
  /** Of a player: the layer of simulcast that it wants, a rid, `low` or `high`; left out: what its path takes. */
  readonly layer?: string;
  /** `rtc.keep_bframe`. */
  readonly keep_bframe: boolean;
  /** `rtc.keep_avc_nalu_sei`. */
  readonly keep_sei: boolean;
  /** `rtc.pli_for_rtmp`; 0 asks for no key frames but those that players ask for. */
  readonly pli_for_rtmp_ms: number;
  /** `rtc.nack_no_copy`. */
  readonly nack_no_copy: boolean;
  /** `rtc.rtc_to_rtmp`: make frames of what comes, for players of other protocols. */
  readonly rtc_to_rtmp: boolean;
  /** `rtc.drop_for_pt`; 0 drops nothing. */
  readonly drop_for_pt: number;
}

/** New ICE credentials of a session, RFC 8445 §9. */
export interface IceCredentials {
  readonly local_ufrag: string;
  readonly local_pwd: string;
  readonly remote_ufrag: string;
  readonly remote_pwd: string;
}

/** Media can flow: ICE and DTLS have come to their end. Told again when the peer has come to another path. */
export interface WebrtcConnected {
  readonly type: 'webrtc_connected';
  readonly session: SessionId;
  /** The peer's address. */
  readonly candidate: string;
  readonly protocol: 'udp' | 'tcp';
  /** e.g. `DTLSv1.2`; empty without DTLS. */
  readonly dtls_version: string;
  /** Name of RFC 5764 or RFC 7714; empty for plain RTP. */
  readonly srtp_profile: string;
}

/**
 * What is known of a peer that is not connected, or of a publisher that is and sends no media; told while it
 * is so, at most every five seconds, at the end of one that was never connected, and when media comes at last.
 */
export interface WebrtcTrouble {
  readonly type: 'webrtc_trouble';
  readonly session: SessionId;
  /** Connectivity checks with the right password. */
  readonly checks: number;
  /** Checks that named the session but had another password. */
  readonly bad_integrity: number;
  /** Address of the last check; empty when none came. */
  readonly from: string;
  readonly dtls: 'off' | 'waiting' | 'handshaking' | 'connected' | 'failed';
  /** RTP packets that came. */
  readonly packets: number;
  /** Packets that came with other keys, or broken. */
  readonly undecryptable: number;
  /** Of the last failure; `NONE` when there was none. */
  readonly code: EndCode;
}

/** The layers of a publisher's simulcast; told when one comes or goes, or its rate has clearly changed. */
export interface WebrtcLayers {
  readonly type: 'webrtc_layers';
  readonly session: SessionId;
  readonly layers: readonly WebrtcLayer[];
}

export interface WebrtcLayer {
  /** RFC 8852. */
  readonly rid: string;
  /** Of the last second; 0 while the publisher does not send it. */
  readonly bitrate_bps: number;
}

/** What a player is sent; not told while it is all of the only layer, and nothing else is wanted. */
export interface WebrtcSentLayer {
  readonly type: 'webrtc_sent_layer';
  readonly session: SessionId;
  /** The rid; empty without simulcast, and without video. */
  readonly layer: string;
  /** `thin`: without what no other picture refers to; `paused`: sound only, as the path takes no more. */
  readonly video: 'whole' | 'thin' | 'paused';
  /** A rid, `low` or `high`; empty for the best that fits. */
  readonly wanted: string;
}
