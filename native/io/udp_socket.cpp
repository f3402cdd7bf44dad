#include "io/udp_socket.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/shared_port.hpp"

namespace millrace {

namespace {

constexpr size_t kBatch = 16;
constexpr size_t kMaxDatagram = 65536;
constexpr int kBatchesPerTurn = 8;
// Bursts of hundreds of peers between two turns of the loop; the system cuts it to its own limit.
constexpr int kSocketBufferBytes = 4 << 20;
constexpr size_t kControlBytes = 64;

/// Appends one control message.
template <typename T>
void add_control(msghdr& head, size_t& used, int level, int type, const T& value) {
  auto* control = reinterpret_cast<cmsghdr*>(static_cast<uint8_t*>(head.msg_control) + used);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(control), &value, sizeof value);
  used += CMSG_SPACE(sizeof value);
}

}  // namespace

struct UdpSocket::Receive {
  std::array<mmsghdr, kBatch> heads{};
  std::array<iovec, kBatch> pieces{};
  std::array<sockaddr_storage, kBatch> from{};
  alignas(cmsghdr) std::array<std::array<uint8_t, kControlBytes>, kBatch> controls{};
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kBatch * kMaxDatagram);
};

Result<std::vector<Fd>> UdpSocket::bind_all(const Address& address, size_t count) {
  auto sockets = bind_shared_port(address, SOCK_DGRAM, count);
  if (!sockets.ok()) {
    return sockets;
  }
  const int on = 1;
  for (const Fd& fd : *sockets) {
    for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
      ::setsockopt(fd.get(), SOL_SOCKET, option, &kSocketBufferBytes, sizeof kSocketBufferBytes);
    }
    // Both may be refused by an old kernel; datagrams then come one by one, or without address.
    ::setsockopt(fd.get(), IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    if (address.family() == AF_INET6) {
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    } else {
      ::setsockopt(fd.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    }
  }
  return sockets;
}

UdpSocket::UdpSocket(Loop& loop, Fd socket, Owner& owner)
    : loop_(loop), socket_(std::move(socket)), owner_(owner), receive_(new Receive) {
  const Address local = Address::local_of(socket_.get());
  port_ = local.port();
  family_ = local.family();
  for (size_t i = 0; i < kBatch; ++i) {
    receive_->pieces[i] = {receive_->bytes.data() + i * kMaxDatagram, kMaxDatagram};
    msghdr& head = receive_->heads[i].msg_hdr;
    head.msg_iov = &receive_->pieces[i];
    head.msg_iovlen = 1;
    head.msg_name = &receive_->from[i];
    head.msg_control = receive_->controls[i].data();
  }
}

UdpSocket::~UdpSocket() { loop_.unwatch(socket_.get(), *this); }

bool UdpSocket::start() { return loop_.watch(socket_.get(), EPOLLIN, *this); }

void UdpSocket::on_ready(uint32_t /*events*/) {
  Receive& receive = *receive_;
  for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
    for (mmsghdr& entry : receive.heads) {
      entry.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
      entry.msg_hdr.msg_controllen = kControlBytes;
    }
    const int count = ::recvmmsg(socket_.get(), receive.heads.data(), kBatch, 0, nullptr);
    if (count <= 0) {
      // EAGAIN; or an ICMP error of an earlier send, which reading has cleared.
      return;
    }
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      deliver(receive, i, receive.heads[i].msg_len);
    }
    if (count < static_cast<int>(kBatch)) {
      return;
    }
  }
}

