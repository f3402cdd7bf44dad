import type { MillraceConfig } from '../../config/millrace-config.ts';
import type { PlayOptions, PublishOptions } from '../../native/boundary/stream.ts';
import type { WebrtcSessionOptions } from '../../native/boundary/webrtc.ts';
import type { AdmissionRequest } from '../admission.ts';
import { playOptions } from '../play-options.ts';
import { publishOptions } from '../publish-options.ts';
import type { Answer } from './answer.ts';
import type { IceCredentials } from './ice.ts';

/** What the engine is told of a peer. */
export function sessionOptions(
  config: MillraceConfig,
  request: AdmissionRequest,
  answer: Answer,
  local: IceCredentials,
  encrypt: boolean,
  layer?: string,
): WebrtcSessionOptions {
  const { rtc } = request.vhost;
  return {
    cid: request.clientId,
    role: request.action,
    stream: request.streamUrl,
    ip: request.ip,
    peer_ip: request.peerIp,
    local_ufrag: local.ufrag,
    local_pwd: local.pwd,
    remote_ufrag: answer.remote.ufrag,
    remote_pwd: answer.remote.pwd,
    dtls: answer.dtls,
    certificate: answer.certificate,
    encrypt: encrypt && answer.dtls !== 'off',
    remote_fingerprints: answer.remoteFingerprints,
    connect_timeout_ms: config.millrace.webrtcConnectTimeoutMs,
    session_timeout_ms: rtc.stunTimeoutMs,
    strict_check: rtc.stunStrictCheck,
    media: answer.media,
    ...(request.action === 'publish'
      ? { publish: webrtcPublishOptions(config, request) }
      : { play: webrtcPlayOptions(request), ...(layer === undefined ? {} : { layer }) }),
    keep_bframe: rtc.keepBframe,
    keep_sei: rtc.keepAvcNaluSei,
    pli_for_rtmp_ms: rtc.rtcToRtmp ? rtc.pliForRtmpMs : 0,
    nack_no_copy: rtc.nackNoCopy,
    rtc_to_rtmp: rtc.rtcToRtmp,
    drop_for_pt: rtc.dropForPt,
  };
}

/** Without `rtc_to_rtmp` nothing but WebRTC players gets the stream. */
function webrtcPublishOptions(config: MillraceConfig, request: AdmissionRequest): PublishOptions {
  const options = publishOptions(config, request);
  const { rtcToRtmp } = request.vhost.rtc;
  return {
    ...options,
    audio: { ...options.audio, plain_as_aac: rtcToRtmp },
    outputs: rtcToRtmp ? options.outputs : {},
  };
}

/** Players of WebRTC never wait so that one write carries more: SRS's `min_latency` is on for them. */
function webrtcPlayOptions(request: AdmissionRequest): PlayOptions {
  return { ...playOptions(request, 0), mw_latency_ms: 0, mw_msgs: 0, min_latency: true };
}
