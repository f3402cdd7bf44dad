#include "protocols/mpegts_udp/udp_source.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "formats/mpegts/packet.hpp"
#include "protocols/mpegts_udp/udp_session.hpp"

namespace millrace::mpegts_udp {
namespace {

// A transport stream comes in bursts; the kernel keeps what comes while the loop is busy.
constexpr int kReceiveBufferBytes = 4 << 20;
constexpr int kDatagramsPerTurn = 256;
// A sender who was turned away is asked about again only after so long.
constexpr Duration kAfterRefusal = seconds(5);
constexpr size_t kRtpHeaderBytes = 12;

bool is_multicast(const Address& address) {
  if (address.family() == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address.get());
    return IN_MULTICAST(ntohl(in->sin_addr.s_addr));
  }
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(address.get());
  return IN6_IS_ADDR_MULTICAST(&in6->sin6_addr);
}

/// Joins the group, of each sender alone when they are named: RFC 3678 §5.
bool join(int fd, const SourceOptions& options) {
  const int level = options.address.family() == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  const unsigned index =
      options.interface.empty() ? 0 : ::if_nametoindex(options.interface.c_str());
  if (!options.interface.empty() && index == 0) {
    return false;
  }
  if (options.senders.empty()) {
    group_req request{};
    request.gr_interface = index;
    std::copy_n(reinterpret_cast<const uint8_t*>(options.address.get()), options.address.size(),
                reinterpret_cast<uint8_t*>(&request.gr_group));
    return ::setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request) == 0;
  }
  return std::ranges::all_of(options.senders, [&](const std::string& text) {
    const auto sender = Address::parse(text, 0);
    if (!sender) {
      return false;
    }
    group_source_req request{};
    request.gsr_interface = index;
    std::copy_n(reinterpret_cast<const uint8_t*>(options.address.get()), options.address.size(),
                reinterpret_cast<uint8_t*>(&request.gsr_group));
    std::copy_n(reinterpret_cast<const uint8_t*>(sender->get()), sender->size(),
                reinterpret_cast<uint8_t*>(&request.gsr_source));
    return ::setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof request) == 0;
  });
}

/// Senders of "RTP over UDP" put a header before each datagram: RFC 2250 §2, payload type 33.
Bytes without_rtp(Bytes datagram) {
  const bool rtp = datagram.size() > kRtpHeaderBytes && datagram[0] == 0x80 &&
                   (datagram[1] & 0x7f) == 33 && datagram[kRtpHeaderBytes] == mpegts::kSyncByte;
  return rtp ? datagram.subspan(kRtpHeaderBytes) : datagram;
}

}  // namespace

UdpSource::UdpSource(LoopContext& context, Fd socket, SourceOptions options)
    : context_(context),
      socket_(std::move(socket)),
      local_port_(Address::local_of(socket_.get()).port()),
      options_(std::move(options)) {}

void UdpSource::on_turned_away() { not_before_ = context_.loop.now() + kAfterRefusal; }

UdpSource::~UdpSource() {
  if (Session* session = context_.sessions.find(session_); session != nullptr) {
    session->close(ErrorCode::kShuttingDown);  // it refers to us
  }
  if (socket_) {
    context_.loop.unwatch(socket_.get(), *this);
  }
}

Result<Fd> UdpSource::open(const SourceOptions& options) {
  Fd fd(::socket(options.address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd) {
    return Error{ErrorCode::kListenFailed, static_cast<uint32_t>(errno)};
  }
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes,
                     sizeof kReceiveBufferBytes);
  const bool multicast = is_multicast(options.address);
  if (multicast) {
    // Several programs of one machine may take the same group.
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (::bind(fd.get(), options.address.get(), options.address.size()) != 0) {
    return Error{errno == EADDRINUSE ? ErrorCode::kPortInUse : ErrorCode::kListenFailed,
                 static_cast<uint32_t>(errno)};
  }
  if (multicast && !join(fd.get(), options)) {
    return Error{ErrorCode::kListenFailed, static_cast<uint32_t>(errno)};
  }
  return fd;
}

bool UdpSource::start() { return context_.loop.watch(socket_.get(), EPOLLIN, *this); }

void UdpSource::on_ready(uint32_t /*events*/) {
  const auto room = context_.loop.read_buffer();
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    const ssize_t count = ::recvfrom(socket_.get(), room.data(), room.size(), 0,
                                     reinterpret_cast<sockaddr*>(&storage), &size);
    if (count < 0) {
      return;
    }
    take(room.first(static_cast<size_t>(count)),
         Address(reinterpret_cast<const sockaddr*>(&storage), size));
  }
}

bool UdpSource::is_welcome(const Address& sender) const {
  return options_.senders.empty() ||
         std::ranges::find(options_.senders, sender.ip()) != options_.senders.end();
}

void UdpSource::take(Bytes datagram, const Address& sender) {
  if (!is_welcome(sender)) {
    return;
  }
  datagram = without_rtp(datagram);
  const std::string from = sender.ip() + ' ' + std::to_string(sender.port());
  auto* session = static_cast<UdpSession*>(context_.sessions.find(session_));
  if (session == nullptr) {
    // Whatever else comes to the port begins no session.
    if (datagram.empty() || datagram[0] != mpegts::kSyncByte || context_.loop.now() < not_before_) {
      return;
    }
    sender_ = from;
    begin_session(sender);
    session = static_cast<UdpSession*>(context_.sessions.find(session_));
  }
  if (session != nullptr && from == sender_) {
    session->take(datagram);
  }
}

void UdpSource::begin_session(const Address& sender) {
  const size_t limit = context_.max_connections.load(std::memory_order_relaxed);
  if (context_.connections.fetch_add(1, std::memory_order_relaxed) >= limit) {
    context_.connections.fetch_sub(1, std::memory_order_relaxed);
    context_.troubles.note("mpegts_udp",
                           {ErrorCode::kLimitConnections, static_cast<uint32_t>(limit)});
    on_turned_away();
    return;
  }
  auto session = std::make_unique<UdpSession>(context_, sender, local_port_, *this);
  UdpSession& added = *session;
  context_.sessions.add(std::move(session));
  session_ = added.id();
  added.start();
}

}  // namespace millrace::mpegts_udp