void UdpSocket::deliver(Receive& receive, size_t index, size_t size) {
  msghdr& head = receive.heads[index].msg_hdr;
  if ((head.msg_flags & MSG_TRUNC) != 0) {
    return;
  }
  size_t segment = size;
  LocalIp to;
  for (cmsghdr* control = CMSG_FIRSTHDR(&head); control != nullptr;
       control = CMSG_NXTHDR(&head, control)) {
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      int value = 0;
      std::memcpy(&value, CMSG_DATA(control), sizeof value);
      segment = value > 0 ? static_cast<size_t>(value) : size;
    } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      to.family = AF_INET;
      std::memcpy(to.ip.data(), &info.ipi_addr, sizeof info.ipi_addr);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      to.family = AF_INET6;
      std::memcpy(to.ip.data(), &info.ipi6_addr, sizeof info.ipi6_addr);
    }
  }
  const Address from(static_cast<const sockaddr*>(head.msg_name), head.msg_namelen);
  const std::span<uint8_t> bytes(static_cast<uint8_t*>(receive.pieces[index].iov_base), size);
  for (size_t at = 0; at < size; at += segment) {
    owner_.on_datagram(*this, bytes.subspan(at, std::min(segment, size - at)), from, to);
  }
}

bool UdpSocket::chooses(const Address& to, const LocalIp& from) const {
  // IPv6 hosts go over to a new temporary address from one moment to the next.
  if (to.family() != AF_INET || from.family != AF_INET) {
    return false;
  }
  const Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe || ::connect(probe.get(), to.get(), to.size()) != 0) {
    return false;
  }
  const Address chosen = Address::local_of(probe.get());
  return chosen.family() == AF_INET &&
         std::memcmp(&reinterpret_cast<const sockaddr_in*>(chosen.get())->sin_addr, from.ip.data(),
                     sizeof(in_addr)) == 0;
}

bool UdpSocket::send(const Address& to, const LocalIp& from, Bytes bytes, size_t segment_bytes) {
  if (to.family() != family_ || bytes.empty()) {
    return false;
  }
  const bool many = bytes.size() > segment_bytes;
  if (!many && from.family == 0) {
    return send_one(to, bytes);
  }
  iovec piece{const_cast<uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<uint8_t, kControlBytes> control{};
  msghdr head{};
  head.msg_name = const_cast<sockaddr*>(to.get());
  head.msg_namelen = to.size();
  head.msg_iov = &piece;
  head.msg_iovlen = 1;
  head.msg_control = control.data();
  size_t used = 0;
  if (from.family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.ip.data(), sizeof info.ipi_spec_dst);
    add_control(head, used, IPPROTO_IP, IP_PKTINFO, info);
  } else if (from.family == AF_INET6) {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, from.ip.data(), sizeof info.ipi6_addr);
    add_control(head, used, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
  head.msg_controllen = used;
  if (many && !segmentation_) {
    return send_each(head, bytes, segment_bytes);
  }
  if (many) {
    add_control(head, used, IPPROTO_UDP, UDP_SEGMENT, static_cast<uint16_t>(segment_bytes));
    head.msg_controllen = used;
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.get(), &head, 0);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    return true;
  }
  if (many && (errno == EIO || errno == EINVAL)) {
    segmentation_ = false;
    used -= CMSG_SPACE(sizeof(uint16_t));
    head.msg_controllen = used;
    return send_each(head, bytes, segment_bytes);
  }
  ++dropped_;
  return false;
}

/// What needs no control message is cheaper without a message head too.
bool UdpSocket::send_one(const Address& to, Bytes bytes) {
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket_.get(), bytes.data(), bytes.size(), 0, to.get(), to.size());
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    ++dropped_;
  }
  return sent >= 0;
}

bool UdpSocket::send_each(msghdr& head, Bytes bytes, size_t segment_bytes) {
  std::array<mmsghdr, kMaxSegments> heads{};
  std::array<iovec, kMaxSegments> pieces{};
  size_t count = 0;
  for (size_t at = 0; at < bytes.size() && count < kMaxSegments; at += segment_bytes) {
    pieces[count] = {const_cast<uint8_t*>(bytes.data()) + at,
                     std::min(segment_bytes, bytes.size() - at)};
    heads[count].msg_hdr = head;
    heads[count].msg_hdr.msg_iov = &pieces[count];
    ++count;
  }
  const int sent = ::sendmmsg(socket_.get(), heads.data(), static_cast<unsigned>(count), 0);
  if (sent == static_cast<int>(count)) {
    return true;
  }
  ++dropped_;
  return false;
}

}  // namespace millrace
