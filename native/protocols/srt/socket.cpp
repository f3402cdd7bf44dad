#include "protocols/srt/socket.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "io/fd.hpp"

namespace millrace::srt {
namespace {

// Callers that wait for their accept; the driver takes them at once.
constexpr int kBacklog = 1024;
constexpr int kIpUdpHeaderBytes = 28;
// What SRTO_FC takes at least, and its default.
constexpr int kMinWindow = 32;
constexpr int kMaxWindow = 25'600;
// What libsrt says until it has measured: ten periods of its timer, and one packet a second.
constexpr double kUnmeasuredRttMs = 100;
constexpr double kUnmeasuredMbps = 1500 * 8 / 1e6;

uint64_t count_of(int64_t value) { return static_cast<uint64_t>(std::max<int64_t>(value, 0)); }

}  // namespace

SocketOptions SocketOptions::from(const Fields& fields) {
  SocketOptions options;
  const auto number = [&fields](std::string_view name, int otherwise) {
    return static_cast<int>(std::clamp<int64_t>(fields.integer(name, otherwise), -1, INT32_MAX));
  };
  options.maxbw = fields.integer("maxbw", options.maxbw);
  options.mss = number("mss", options.mss);
  options.connect_timeout_ms = number("connect_timeout_ms", options.connect_timeout_ms);
  options.peer_idle_timeout_ms = number("peer_idle_timeout_ms", options.peer_idle_timeout_ms);
  options.receive_latency_ms = number("receive_latency_ms", options.receive_latency_ms);
  options.peer_latency_ms = number("peer_latency_ms", options.peer_latency_ms);
  options.tsbpd = fields.boolean("tsbpd", options.tsbpd);
  options.tlpktdrop = fields.boolean("tlpktdrop", options.tlpktdrop);
  options.send_buffer_bytes = number("send_buffer_bytes", options.send_buffer_bytes);
  options.receive_buffer_bytes = number("receive_buffer_bytes", options.receive_buffer_bytes);
  options.payload_size = number("payload_size", options.payload_size);
  options.passphrase = fields.text("passphrase");
  options.pbkeylen = number("pbkeylen", options.pbkeylen);
  options.stream_id = fields.text("stream_id");
  return options;
}

Result<Socket> Socket::open(const SocketOptions& options) {
  Socket socket(srt_create_socket());
  if (!socket) {
    return ErrorCode::kOutOfDescriptors;
  }
  const auto set = [&socket](SRT_SOCKOPT option, const void* value, size_t size) -> Status {
    if (srt_setsockflag(socket.handle_, option, value, static_cast<int>(size)) == SRT_ERROR) {
      return Error{ErrorCode::kSrtOptionInvalid, static_cast<uint32_t>(option)};
    }
    return {};
  };
  const int live = SRTT_LIVE;
  // No more packets can be under way than the receiver has room for, and libsrt keeps lists of this
  // length for each connection: with its default of 25600 they take a megabyte.
  const int window =
      std::clamp(options.receive_buffer_bytes / std::max(options.mss - kIpUdpHeaderBytes, 1),
                 kMinWindow, kMaxWindow);
  const bool no = false;
  struct Option {
    SRT_SOCKOPT name;
    const void* value;
    size_t size;
  };
  // The transmission type first: it sets others.
  const std::array always{
      Option{SRTO_TRANSTYPE, &live, sizeof live},
      Option{SRTO_SNDSYN, &no, sizeof no},
      Option{SRTO_RCVSYN, &no, sizeof no},
      Option{SRTO_MSS, &options.mss, sizeof options.mss},
      Option{SRTO_FC, &window, sizeof window},  // before the buffers, which it bounds
      Option{SRTO_MAXBW, &options.maxbw, sizeof options.maxbw},
      Option{SRTO_CONNTIMEO, &options.connect_timeout_ms, sizeof options.connect_timeout_ms},
      Option{SRTO_PEERIDLETIMEO, &options.peer_idle_timeout_ms,
             sizeof options.peer_idle_timeout_ms},
      Option{SRTO_TSBPDMODE, &options.tsbpd, sizeof options.tsbpd},
      Option{SRTO_RCVLATENCY, &options.receive_latency_ms, sizeof options.receive_latency_ms},
      Option{SRTO_PEERLATENCY, &options.peer_latency_ms, sizeof options.peer_latency_ms},
      Option{SRTO_TLPKTDROP, &options.tlpktdrop, sizeof options.tlpktdrop},
      Option{SRTO_SNDBUF, &options.send_buffer_bytes, sizeof options.send_buffer_bytes},
      Option{SRTO_RCVBUF, &options.receive_buffer_bytes, sizeof options.receive_buffer_bytes},
      Option{SRTO_PAYLOADSIZE, &options.payload_size, sizeof options.payload_size},
  };
  for (const Option& option : always) {
    if (const Status status = set(option.name, option.value, option.size); !status) {
      return status.error();
    }
  }
  if (!options.passphrase.empty()) {
    Status status = set(SRTO_PASSPHRASE, options.passphrase.data(), options.passphrase.size());
    if (status && options.pbkeylen != 0) {
      status = set(SRTO_PBKEYLEN, &options.pbkeylen, sizeof options.pbkeylen);
    }
    if (!status) {
      return status.error();
    }
  }
  if (!options.stream_id.empty()) {
    if (const Status status =
            set(SRTO_STREAMID, options.stream_id.data(), options.stream_id.size());
        !status) {
      return status.error();
    }
  }
  return socket;
}

void Socket::close() {
  if (handle_ != SRT_INVALID_SOCK) {
    srt_close(std::exchange(handle_, SRT_INVALID_SOCK));
  }
}

Result<int> Socket::bind(const Address& address) {
  const auto failed = [](int system) {
    return Error{system == EADDRINUSE ? ErrorCode::kPortInUse : ErrorCode::kListenFailed,
                 static_cast<uint32_t>(system)};
  };
  Fd fd(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  const int only = 1;
  if (!fd) {
    return failed(errno);
  }
  // As for TCP: `::` is IPv6 only, so that 0.0.0.0 of the same port may be there too.
  if ((address.family() == AF_INET6 &&
       ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) ||
      ::bind(fd.get(), address.get(), address.size()) != 0) {
    return failed(errno);
  }
  const int acquired = fd.release();  // which libsrt closes when it fails, too
  if (srt_bind_acquire(handle_, acquired) == SRT_ERROR) {
    int system = 0;
    (void)srt_getlasterror(&system);
    return failed(system);
  }
  return acquired;
}

Status Socket::listen() {
  if (srt_listen(handle_, kBacklog) == SRT_ERROR) {
    int system = 0;
    (void)srt_getlasterror(&system);
    return Error{ErrorCode::kListenFailed, static_cast<uint32_t>(system)};
  }
  return {};
}

Status Socket::connect(const Address& address) {
  if (srt_connect(handle_, address.get(), static_cast<int>(address.size())) == SRT_ERROR) {
    return Error{ErrorCode::kSrtConnectFailed, static_cast<uint32_t>(reject_reason())};
  }
  return {};
}

Address Socket::local_address() const {
  sockaddr_storage storage{};
  int size = sizeof storage;
  if (srt_getsockname(handle_, reinterpret_cast<sockaddr*>(&storage), &size) == SRT_ERROR) {
    return {};
  }
  return {reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(size)};
}

std::string Socket::stream_id() const {
  std::array<char, 513> text{};
  int size = 512;
  if (srt_getsockflag(handle_, SRTO_STREAMID, text.data(), &size) == SRT_ERROR) {
    return {};
  }
  return text.data();  // padded with zeros to a multiple of four
}

Socket::Sent Socket::send(Bytes payload) {
  const int sent = srt_sendmsg2(handle_, reinterpret_cast<const char*>(payload.data()),
                                static_cast<int>(payload.size()), nullptr);
  if (sent != SRT_ERROR) {
    return Sent::kYes;
  }
  return srt_getlasterror(nullptr) == SRT_EASYNCSND ? Sent::kFull : Sent::kBroken;
}

int Socket::receive(std::span<uint8_t> room) {
  const int size = srt_recvmsg2(handle_, reinterpret_cast<char*>(room.data()),
                                static_cast<int>(room.size()), nullptr);
  if (size != SRT_ERROR) {
    return size;
  }
  return srt_getlasterror(nullptr) == SRT_EASYNCRCV ? 0 : -1;
}

std::optional<SocketStatistics> Socket::statistics(Direction direction) const {
  SRT_TRACEBSTATS stats{};
  if (srt_bistats(handle_, &stats, 0, 1) == SRT_ERROR) {
    return std::nullopt;
  }
  const bool sending = direction == Direction::kSending;
  SocketStatistics out;
  TransportFigures& transport = out.transport;
  // Both are measured with acknowledgements; before them libsrt has what an earlier connection from
  // the same address had, or a guess.
  const bool acknowledged = (sending ? stats.pktRecvACKTotal : stats.pktSentACKTotal) > 0;
  if (acknowledged && stats.msRTT != kUnmeasuredRttMs) {
    transport.rtt_ms = stats.msRTT;
  }
  if (acknowledged && stats.mbpsBandwidth > kUnmeasuredMbps) {
    transport.bandwidth_bps = stats.mbpsBandwidth * 1e6;
  }
  transport.packets_in = count_of(stats.pktRecvUniqueTotal);
  transport.packets_out = count_of(stats.pktSentUniqueTotal);
  transport.latency_ms = sending ? stats.msSndTsbPdDelay : stats.msRcvTsbPdDelay;
  transport.buffer_ms = sending ? stats.msSndBuf : stats.msRcvBuf;
  transport.buffer_bytes = sending ? stats.byteSndBuf : stats.byteRcvBuf;
  out.packets_lost = count_of(sending ? stats.pktSndLossTotal : stats.pktRcvLossTotal);
  // What came again has no sum of its own, but that of the interval is never cleared here.
  out.packets_retransmitted = count_of(sending ? stats.pktRetransTotal : stats.pktRcvRetrans);
  out.packets_dropped = count_of(sending ? stats.pktSndDropTotal : stats.pktRcvDropTotal);
  out.send_buffer_bytes = count_of(stats.byteSndBuf);
  return out;
}

}  // namespace millrace::srt
