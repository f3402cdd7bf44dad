// Generated from schema/errors.json by scripts/generate-errors.mjs. Do not edit.
// clang-format off
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace millrace {

/// What went wrong. The value is the number of the error table; numbers are never reused.
enum class ErrorCode : uint16_t {
  kNone = 0,  ///< no error, where a field must hold something: a session that ended as it should
  kSocketRead = 1007,  ///< reading from a socket failed
  kSocketWrite = 1009,  ///< writing to a socket failed
  kTimedOut = 1011,  ///< the time limit has passed
  kConfigInvalid = 1023,  ///< configuration is not valid
  kStreamBusy = 1028,  ///< another peer publishes this stream
  kPidFileUnusable = 1034,  ///< the pid file cannot be written
  kAlreadyRunning = 1035,  ///< another server runs with this pid file
  kSecurityNoRule = 1052,  ///< no rule of the security section allows this peer
  kSecurityDenied = 1053,  ///< a deny rule of the security section names this peer
  kSecurityNotAllowed = 1054,  ///< no allow rule of the security section names this peer
  kRpcUnknown = 1060,  ///< unknown rpc of the raw API
  kRawApiDisabled = 1061,  ///< the raw API is off
  kKicked = 1070,  ///< the session was ended by an operator
  kLimitConnections = 1074,  ///< too many connections
  kExporterDisabled = 1090,  ///< the metrics exporter is off
  kListenFailed = 1100,  ///< cannot listen on an address
  kPortInUse = 1101,  ///< the port is taken
  kInvalidArgument = 1102,  ///< an argument is not valid
  kNotRunning = 1103,  ///< the server is not running
  kOutOfDescriptors = 1104,  ///< no file descriptor is left
  kCancelled = 1105,  ///< the work was given up before it was done
  kIoError = 1106,  ///< a system call failed
  kPeerClosed = 1107,  ///< the peer closed the connection
  kSlowReader = 1108,  ///< the peer read too slowly for too long
  kIdleTimeout = 1109,  ///< nothing came from the peer for too long
  kNameInvalid = 1110,  ///< a name has characters or a length that are not allowed
  kAdmissionTimeout = 1111,  ///< no decision about this publish or play came in time
  kAdmissionRefused = 1112,  ///< this publish or play was refused
  kShuttingDown = 1113,  ///< the server is stopping
  kOutOfMemory = 1114,  ///< a memory budget is used up
  kQueueFull = 1115,  ///< a bounded queue is full
  kUnsupported = 1116,  ///< the peer asks for something that is not supported
  kInternal = 1117,  ///< a fault of the server itself
  kNotFound = 1118,  ///< there is nothing of this name
  kPublisherGone = 1119,  ///< the publisher of this stream has gone
  kLimitStreams = 1120,  ///< too many streams
  kLogFileUnusable = 1121,  ///< the log file cannot be written
  kWorkDirUnusable = 1122,  ///< the working directory cannot be entered
  kAddonUnusable = 1123,  ///< the native part cannot be loaded
  kDaemonFailed = 1124,  ///< the background process ended before it was up
  kTlsBadCertificate = 1130,  ///< certificate or private key cannot be used
  kTlsHandshakeFailed = 1131,  ///< the TLS handshake failed
  kTlsProtocolError = 1132,  ///< a TLS record is not valid
  kCredentialsMissing = 1140,  ///< a token or a user with a password is needed
  kCredentialsWrong = 1141,  ///< user or password is wrong
  kTokenInvalid = 1142,  ///< the token is not valid
  kTokenExpired = 1143,  ///< the token is not valid at this time
  kRightMissing = 1144,  ///< token or user does not allow this
  kAttemptsTooMany = 1145,  ///< too many wrong passwords from this address
  kUnexpectedEnd = 1150,  ///< the bytes end before the structure does
  kValueOutOfRange = 1151,  ///< a field has a value that its specification does not allow
  kTooLarge = 1152,  ///< a structure is longer than the limit
  kProxyHeaderInvalid = 1160,  ///< the PROXY protocol header is missing or not valid
  kLimitAddressConnections = 1161,  ///< too many connections from one address
  kLimitStreamPlayers = 1162,  ///< too many players of one stream
  kRtmpTcUrlMissing = 2005,  ///< connect has no tcUrl
  kRtmpTcUrlInvalid = 2006,  ///< tcUrl is not an RTMP URL
  kVhostUnknown = 2014,  ///< there is no such vhost, or it is off
  kRefererDenied = 2015,  ///< the page address is not allowed
  kEdgeModeChanged = 2023,  ///< cluster mode cannot change while running
  kStreamNotFound = 2048,  ///< there is no such stream
  kClientNotFound = 2049,  ///< there is no such client
  kStreamNameEmpty = 2051,  ///< the stream name is empty
  kKickedForIdle = 2056,  ///< nobody played what the publisher sent for too long
  kRtspTransportUnsupported = 2057,  ///< RTSP transport is not supported
  kRtmpHandshakeVersion = 2100,  ///< RTMP version in C0 or S0 is not supported
  kRtmpHandshakeDigest = 2101,  ///< RTMP handshake digest does not match
  kRtmpHandshakeTimeout = 2102,  ///< RTMP handshake took too long
  kRtmpMessageTooLarge = 2103,  ///< RTMP message longer than the limit
  kRtmpHandshakeEcho = 2104,  ///< C2 or S2 does not repeat what was sent
  kRtmpChunkSizeInvalid = 2105,  ///< RTMP chunk size outside the allowed range
  kRtmpChunkStreamsTooMany = 2106,  ///< too many RTMP chunk streams
  kRtmpUnfinishedTooLarge = 2107,  ///< too many bytes of unfinished RTMP messages
  kRtmpMessageMalformed = 2108,  ///< RTMP message is malformed
  kRtmpCommandMalformed = 2109,  ///< RTMP command is malformed
  kRtmpCommandUnexpected = 2110,  ///< RTMP command does not fit the state of the session
  kRtmpChunkMalformed = 2111,  ///< RTMP chunk header is malformed
  kRtmpMessageUnexpected = 2112,  ///< RTMP message does not fit the state of the session
  kRtmpAggregateMalformed = 2113,  ///< sizes inside an RTMP aggregate message do not add up
  kRtmpMetadataTooLarge = 2114,  ///< RTMP metadata longer than the limit
  kRtmpStreamsTooMany = 2115,  ///< too many RTMP message streams on one connection
  kRtmpPeerRefused = 2116,  ///< the other server refused the RTMP command
  kAmfTooDeep = 2150,  ///< AMF value is nested too deeply
  kAmfTruncated = 2151,  ///< AMF value ends too early
  kAmfTypeUnknown = 2152,  ///< AMF type marker is not known
  kAmfTooLarge = 2153,  ///< AMF value has too many parts
  kAmfTypeUnexpected = 2154,  ///< AMF value has another type than the command asks for
  kAmfReferenceInvalid = 2155,  ///< AMF reference points at nothing
  kFlvTagTooLarge = 2200,  ///< FLV tag longer than the limit
  kFlvBackPointerMismatch = 2201,  ///< FLV PreviousTagSize does not match the tag
  kFlvHeaderInvalid = 2202,  ///< FLV file header is not valid
  kFlvTagMalformed = 2203,  ///< FLV tag header or body is malformed
  kFlvCodecUnsupported = 2204,  ///< codec in FLV is not supported
  kFlvPacketTypeUnknown = 2205,  ///< enhanced FLV packet type is not known
  kFlvSequenceHeaderMissing = 2206,  ///< coded frames came before their sequence header
  kFlvMetadataTooLarge = 2207,  ///< onMetaData longer than the limit
  kTsSyncLost = 2300,  ///< MPEG-TS sync byte is missing
  kTsAdaptationFieldInvalid = 2301,  ///< MPEG-TS adaptation field is longer than its packet
  kTsSectionMalformed = 2302,  ///< PSI section is malformed
  kTsSectionCrcMismatch = 2303,  ///< CRC_32 of a PSI section does not match
  kTsPidsTooMany = 2304,  ///< too many PIDs in one stream
  kTsPesTooLarge = 2305,  ///< PES packet longer than the limit
  kTsPesMalformed = 2306,  ///< PES packet header is malformed
  kTsContinuityGap = 2307,  ///< MPEG-TS continuity counter jumped
  kTsStreamTypeUnsupported = 2308,  ///< stream_type in the PMT is not supported
  kTsNoSync = 2309,  ///< no MPEG-TS packets in the first bytes
  kPsPackMalformed = 2350,  ///< MPEG-PS pack header is malformed
  kPsSystemHeaderMalformed = 2351,  ///< MPEG-PS system header is malformed
  kPsPsmMalformed = 2352,  ///< MPEG-PS program stream map is malformed
  kMp4BoxMalformed = 2400,  ///< ISO base media box is malformed
  kMp4BoxTooLarge = 2401,  ///< ISO base media box longer than the limit
  kMp4BoxTooDeep = 2402,  ///< ISO base media boxes are nested too deeply
  kMp4TrackUnsupported = 2403,  ///< sample entry is not supported
  kFmp4FragmentMalformed = 2410,  ///< fragment does not fit its initialization segment
  kHttpHeadTooLarge = 2500,  ///< HTTP head longer than the limit
  kHttpMalformed = 2501,  ///< HTTP message is malformed
  kHttpTimeout = 2502,  ///< HTTP request took too long
  kHttpNotFound = 2503,  ///< nothing at this address
  kHttpMethodNotAllowed = 2504,  ///< HTTP method is not allowed here
  kHttpBodyTooLarge = 2505,  ///< HTTP body longer than the limit
  kHttpUrlTooLong = 2506,  ///< request target longer than the limit
  kHttpRangeNotSatisfiable = 2507,  ///< no byte of the range exists
  kHttpLengthAmbiguous = 2508,  ///< Content-Length and Transfer-Encoding disagree
  kHttpForbidden = 2509,  ///< not allowed
  kHttpUnauthorized = 2510,  ///< credentials are missing or wrong
  kHttpPathInvalid = 2511,  ///< path is not valid
  kHttpVersionUnsupported = 2512,  ///< HTTP version is not supported
  kHttpResponseFailed = 2513,  ///< the other server answered with an error
  kWebsocketHandshakeInvalid = 2580,  ///< WebSocket upgrade is not valid
  kWebsocketFrameMalformed = 2581,  ///< WebSocket frame is malformed
  kWebsocketFrameTooLarge = 2582,  ///< WebSocket message longer than the limit
  kWebsocketUnmasked = 2583,  ///< WebSocket client frame is not masked
  kHlsPlaylistNotReady = 2600,  ///< the playlist has no segment yet
  kHlsSegmentGone = 2601,  ///< the segment has left the window
  kHlsSessionsTooMany = 2602,  ///< too many HLS sessions
  kHlsBlockingReloadInvalid = 2603,  ///< _HLS_msn or _HLS_part is not valid
  kHlsWriteFailed = 2604,  ///< a segment could not be written
  kHlsPlaylistInvalid = 2605,  ///< the playlist on disk cannot be continued
  kDashManifestNotReady = 2700,  ///< the manifest has no segment yet
  kDashSegmentGone = 2701,  ///< the segment has left the window
  kRtspMalformed = 2800,  ///< RTSP message is malformed
  kRtspHeadTooLarge = 2801,  ///< RTSP head longer than the limit
  kRtspMethodInvalidInState = 2802,  ///< RTSP method does not fit the state of the session
  kRtspSessionNotFound = 2803,  ///< there is no such RTSP session
  kH264ParameterSetInvalid = 3000,  ///< H.264 parameter set is not valid
  kCodecDecodeFailed = 3001,  ///< a codec header or frame cannot be read
  kH264ConfigInvalid = 3002,  ///< AVCDecoderConfigurationRecord is not valid
  kH264SliceHeaderInvalid = 3003,  ///< H.264 slice header is not valid
  kHevcParameterSetInvalid = 3010,  ///< HEVC parameter set is not valid
  kHevcConfigInvalid = 3011,  ///< HEVCDecoderConfigurationRecord is not valid
  kAv1ObuMalformed = 3020,  ///< AV1 OBU is malformed
  kAv1SequenceHeaderInvalid = 3021,  ///< AV1 sequence header is not valid
  kAv1ConfigInvalid = 3022,  ///< AV1CodecConfigurationRecord is not valid
  kVp8HeaderInvalid = 3025,  ///< VP8 frame header is not valid
  kVp9HeaderInvalid = 3026,  ///< VP9 frame header is not valid
  kVp9ConfigInvalid = 3027,  ///< VPCodecConfigurationRecord is not valid
  kAacConfigInvalid = 3030,  ///< AudioSpecificConfig is not valid
  kAacAdtsInvalid = 3031,  ///< ADTS header is not valid
  kAacLatmInvalid = 3032,  ///< LATM framing is not valid
  kOpusPacketInvalid = 3035,  ///< Opus packet is not valid
  kOpusConfigInvalid = 3036,  ///< Opus identification header is not valid
  kMp3HeaderInvalid = 3040,  ///< MPEG audio header is not valid
  kNalLengthInvalid = 3045,  ///< NAL unit length is zero or beyond the access unit
  kNalUnitsTooMany = 3046,  ///< too many NAL units in one access unit
  kBitstreamTruncated = 3047,  ///< the bitstream ends too early
  kExpGolombTooLong = 3048,  ///< Exp-Golomb code has more than 32 leading zeros
  kCodecUnsupported = 3049,  ///< codec is not supported here
  kCallbackCode = 3064,  ///< a callback server refused with its code
  kCallbackAnswerInvalid = 3065,  ///< a callback server sent an answer that cannot be read
  kCallbackTimeout = 3068,  ///< a callback server did not answer in time
  kCallbackUnreachable = 3069,  ///< a callback server cannot be reached
  kDvrPlanInvalid = 3083,  ///< dvr_plan is not valid
  kTranscodeUnavailable = 3090,  ///< audio cannot be transcoded: the libraries of FFmpeg are missing
  kTranscodeFailed = 3091,  ///< audio cannot be transcoded
  kTranscodeOverloaded = 3092,  ///< audio frames came faster than they can be transcoded
  kRtpPacketMalformed = 3100,  ///< RTP packet is malformed
  kRtpPayloadMalformed = 3101,  ///< RTP payload does not follow its payload format
  kRtpFrameTooLarge = 3102,  ///< a frame in RTP packets is larger than the limit
  kRtcpPacketMalformed = 3103,  ///< RTCP packet is malformed
  kCallbackStatus = 4005,  ///< a callback server answered with another status than 200 or 201
  kCasterUnknown = 4010,  ///< stream caster is not known
  kJsonpCallbackInvalid = 4058,  ///< JSONP callback name is not valid
  kSdpTooLarge = 5000,  ///< SDP longer than the limit
  kSdpInvalid = 5012,  ///< SDP cannot be read
  kSdpNotAcceptable = 5018,  ///< SDP offers nothing that can be answered
  kRtcRequestInvalid = 5019,  ///< WebRTC request is not valid
  kRtcStreamBusy = 5020,  ///< the stream is published already
  kRtcDisabled = 5021,  ///< WebRTC is off for this stream
  kRtcSessionNotFound = 5036,  ///< there is no such WebRTC session
  kIceCredentialInvalid = 5037,  ///< ice-ufrag or ice-pwd is not valid
  kRtcIceSessionChanged = 5038,  ///< ICE was restarted meanwhile
  kRtcTooManyPending = 5039,  ///< too many WebRTC sessions of one address have not connected yet
  kRtcContentType = 5040,  ///< the body is not of a type that WebRTC signaling takes
  kWebrtcIceTimeout = 5100,  ///< no connectivity check came from the peer
  kWebrtcIceExpired = 5101,  ///< the peer sends no more connectivity checks
  kWebrtcDtlsTimeout = 5102,  ///< the DTLS handshake did not come to its end in time
  kWebrtcDtlsFailed = 5103,  ///< the DTLS handshake failed
  kWebrtcFingerprintMismatch = 5104,  ///< the certificate of the peer is not the one that its SDP names
  kWebrtcSrtpProfileMissing = 5105,  ///< the peer offers no SRTP profile that the server has
  kWebrtcTrackUnplayable = 5106,  ///< the peer did not negotiate the codec of the stream
  kWebrtcNoMedia = 5107,  ///< the publisher is connected and sends no media
  kStunMalformed = 5110,  ///< STUN message is malformed
  kStunUnauthenticated = 5111,  ///< STUN message without valid MESSAGE-INTEGRITY
  kStunUnknownUser = 5112,  ///< STUN message names no session
  kWebrtcStranger = 5113,  ///< datagram from an address that no WebRTC session has checked
  kSrtpAuthenticationFailed = 5120,  ///< SRTP packet is not authentic
  kSrtpReplayed = 5121,  ///< SRTP packet was there already, or is too old
  kSrtpMalformed = 5122,  ///< SRTP packet is too short or malformed
  kSrtStreamIdInvalid = 6010,  ///< SRT stream id cannot be read
  kSrtModeInvalid = 6011,  ///< SRT stream id asks for a mode that is not supported
  kSrtOptionInvalid = 6012,  ///< libsrt does not take an option
  kSrtDisabled = 6013,  ///< SRT is off in this vhost
  kSrtConnectFailed = 6014,  ///< the SRT peer does not answer or refuses
  kSrtHandshakeRefused = 6015,  ///< the SRT handshake failed
  kSrtLatencyLow = 6016,  ///< SRT latency is below three round-trip times, so lost packets may not come again in time
};

/// What an error costs.
enum class ErrorScope : uint8_t {
  kPacket,  ///< the packet or frame is dropped and counted; the session goes on
  kSession,  ///< the session of that peer is closed
  kStream,  ///< publishing of that stream ends
  kProcess,  ///< the server does not start, or a reload is not carried out
};

/// One row of the error table. The strings are literals and live for ever.
struct ErrorInfo {
  ErrorCode code;
  ErrorScope scope;
  uint16_t http_status;
  std::string_view name;
  std::string_view text;
};

/// The error table in the order of its numbers.
inline constexpr std::array<ErrorInfo, 216> kErrorTable = {{
  {ErrorCode::kNone, ErrorScope::kPacket, 200, "NONE", "no error"},
  {ErrorCode::kSocketRead, ErrorScope::kSession, 500, "SOCKET_READ", "reading from a socket failed"},
  {ErrorCode::kSocketWrite, ErrorScope::kSession, 500, "SOCKET_WRITE", "writing to a socket failed"},
  {ErrorCode::kTimedOut, ErrorScope::kSession, 504, "TIMED_OUT", "the time limit has passed"},
  {ErrorCode::kConfigInvalid, ErrorScope::kProcess, 400, "CONFIG_INVALID", "configuration is not valid"},
  {ErrorCode::kStreamBusy, ErrorScope::kSession, 409, "STREAM_BUSY", "another peer publishes this stream"},
  {ErrorCode::kPidFileUnusable, ErrorScope::kProcess, 500, "PID_FILE_UNUSABLE", "the pid file cannot be written"},
  {ErrorCode::kAlreadyRunning, ErrorScope::kProcess, 500, "ALREADY_RUNNING", "another server runs with this pid file"},
  {ErrorCode::kSecurityNoRule, ErrorScope::kSession, 403, "SECURITY_NO_RULE", "no rule of the security section allows this peer"},
  {ErrorCode::kSecurityDenied, ErrorScope::kSession, 403, "SECURITY_DENIED", "a deny rule of the security section names this peer"},
  {ErrorCode::kSecurityNotAllowed, ErrorScope::kSession, 403, "SECURITY_NOT_ALLOWED", "no allow rule of the security section names this peer"},
  {ErrorCode::kRpcUnknown, ErrorScope::kSession, 400, "RPC_UNKNOWN", "unknown rpc of the raw API"},
  {ErrorCode::kRawApiDisabled, ErrorScope::kSession, 403, "RAW_API_DISABLED", "the raw API is off"},
  {ErrorCode::kKicked, ErrorScope::kSession, 403, "KICKED", "the session was ended by an operator"},
  {ErrorCode::kLimitConnections, ErrorScope::kSession, 503, "LIMIT_CONNECTIONS", "too many connections"},
  {ErrorCode::kExporterDisabled, ErrorScope::kSession, 404, "EXPORTER_DISABLED", "the metrics exporter is off"},
  {ErrorCode::kListenFailed, ErrorScope::kProcess, 500, "LISTEN_FAILED", "cannot listen on an address"},
  {ErrorCode::kPortInUse, ErrorScope::kProcess, 500, "PORT_IN_USE", "the port is taken"},
  {ErrorCode::kInvalidArgument, ErrorScope::kSession, 400, "INVALID_ARGUMENT", "an argument is not valid"},
  {ErrorCode::kNotRunning, ErrorScope::kSession, 503, "NOT_RUNNING", "the server is not running"},
  {ErrorCode::kOutOfDescriptors, ErrorScope::kSession, 503, "OUT_OF_DESCRIPTORS", "no file descriptor is left"},
  {ErrorCode::kCancelled, ErrorScope::kSession, 499, "CANCELLED", "the work was given up before it was done"},
  {ErrorCode::kIoError, ErrorScope::kSession, 500, "IO_ERROR", "a system call failed"},
  {ErrorCode::kPeerClosed, ErrorScope::kSession, 499, "PEER_CLOSED", "the peer closed the connection"},
  {ErrorCode::kSlowReader, ErrorScope::kSession, 499, "SLOW_READER", "the peer read too slowly for too long"},
  {ErrorCode::kIdleTimeout, ErrorScope::kSession, 408, "IDLE_TIMEOUT", "nothing came from the peer for too long"},
  {ErrorCode::kNameInvalid, ErrorScope::kSession, 400, "NAME_INVALID", "a name has characters or a length that are not allowed"},
  {ErrorCode::kAdmissionTimeout, ErrorScope::kSession, 504, "ADMISSION_TIMEOUT", "no decision about this publish or play came in time"},
  {ErrorCode::kAdmissionRefused, ErrorScope::kSession, 403, "ADMISSION_REFUSED", "this publish or play was refused"},
  {ErrorCode::kShuttingDown, ErrorScope::kSession, 503, "SHUTTING_DOWN", "the server is stopping"},
  {ErrorCode::kOutOfMemory, ErrorScope::kSession, 503, "OUT_OF_MEMORY", "a memory budget is used up"},
  {ErrorCode::kQueueFull, ErrorScope::kSession, 503, "QUEUE_FULL", "a bounded queue is full"},
  {ErrorCode::kUnsupported, ErrorScope::kSession, 501, "UNSUPPORTED", "the peer asks for something that is not supported"},
  {ErrorCode::kInternal, ErrorScope::kSession, 500, "INTERNAL", "a fault of the server itself"},
  {ErrorCode::kNotFound, ErrorScope::kSession, 404, "NOT_FOUND", "there is nothing of this name"},
  {ErrorCode::kPublisherGone, ErrorScope::kSession, 404, "PUBLISHER_GONE", "the publisher of this stream has gone"},
  {ErrorCode::kLimitStreams, ErrorScope::kSession, 503, "LIMIT_STREAMS", "too many streams"},
  {ErrorCode::kLogFileUnusable, ErrorScope::kProcess, 500, "LOG_FILE_UNUSABLE", "the log file cannot be written"},
  {ErrorCode::kWorkDirUnusable, ErrorScope::kProcess, 500, "WORK_DIR_UNUSABLE", "the working directory cannot be entered"},
  {ErrorCode::kAddonUnusable, ErrorScope::kProcess, 500, "ADDON_UNUSABLE", "the native part cannot be loaded"},
  {ErrorCode::kDaemonFailed, ErrorScope::kProcess, 500, "DAEMON_FAILED", "the background process ended before it was up"},
  {ErrorCode::kTlsBadCertificate, ErrorScope::kProcess, 500, "TLS_BAD_CERTIFICATE", "certificate or private key cannot be used"},
  {ErrorCode::kTlsHandshakeFailed, ErrorScope::kSession, 400, "TLS_HANDSHAKE_FAILED", "the TLS handshake failed"},
  {ErrorCode::kTlsProtocolError, ErrorScope::kSession, 400, "TLS_PROTOCOL_ERROR", "a TLS record is not valid"},
  {ErrorCode::kCredentialsMissing, ErrorScope::kSession, 401, "CREDENTIALS_MISSING", "a token or a user with a password is needed"},
  {ErrorCode::kCredentialsWrong, ErrorScope::kSession, 401, "CREDENTIALS_WRONG", "user or password is wrong"},
  {ErrorCode::kTokenInvalid, ErrorScope::kSession, 401, "TOKEN_INVALID", "the token is not valid"},
  {ErrorCode::kTokenExpired, ErrorScope::kSession, 401, "TOKEN_EXPIRED", "the token is not valid at this time"},
  {ErrorCode::kRightMissing, ErrorScope::kSession, 403, "RIGHT_MISSING", "token or user does not allow this"},
  {ErrorCode::kAttemptsTooMany, ErrorScope::kSession, 429, "ATTEMPTS_TOO_MANY", "too many wrong passwords from this address"},
  {ErrorCode::kUnexpectedEnd, ErrorScope::kSession, 400, "UNEXPECTED_END", "the bytes end before the structure does"},
  {ErrorCode::kValueOutOfRange, ErrorScope::kSession, 400, "VALUE_OUT_OF_RANGE", "a field has a value that its specification does not allow"},
  {ErrorCode::kTooLarge, ErrorScope::kSession, 413, "TOO_LARGE", "a structure is longer than the limit"},
  {ErrorCode::kProxyHeaderInvalid, ErrorScope::kSession, 400, "PROXY_HEADER_INVALID", "the PROXY protocol header is missing or not valid"},
  {ErrorCode::kLimitAddressConnections, ErrorScope::kSession, 429, "LIMIT_ADDRESS_CONNECTIONS", "too many connections from one address"},
  {ErrorCode::kLimitStreamPlayers, ErrorScope::kSession, 503, "LIMIT_STREAM_PLAYERS", "too many players of one stream"},
  {ErrorCode::kRtmpTcUrlMissing, ErrorScope::kSession, 400, "RTMP_TC_URL_MISSING", "connect has no tcUrl"},
  {ErrorCode::kRtmpTcUrlInvalid, ErrorScope::kSession, 400, "RTMP_TC_URL_INVALID", "tcUrl is not an RTMP URL"},
  {ErrorCode::kVhostUnknown, ErrorScope::kSession, 404, "VHOST_UNKNOWN", "there is no such vhost, or it is off"},
  {ErrorCode::kRefererDenied, ErrorScope::kSession, 403, "REFERER_DENIED", "the page address is not allowed"},
  {ErrorCode::kEdgeModeChanged, ErrorScope::kProcess, 400, "EDGE_MODE_CHANGED", "cluster mode cannot change while running"},
  {ErrorCode::kStreamNotFound, ErrorScope::kSession, 404, "STREAM_NOT_FOUND", "there is no such stream"},
  {ErrorCode::kClientNotFound, ErrorScope::kSession, 404, "CLIENT_NOT_FOUND", "there is no such client"},
  {ErrorCode::kStreamNameEmpty, ErrorScope::kSession, 400, "STREAM_NAME_EMPTY", "the stream name is empty"},
  {ErrorCode::kKickedForIdle, ErrorScope::kSession, 408, "KICKED_FOR_IDLE", "nobody played what the publisher sent for too long"},
  {ErrorCode::kRtspTransportUnsupported, ErrorScope::kSession, 461, "RTSP_TRANSPORT_UNSUPPORTED", "RTSP transport is not supported"},
  {ErrorCode::kRtmpHandshakeVersion, ErrorScope::kSession, 400, "RTMP_HANDSHAKE_VERSION", "RTMP version in C0 or S0 is not supported"},
  {ErrorCode::kRtmpHandshakeDigest, ErrorScope::kSession, 400, "RTMP_HANDSHAKE_DIGEST", "RTMP handshake digest does not match"},
  {ErrorCode::kRtmpHandshakeTimeout, ErrorScope::kSession, 408, "RTMP_HANDSHAKE_TIMEOUT", "RTMP handshake took too long"},
  {ErrorCode::kRtmpMessageTooLarge, ErrorScope::kSession, 413, "RTMP_MESSAGE_TOO_LARGE", "RTMP message longer than the limit"},
  {ErrorCode::kRtmpHandshakeEcho, ErrorScope::kSession, 400, "RTMP_HANDSHAKE_ECHO", "C2 or S2 does not repeat what was sent"},
  {ErrorCode::kRtmpChunkSizeInvalid, ErrorScope::kSession, 400, "RTMP_CHUNK_SIZE_INVALID", "RTMP chunk size outside the allowed range"},
  {ErrorCode::kRtmpChunkStreamsTooMany, ErrorScope::kSession, 400, "RTMP_CHUNK_STREAMS_TOO_MANY", "too many RTMP chunk streams"},
  {ErrorCode::kRtmpUnfinishedTooLarge, ErrorScope::kSession, 413, "RTMP_UNFINISHED_TOO_LARGE", "too many bytes of unfinished RTMP messages"},
  {ErrorCode::kRtmpMessageMalformed, ErrorScope::kSession, 400, "RTMP_MESSAGE_MALFORMED", "RTMP message is malformed"},
  {ErrorCode::kRtmpCommandMalformed, ErrorScope::kSession, 400, "RTMP_COMMAND_MALFORMED", "RTMP command is malformed"},
  {ErrorCode::kRtmpCommandUnexpected, ErrorScope::kSession, 400, "RTMP_COMMAND_UNEXPECTED", "RTMP command does not fit the state of the session"},
  {ErrorCode::kRtmpChunkMalformed, ErrorScope::kSession, 400, "RTMP_CHUNK_MALFORMED", "RTMP chunk header is malformed"},
  {ErrorCode::kRtmpMessageUnexpected, ErrorScope::kPacket, 400, "RTMP_MESSAGE_UNEXPECTED", "RTMP message does not fit the state of the session"},
  {ErrorCode::kRtmpAggregateMalformed, ErrorScope::kPacket, 400, "RTMP_AGGREGATE_MALFORMED", "sizes inside an RTMP aggregate message do not add up"},
  {ErrorCode::kRtmpMetadataTooLarge, ErrorScope::kSession, 413, "RTMP_METADATA_TOO_LARGE", "RTMP metadata longer than the limit"},
  {ErrorCode::kRtmpStreamsTooMany, ErrorScope::kSession, 400, "RTMP_STREAMS_TOO_MANY", "too many RTMP message streams on one connection"},
  {ErrorCode::kRtmpPeerRefused, ErrorScope::kSession, 502, "RTMP_PEER_REFUSED", "the other server refused the RTMP command"},
  {ErrorCode::kAmfTooDeep, ErrorScope::kSession, 400, "AMF_TOO_DEEP", "AMF value is nested too deeply"},
  {ErrorCode::kAmfTruncated, ErrorScope::kSession, 400, "AMF_TRUNCATED", "AMF value ends too early"},
  {ErrorCode::kAmfTypeUnknown, ErrorScope::kSession, 400, "AMF_TYPE_UNKNOWN", "AMF type marker is not known"},
  {ErrorCode::kAmfTooLarge, ErrorScope::kSession, 413, "AMF_TOO_LARGE", "AMF value has too many parts"},
  {ErrorCode::kAmfTypeUnexpected, ErrorScope::kSession, 400, "AMF_TYPE_UNEXPECTED", "AMF value has another type than the command asks for"},
  {ErrorCode::kAmfReferenceInvalid, ErrorScope::kSession, 400, "AMF_REFERENCE_INVALID", "AMF reference points at nothing"},
  {ErrorCode::kFlvTagTooLarge, ErrorScope::kSession, 413, "FLV_TAG_TOO_LARGE", "FLV tag longer than the limit"},
  {ErrorCode::kFlvBackPointerMismatch, ErrorScope::kSession, 400, "FLV_BACK_POINTER_MISMATCH", "FLV PreviousTagSize does not match the tag"},
  {ErrorCode::kFlvHeaderInvalid, ErrorScope::kSession, 400, "FLV_HEADER_INVALID", "FLV file header is not valid"},
  {ErrorCode::kFlvTagMalformed, ErrorScope::kPacket, 400, "FLV_TAG_MALFORMED", "FLV tag header or body is malformed"},
  {ErrorCode::kFlvCodecUnsupported, ErrorScope::kPacket, 415, "FLV_CODEC_UNSUPPORTED", "codec in FLV is not supported"},
  {ErrorCode::kFlvPacketTypeUnknown, ErrorScope::kPacket, 400, "FLV_PACKET_TYPE_UNKNOWN", "enhanced FLV packet type is not known"},
  {ErrorCode::kFlvSequenceHeaderMissing, ErrorScope::kPacket, 400, "FLV_SEQUENCE_HEADER_MISSING", "coded frames came before their sequence header"},
  {ErrorCode::kFlvMetadataTooLarge, ErrorScope::kPacket, 413, "FLV_METADATA_TOO_LARGE", "onMetaData longer than the limit"},
  {ErrorCode::kTsSyncLost, ErrorScope::kPacket, 400, "TS_SYNC_LOST", "MPEG-TS sync byte is missing"},
  {ErrorCode::kTsAdaptationFieldInvalid, ErrorScope::kPacket, 400, "TS_ADAPTATION_FIELD_INVALID", "MPEG-TS adaptation field is longer than its packet"},
  {ErrorCode::kTsSectionMalformed, ErrorScope::kPacket, 400, "TS_SECTION_MALFORMED", "PSI section is malformed"},
  {ErrorCode::kTsSectionCrcMismatch, ErrorScope::kPacket, 400, "TS_SECTION_CRC_MISMATCH", "CRC_32 of a PSI section does not match"},
  {ErrorCode::kTsPidsTooMany, ErrorScope::kPacket, 400, "TS_PIDS_TOO_MANY", "too many PIDs in one stream"},
  {ErrorCode::kTsPesTooLarge, ErrorScope::kPacket, 413, "TS_PES_TOO_LARGE", "PES packet longer than the limit"},
  {ErrorCode::kTsPesMalformed, ErrorScope::kPacket, 400, "TS_PES_MALFORMED", "PES packet header is malformed"},
  {ErrorCode::kTsContinuityGap, ErrorScope::kPacket, 400, "TS_CONTINUITY_GAP", "MPEG-TS continuity counter jumped"},
  {ErrorCode::kTsStreamTypeUnsupported, ErrorScope::kPacket, 415, "TS_STREAM_TYPE_UNSUPPORTED", "stream_type in the PMT is not supported"},
  {ErrorCode::kTsNoSync, ErrorScope::kSession, 400, "TS_NO_SYNC", "no MPEG-TS packets in the first bytes"},
  {ErrorCode::kPsPackMalformed, ErrorScope::kPacket, 400, "PS_PACK_MALFORMED", "MPEG-PS pack header is malformed"},
  {ErrorCode::kPsSystemHeaderMalformed, ErrorScope::kPacket, 400, "PS_SYSTEM_HEADER_MALFORMED", "MPEG-PS system header is malformed"},
  {ErrorCode::kPsPsmMalformed, ErrorScope::kPacket, 400, "PS_PSM_MALFORMED", "MPEG-PS program stream map is malformed"},
  {ErrorCode::kMp4BoxMalformed, ErrorScope::kSession, 400, "MP4_BOX_MALFORMED", "ISO base media box is malformed"},
  {ErrorCode::kMp4BoxTooLarge, ErrorScope::kSession, 413, "MP4_BOX_TOO_LARGE", "ISO base media box longer than the limit"},
  {ErrorCode::kMp4BoxTooDeep, ErrorScope::kSession, 400, "MP4_BOX_TOO_DEEP", "ISO base media boxes are nested too deeply"},
  {ErrorCode::kMp4TrackUnsupported, ErrorScope::kSession, 415, "MP4_TRACK_UNSUPPORTED", "sample entry is not supported"},
  {ErrorCode::kFmp4FragmentMalformed, ErrorScope::kSession, 400, "FMP4_FRAGMENT_MALFORMED", "fragment does not fit its initialization segment"},
  {ErrorCode::kHttpHeadTooLarge, ErrorScope::kSession, 431, "HTTP_HEAD_TOO_LARGE", "HTTP head longer than the limit"},
  {ErrorCode::kHttpMalformed, ErrorScope::kSession, 400, "HTTP_MALFORMED", "HTTP message is malformed"},
  {ErrorCode::kHttpTimeout, ErrorScope::kSession, 408, "HTTP_TIMEOUT", "HTTP request took too long"},
  {ErrorCode::kHttpNotFound, ErrorScope::kSession, 404, "HTTP_NOT_FOUND", "nothing at this address"},
  {ErrorCode::kHttpMethodNotAllowed, ErrorScope::kSession, 405, "HTTP_METHOD_NOT_ALLOWED", "HTTP method is not allowed here"},
  {ErrorCode::kHttpBodyTooLarge, ErrorScope::kSession, 413, "HTTP_BODY_TOO_LARGE", "HTTP body longer than the limit"},
  {ErrorCode::kHttpUrlTooLong, ErrorScope::kSession, 414, "HTTP_URL_TOO_LONG", "request target longer than the limit"},
  {ErrorCode::kHttpRangeNotSatisfiable, ErrorScope::kSession, 416, "HTTP_RANGE_NOT_SATISFIABLE", "no byte of the range exists"},
  {ErrorCode::kHttpLengthAmbiguous, ErrorScope::kSession, 400, "HTTP_LENGTH_AMBIGUOUS", "Content-Length and Transfer-Encoding disagree"},
  {ErrorCode::kHttpForbidden, ErrorScope::kSession, 403, "HTTP_FORBIDDEN", "not allowed"},
  {ErrorCode::kHttpUnauthorized, ErrorScope::kSession, 401, "HTTP_UNAUTHORIZED", "credentials are missing or wrong"},
  {ErrorCode::kHttpPathInvalid, ErrorScope::kSession, 400, "HTTP_PATH_INVALID", "path is not valid"},
  {ErrorCode::kHttpVersionUnsupported, ErrorScope::kSession, 505, "HTTP_VERSION_UNSUPPORTED", "HTTP version is not supported"},
  {ErrorCode::kHttpResponseFailed, ErrorScope::kSession, 502, "HTTP_RESPONSE_FAILED", "the other server answered with an error"},
  {ErrorCode::kWebsocketHandshakeInvalid, ErrorScope::kSession, 400, "WEBSOCKET_HANDSHAKE_INVALID", "WebSocket upgrade is not valid"},
  {ErrorCode::kWebsocketFrameMalformed, ErrorScope::kSession, 400, "WEBSOCKET_FRAME_MALFORMED", "WebSocket frame is malformed"},
  {ErrorCode::kWebsocketFrameTooLarge, ErrorScope::kSession, 413, "WEBSOCKET_FRAME_TOO_LARGE", "WebSocket message longer than the limit"},
  {ErrorCode::kWebsocketUnmasked, ErrorScope::kSession, 400, "WEBSOCKET_UNMASKED", "WebSocket client frame is not masked"},
  {ErrorCode::kHlsPlaylistNotReady, ErrorScope::kSession, 404, "HLS_PLAYLIST_NOT_READY", "the playlist has no segment yet"},
  {ErrorCode::kHlsSegmentGone, ErrorScope::kSession, 404, "HLS_SEGMENT_GONE", "the segment has left the window"},
  {ErrorCode::kHlsSessionsTooMany, ErrorScope::kSession, 503, "HLS_SESSIONS_TOO_MANY", "too many HLS sessions"},
  {ErrorCode::kHlsBlockingReloadInvalid, ErrorScope::kSession, 400, "HLS_BLOCKING_RELOAD_INVALID", "_HLS_msn or _HLS_part is not valid"},
  {ErrorCode::kHlsWriteFailed, ErrorScope::kStream, 500, "HLS_WRITE_FAILED", "a segment could not be written"},
  {ErrorCode::kHlsPlaylistInvalid, ErrorScope::kStream, 500, "HLS_PLAYLIST_INVALID", "the playlist on disk cannot be continued"},
  {ErrorCode::kDashManifestNotReady, ErrorScope::kSession, 404, "DASH_MANIFEST_NOT_READY", "the manifest has no segment yet"},
  {ErrorCode::kDashSegmentGone, ErrorScope::kSession, 404, "DASH_SEGMENT_GONE", "the segment has left the window"},
  {ErrorCode::kRtspMalformed, ErrorScope::kSession, 400, "RTSP_MALFORMED", "RTSP message is malformed"},
  {ErrorCode::kRtspHeadTooLarge, ErrorScope::kSession, 431, "RTSP_HEAD_TOO_LARGE", "RTSP head longer than the limit"},
  {ErrorCode::kRtspMethodInvalidInState, ErrorScope::kSession, 455, "RTSP_METHOD_INVALID_IN_STATE", "RTSP method does not fit the state of the session"},
  {ErrorCode::kRtspSessionNotFound, ErrorScope::kSession, 454, "RTSP_SESSION_NOT_FOUND", "there is no such RTSP session"},
  {ErrorCode::kH264ParameterSetInvalid, ErrorScope::kPacket, 400, "H264_PARAMETER_SET_INVALID", "H.264 parameter set is not valid"},
  {ErrorCode::kCodecDecodeFailed, ErrorScope::kSession, 400, "CODEC_DECODE_FAILED", "a codec header or frame cannot be read"},
  {ErrorCode::kH264ConfigInvalid, ErrorScope::kPacket, 400, "H264_CONFIG_INVALID", "AVCDecoderConfigurationRecord is not valid"},
  {ErrorCode::kH264SliceHeaderInvalid, ErrorScope::kPacket, 400, "H264_SLICE_HEADER_INVALID", "H.264 slice header is not valid"},
  {ErrorCode::kHevcParameterSetInvalid, ErrorScope::kPacket, 400, "HEVC_PARAMETER_SET_INVALID", "HEVC parameter set is not valid"},
  {ErrorCode::kHevcConfigInvalid, ErrorScope::kPacket, 400, "HEVC_CONFIG_INVALID", "HEVCDecoderConfigurationRecord is not valid"},
  {ErrorCode::kAv1ObuMalformed, ErrorScope::kPacket, 400, "AV1_OBU_MALFORMED", "AV1 OBU is malformed"},
  {ErrorCode::kAv1SequenceHeaderInvalid, ErrorScope::kPacket, 400, "AV1_SEQUENCE_HEADER_INVALID", "AV1 sequence header is not valid"},
  {ErrorCode::kAv1ConfigInvalid, ErrorScope::kPacket, 400, "AV1_CONFIG_INVALID", "AV1CodecConfigurationRecord is not valid"},
  {ErrorCode::kVp8HeaderInvalid, ErrorScope::kPacket, 400, "VP8_HEADER_INVALID", "VP8 frame header is not valid"},
  {ErrorCode::kVp9HeaderInvalid, ErrorScope::kPacket, 400, "VP9_HEADER_INVALID", "VP9 frame header is not valid"},
  {ErrorCode::kVp9ConfigInvalid, ErrorScope::kPacket, 400, "VP9_CONFIG_INVALID", "VPCodecConfigurationRecord is not valid"},
  {ErrorCode::kAacConfigInvalid, ErrorScope::kPacket, 400, "AAC_CONFIG_INVALID", "AudioSpecificConfig is not valid"},
  {ErrorCode::kAacAdtsInvalid, ErrorScope::kPacket, 400, "AAC_ADTS_INVALID", "ADTS header is not valid"},
  {ErrorCode::kAacLatmInvalid, ErrorScope::kPacket, 400, "AAC_LATM_INVALID", "LATM framing is not valid"},
  {ErrorCode::kOpusPacketInvalid, ErrorScope::kPacket, 400, "OPUS_PACKET_INVALID", "Opus packet is not valid"},
  {ErrorCode::kOpusConfigInvalid, ErrorScope::kPacket, 400, "OPUS_CONFIG_INVALID", "Opus identification header is not valid"},
  {ErrorCode::kMp3HeaderInvalid, ErrorScope::kPacket, 400, "MP3_HEADER_INVALID", "MPEG audio header is not valid"},
  {ErrorCode::kNalLengthInvalid, ErrorScope::kPacket, 400, "NAL_LENGTH_INVALID", "NAL unit length is zero or beyond the access unit"},
  {ErrorCode::kNalUnitsTooMany, ErrorScope::kPacket, 400, "NAL_UNITS_TOO_MANY", "too many NAL units in one access unit"},
  {ErrorCode::kBitstreamTruncated, ErrorScope::kPacket, 400, "BITSTREAM_TRUNCATED", "the bitstream ends too early"},
  {ErrorCode::kExpGolombTooLong, ErrorScope::kPacket, 400, "EXP_GOLOMB_TOO_LONG", "Exp-Golomb code has more than 32 leading zeros"},
  {ErrorCode::kCodecUnsupported, ErrorScope::kSession, 415, "CODEC_UNSUPPORTED", "codec is not supported here"},
  {ErrorCode::kCallbackCode, ErrorScope::kSession, 403, "CALLBACK_CODE", "a callback server refused with its code"},
  {ErrorCode::kCallbackAnswerInvalid, ErrorScope::kSession, 502, "CALLBACK_ANSWER_INVALID", "a callback server sent an answer that cannot be read"},
  {ErrorCode::kCallbackTimeout, ErrorScope::kSession, 504, "CALLBACK_TIMEOUT", "a callback server did not answer in time"},
  {ErrorCode::kCallbackUnreachable, ErrorScope::kSession, 502, "CALLBACK_UNREACHABLE", "a callback server cannot be reached"},
  {ErrorCode::kDvrPlanInvalid, ErrorScope::kProcess, 400, "DVR_PLAN_INVALID", "dvr_plan is not valid"},
  {ErrorCode::kTranscodeUnavailable, ErrorScope::kStream, 501, "TRANSCODE_UNAVAILABLE", "audio cannot be transcoded: the libraries of FFmpeg are missing"},
  {ErrorCode::kTranscodeFailed, ErrorScope::kStream, 500, "TRANSCODE_FAILED", "audio cannot be transcoded"},
  {ErrorCode::kTranscodeOverloaded, ErrorScope::kPacket, 503, "TRANSCODE_OVERLOADED", "audio frames came faster than they can be transcoded"},
  {ErrorCode::kRtpPacketMalformed, ErrorScope::kPacket, 400, "RTP_PACKET_MALFORMED", "RTP packet is malformed"},
  {ErrorCode::kRtpPayloadMalformed, ErrorScope::kPacket, 400, "RTP_PAYLOAD_MALFORMED", "RTP payload does not follow its payload format"},
  {ErrorCode::kRtpFrameTooLarge, ErrorScope::kPacket, 413, "RTP_FRAME_TOO_LARGE", "a frame in RTP packets is larger than the limit"},
  {ErrorCode::kRtcpPacketMalformed, ErrorScope::kPacket, 400, "RTCP_PACKET_MALFORMED", "RTCP packet is malformed"},
  {ErrorCode::kCallbackStatus, ErrorScope::kSession, 502, "CALLBACK_STATUS", "a callback server answered with another status than 200 or 201"},
  {ErrorCode::kCasterUnknown, ErrorScope::kProcess, 400, "CASTER_UNKNOWN", "stream caster is not known"},
  {ErrorCode::kJsonpCallbackInvalid, ErrorScope::kSession, 400, "JSONP_CALLBACK_INVALID", "JSONP callback name is not valid"},
  {ErrorCode::kSdpTooLarge, ErrorScope::kSession, 413, "SDP_TOO_LARGE", "SDP longer than the limit"},
  {ErrorCode::kSdpInvalid, ErrorScope::kSession, 400, "SDP_INVALID", "SDP cannot be read"},
  {ErrorCode::kSdpNotAcceptable, ErrorScope::kSession, 422, "SDP_NOT_ACCEPTABLE", "SDP offers nothing that can be answered"},
  {ErrorCode::kRtcRequestInvalid, ErrorScope::kSession, 400, "RTC_REQUEST_INVALID", "WebRTC request is not valid"},
  {ErrorCode::kRtcStreamBusy, ErrorScope::kSession, 409, "RTC_STREAM_BUSY", "the stream is published already"},
  {ErrorCode::kRtcDisabled, ErrorScope::kSession, 403, "RTC_DISABLED", "WebRTC is off for this stream"},
  {ErrorCode::kRtcSessionNotFound, ErrorScope::kSession, 404, "RTC_SESSION_NOT_FOUND", "there is no such WebRTC session"},
  {ErrorCode::kIceCredentialInvalid, ErrorScope::kSession, 400, "ICE_CREDENTIAL_INVALID", "ice-ufrag or ice-pwd is not valid"},
  {ErrorCode::kRtcIceSessionChanged, ErrorScope::kSession, 412, "RTC_ICE_SESSION_CHANGED", "ICE was restarted meanwhile"},
  {ErrorCode::kRtcTooManyPending, ErrorScope::kSession, 429, "RTC_TOO_MANY_PENDING", "too many WebRTC sessions of one address have not connected yet"},
  {ErrorCode::kRtcContentType, ErrorScope::kSession, 415, "RTC_CONTENT_TYPE", "the body is not of a type that WebRTC signaling takes"},
  {ErrorCode::kWebrtcIceTimeout, ErrorScope::kSession, 504, "WEBRTC_ICE_TIMEOUT", "no connectivity check came from the peer"},
  {ErrorCode::kWebrtcIceExpired, ErrorScope::kSession, 504, "WEBRTC_ICE_EXPIRED", "the peer sends no more connectivity checks"},
  {ErrorCode::kWebrtcDtlsTimeout, ErrorScope::kSession, 504, "WEBRTC_DTLS_TIMEOUT", "the DTLS handshake did not come to its end in time"},
  {ErrorCode::kWebrtcDtlsFailed, ErrorScope::kSession, 400, "WEBRTC_DTLS_FAILED", "the DTLS handshake failed"},
  {ErrorCode::kWebrtcFingerprintMismatch, ErrorScope::kSession, 403, "WEBRTC_FINGERPRINT_MISMATCH", "the certificate of the peer is not the one that its SDP names"},
  {ErrorCode::kWebrtcSrtpProfileMissing, ErrorScope::kSession, 400, "WEBRTC_SRTP_PROFILE_MISSING", "the peer offers no SRTP profile that the server has"},
  {ErrorCode::kWebrtcTrackUnplayable, ErrorScope::kPacket, 415, "WEBRTC_TRACK_UNPLAYABLE", "the peer did not negotiate the codec of the stream"},
  {ErrorCode::kWebrtcNoMedia, ErrorScope::kPacket, 504, "WEBRTC_NO_MEDIA", "the publisher is connected and sends no media"},
  {ErrorCode::kStunMalformed, ErrorScope::kPacket, 400, "STUN_MALFORMED", "STUN message is malformed"},
  {ErrorCode::kStunUnauthenticated, ErrorScope::kPacket, 401, "STUN_UNAUTHENTICATED", "STUN message without valid MESSAGE-INTEGRITY"},
  {ErrorCode::kStunUnknownUser, ErrorScope::kPacket, 404, "STUN_UNKNOWN_USER", "STUN message names no session"},
  {ErrorCode::kWebrtcStranger, ErrorScope::kPacket, 403, "WEBRTC_STRANGER", "datagram from an address that no WebRTC session has checked"},
  {ErrorCode::kSrtpAuthenticationFailed, ErrorScope::kPacket, 403, "SRTP_AUTHENTICATION_FAILED", "SRTP packet is not authentic"},
  {ErrorCode::kSrtpReplayed, ErrorScope::kPacket, 400, "SRTP_REPLAYED", "SRTP packet was there already, or is too old"},
  {ErrorCode::kSrtpMalformed, ErrorScope::kPacket, 400, "SRTP_MALFORMED", "SRTP packet is too short or malformed"},
  {ErrorCode::kSrtStreamIdInvalid, ErrorScope::kSession, 400, "SRT_STREAM_ID_INVALID", "SRT stream id cannot be read"},
  {ErrorCode::kSrtModeInvalid, ErrorScope::kSession, 405, "SRT_MODE_INVALID", "SRT stream id asks for a mode that is not supported"},
  {ErrorCode::kSrtOptionInvalid, ErrorScope::kProcess, 400, "SRT_OPTION_INVALID", "libsrt does not take an option"},
  {ErrorCode::kSrtDisabled, ErrorScope::kSession, 403, "SRT_DISABLED", "SRT is off in this vhost"},
  {ErrorCode::kSrtConnectFailed, ErrorScope::kSession, 502, "SRT_CONNECT_FAILED", "the SRT peer does not answer or refuses"},
  {ErrorCode::kSrtHandshakeRefused, ErrorScope::kSession, 400, "SRT_HANDSHAKE_REFUSED", "the SRT handshake failed"},
  {ErrorCode::kSrtLatencyLow, ErrorScope::kPacket, 400, "SRT_LATENCY_LOW", "SRT latency is below three round-trip times, so lost packets may not come again in time"},
}};

/// @return the row of `code`; that of kNone for a value that is not in the table.
[[nodiscard]] constexpr const ErrorInfo& error_info(ErrorCode code) {
  const auto row = std::lower_bound(
      kErrorTable.begin(), kErrorTable.end(), code,
      [](const ErrorInfo& info, ErrorCode wanted) { return info.code < wanted; });
  return row != kErrorTable.end() && row->code == code ? *row : kErrorTable.front();
}

}  // namespace millrace
