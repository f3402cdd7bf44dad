#include "io/connection.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace millrace {

namespace {

// One peer may take this much of a turn before the others have theirs.
constexpr int kReadsPerTurn = 4;
// What a peer may still send while it is let go is thrown away, so that it is not answered with a
// reset which would take our last words from it; who sends more than this in one turn is not
// listening.
constexpr int kReadsWhileClosing = 64;
constexpr size_t kFileSliceBytes = size_t{16} << 10;
// A peer that has gone without a word is found within 30 seconds, also where nothing is sent to it
// for a long time, as to a player that waits for a publisher.
constexpr int kKeepAliveIdleS = 15;
constexpr int kKeepAliveIntervalS = 5;
constexpr int kKeepAliveProbes = 3;

void keep_alive(int fd) {
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleS);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalS);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

/// What a carrier took, as a socket would say it.
ssize_t carried(size_t taken) {
  if (taken == 0) {
    errno = EAGAIN;
    return -1;
  }
  return static_cast<ssize_t>(taken);
}

}  // namespace

Connection::Connection(Loop& loop, Fd fd, const Address& peer,
                       std::shared_ptr<const TlsContext> tls, Owner& owner)
    : Connection(loop, std::move(fd), peer, std::move(tls)) {
  owner_ = &owner;
}

Connection::Connection(Loop& loop, Fd fd, const Address& peer,
                       std::shared_ptr<const TlsContext> tls)
    : Connection(loop, nullptr, peer) {
  fd_ = std::move(fd);
  tls_ = std::move(tls);
}

Connection::Connection(Loop& loop, std::unique_ptr<Carrier> carrier, const Address& peer)
    : loop_(loop),
      owner_(nullptr),
      carrier_(std::move(carrier)),
      peer_(peer),
      last_read_(loop.now()),
      last_write_(loop.now()),
      retry_([this] {
        if (failed_) {
          fail(failure_);
        } else if (closing_) {
          close();
        } else {
          read_some();
        }
      }) {}

Connection::~Connection() {
  lingering_ = false;  // whoever destroys it has taken it from the loop
  close();
}

bool Connection::start() {
  if (carrier_ != nullptr || ssl_ != nullptr) {
    return true;
  }
  keep_alive(fd_.get());
  if (tls_ != nullptr) {
    ssl_ = tls_->accept(fd_.get());
    handshaking_ = true;
  }
  if ((tls_ != nullptr && ssl_ == nullptr) ||
      !loop_.watch(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this)) {
    release_descriptor();
    return false;
  }
  return true;
}

void Connection::on_ready(uint32_t events) {
  if (closed()) {
    return;
  }
  hung_up_ = hung_up_ || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (handshaking_) {
    if (!handshake()) {
      return;
    }
    events |= EPOLLIN | EPOLLOUT;  // both edges may have passed during the handshake
  }
  // Writing first: a peer that closed its side may still read what it asked for.
  if ((events & EPOLLOUT) != 0 && (blocked_ || queued_bytes() != 0)) {
    take_writable();
    if (closed()) {
      return;
    }
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    read_some();
  }
}

void Connection::take_writable() {
  blocked_ = false;
  last_write_ = loop_.now();
  flush_queue();
  if (!closed() && !blocked_ && queued_bytes() == 0 && !closing_) {
    owner_->on_writable();
  }
}

std::string_view Connection::application_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_ != nullptr) {
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  }
  return {reinterpret_cast<const char*>(name), size};
}

bool Connection::carried_bytes(Bytes bytes) {
  if (reading_paused_) {
    unread_ = true;
    return false;
  }
  if (carrier_ != nullptr) {
    bytes_in_ += bytes.size();
    last_read_ = loop_.now();
  }
  if (!closing_) {
    owner_->on_bytes(bytes);
  }
  return true;
}

void Connection::carried_writable() {
  if (blocked_ || queued_bytes() != 0) {
    take_writable();
  }
}

bool Connection::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    handshaking_ = false;
    last_read_ = loop_.now();
    return true;
  }
  const int reason = SSL_get_error(ssl_.get(), result);
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
    const auto detail = static_cast<uint32_t>(ERR_GET_REASON(ERR_peek_error()));
    ERR_clear_error();
    fail({ErrorCode::kTlsHandshakeFailed, detail});
  }
  return false;
}

ssize_t Connection::tls_result(int result) {
  const int saved_errno = errno;
  const int reason = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  switch (reason) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = saved_errno != 0 ? saved_errno : ECONNRESET;
      return -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

void Connection::read_some() {
  if (reading_paused_ || handshaking_) {
    unread_ = true;
    return;
  }
  unread_ = false;
  if (carrier_ != nullptr) {
    return carrier_->read_on();
  }
  const std::span<uint8_t> room = loop_.read_buffer();
  for (int reads = 0; reads < (closing_ ? kReadsWhileClosing : kReadsPerTurn); ++reads) {
    ssize_t size = 0;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      errno = 0;
      const int result = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
      size = result > 0 ? result : tls_result(result);
    } else {
      size = ::recv(fd_.get(), room.data(), room.size(), 0);
    }
    if (size > 0) {
      bytes_in_ += static_cast<uint64_t>(size);
      last_read_ = loop_.now();
      if (!closing_) {
        owner_->on_bytes(room.first(static_cast<size_t>(size)));
      }
      if (closed()) {
        return;
      }
      if (reading_paused_) {
        unread_ = true;
        return;
      }
      // A short count means the socket is empty, and the next edge will come; unless the edge of
      // the end has been seen already, which does not come twice. TLS hands out one record at a
      // time, so only an explicit "want read" ends it there.
      if (ssl_ == nullptr && static_cast<size_t>(size) < room.size() && !hung_up_) {
        return;
      }
    } else if (size == 0) {
      return closing_ ? close() : fail({ErrorCode::kPeerClosed});
    } else if (errno == EINTR) {
      continue;
    } else if (errno == EAGAIN) {
      return;
    } else {
      const bool gone = errno == ECONNRESET || errno == EPIPE;
      return closing_ ? close()
                      : fail({gone ? ErrorCode::kPeerClosed : ErrorCode::kIoError,
                              static_cast<uint32_t>(errno)});
    }
  }
  if (closing_) {
    return close();  // the timer is the closing limit's
  }
  unread_ = true;
  loop_.arm(retry_, loop_.now());
}

void Connection::note_blocked() {
  if (!blocked_) {
    blocked_ = true;
    last_write_ = loop_.now();  // from now on the peer is behind
  }
}

ssize_t Connection::send_bytes(Bytes bytes) {
  if (ssl_ != nullptr) {
    if (handshaking_) {
      errno = EAGAIN;
      return -1;
    }
    ERR_clear_error();
    errno = 0;
    // One record at a time: given more, OpenSSL finishes the record that was pending, begins the
    // next and then reports neither, and wants all of both again; a reader that leaves could not
    // know how much.
    const size_t size = std::min(bytes.size(), kTlsRecordBytes);
    const int result = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(size));
    return result > 0 ? result : tls_result(result);
  }
  if (carrier_ != nullptr) {
    const iovec piece{const_cast<uint8_t*>(bytes.data()), bytes.size()};
    return carried(carrier_->send({&piece, 1}));
  }
  return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void Connection::write(Bytes bytes) {
  if (closed() || failed_ || closing_) {
    return;
  }
  if (queue_.empty() && !blocked_) {
    while (!bytes.empty()) {
      const ssize_t sent = send_bytes(bytes);
      if (sent <= 0) {
        if (sent < 0 && errno == EINTR) {
          continue;
        }
        if (sent < 0 && errno != EAGAIN) {
          failed_ = true;
          failure_ = {
              errno == EPIPE || errno == ECONNRESET ? ErrorCode::kPeerClosed : ErrorCode::kIoError,
              static_cast<uint32_t>(errno)};
          loop_.arm(retry_, loop_.now());
          return;
        }
        break;
      }
      bytes_out_ += static_cast<uint64_t>(sent);
      bytes = bytes.subspan(static_cast<size_t>(sent));
    }
  }
  if (bytes.empty()) {
    return;
  }
  if (queued_bytes() + bytes.size() > kMaxQueuedBytes) {
    // Not at once: the owner is in the middle of something that still uses the connection.
    failed_ = true;
    failure_ = {ErrorCode::kSlowReader};
    loop_.arm(retry_, loop_.now());
    return;
  }
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
  note_blocked();
}

void Connection::flush_queue() {
  while (queued_bytes() != 0) {
    const ssize_t sent = send_bytes(Bytes(queue_).subspan(queue_sent_));
    if (sent > 0) {
      repeat_write_ = false;
      queue_sent_ += static_cast<size_t>(sent);
      bytes_out_ += static_cast<uint64_t>(sent);
      continue;
    }
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0 && errno == EAGAIN) {
      note_blocked();
      return;
    }
    return closing_ ? close() : fail({ErrorCode::kPeerClosed, static_cast<uint32_t>(errno)});
  }
  // The room is given back: most of a session's life it has nothing queued.
  std::vector<uint8_t>().swap(queue_);
  queue_sent_ = 0;
  if (closing_ && carrier_ != nullptr) {
    carrier_->finish();
    return close();
  }
  if (closing_) {
    if (ssl_ != nullptr) {
      SSL_shutdown(ssl_.get());
    }
    ::shutdown(fd_.get(), SHUT_WR);
  }
}

size_t Connection::try_write(std::span<const iovec> pieces) {
  if (closed() || failed_ || closing_ || queued_bytes() != 0) {
    return 0;
  }
  size_t wanted = 0;
  size_t total = 0;
  for (const iovec& piece : pieces) {
    wanted += piece.iov_len;
  }
  ssize_t sent = 0;
  if (ssl_ != nullptr) {
    for (const iovec& piece : pieces) {
      size_t done = 0;
      while (done < piece.iov_len) {
        sent =
            send_bytes({static_cast<const uint8_t*>(piece.iov_base) + done, piece.iov_len - done});
        if (sent <= 0) {
          break;
        }
        repeat_write_ = false;
        done += static_cast<size_t>(sent);
      }
      total += done;
      if (done < piece.iov_len) {
        repeat_write_ = sent < 0 && errno == EAGAIN && !handshaking_;
        break;
      }
    }
  } else if (carrier_ != nullptr) {
    sent = carried(carrier_->send(pieces));
    total = sent > 0 ? static_cast<size_t>(sent) : 0;
  } else {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    do {
      // send() spares the kernel reading a message header and a vector: mostly there is one piece.
      sent = pieces.size() == 1
                 ? ::send(fd_.get(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                 : ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    total = sent > 0 ? static_cast<size_t>(sent) : 0;
  }
  bytes_out_ += total;
  if (total > 0) {
    last_write_ = loop_.now();
  }
  if (total < wanted) {
    if (sent < 0 && errno != EAGAIN) {
      failed_ = true;
      failure_ = {
          errno == EPIPE || errno == ECONNRESET ? ErrorCode::kPeerClosed : ErrorCode::kIoError,
          static_cast<uint32_t>(errno)};
      loop_.arm(retry_, loop_.now());
    } else {
      note_blocked();
    }
  }
  return total;
}

size_t Connection::try_send_file(int file, off_t& offset, size_t size) {
  if (closed() || failed_ || closing_ || queued_bytes() != 0 || size == 0) {
    return 0;
  }
  if (ssl_ == nullptr && carrier_ == nullptr) {
    // Until the socket refuses: a short count alone does not mean that an edge will come.
    size_t total = 0;
    while (total < size) {
      const ssize_t sent = ::sendfile(fd_.get(), file, &offset, size - total);
      if (sent > 0) {
        total += static_cast<size_t>(sent);
      } else if (sent < 0 && errno == EAGAIN) {
        note_blocked();
        break;
      } else if (sent == 0 || errno != EINTR) {
        // The file has become shorter than what was announced, or the socket is broken.
        failed_ = true;
        failure_ = {ErrorCode::kIoError, sent == 0 ? 0 : static_cast<uint32_t>(errno)};
        loop_.arm(retry_, loop_.now());
        break;
      }
    }
    bytes_out_ += total;
    if (total > 0 && !blocked_) {
      last_write_ = loop_.now();
    }
    return total;
  }
  std::array<uint8_t, kFileSliceBytes> slice;
  size_t total = 0;
  while (total < size) {
    const ssize_t got = ::pread(file, slice.data(), std::min(slice.size(), size - total), offset);
    if (got <= 0) {
      failed_ = true;
      failure_ = {ErrorCode::kIoError, got == 0 ? 0 : static_cast<uint32_t>(errno)};
      loop_.arm(retry_, loop_.now());
      break;
    }
    const iovec piece{slice.data(), static_cast<size_t>(got)};
    const size_t sent = try_write({&piece, 1});
    offset += static_cast<off_t>(sent);
    total += sent;
    if (sent < static_cast<size_t>(got)) {
      break;
    }
  }
  return total;
}

void Connection::pause_reading() { reading_paused_ = true; }

void Connection::resume_reading() {
  if (reading_paused_) {
    reading_paused_ = false;
    if (unread_ && !closed() && !failed_) {
      loop_.arm(retry_, loop_.now());
    }
  }
}

void Connection::fail(Error error) {
  if (closed()) {
    return;
  }
  release_descriptor();
  if (!closing_) {
    owner_->on_closed(error);
  }
}

void Connection::close() { release_descriptor(); }

void Connection::close_when_sent(Duration limit) {
  if (closed() || closing_) {
    return;
  }
  closing_ = true;
  loop_.arm_in(retry_, limit);
  reading_paused_ = false;
  if (!blocked_ || queued_bytes() == 0) {
    flush_queue();
  }
}

void Connection::linger(std::unique_ptr<Connection> connection) {
  Loop& loop = connection->loop_;
  if (connection->closed() || !connection->closing_) {
    connection->close();
    loop.dispose(std::move(connection));
    return;
  }
  connection->lingering_ = true;
  loop.keep(std::move(connection));
}

void Connection::release_descriptor() {
  if (!closed()) {
    if (fd_) {
      loop_.unwatch(fd_.get(), *this);
    }
    ssl_.reset();
    fd_.reset();
    carrier_.reset();
    retry_.disarm();
    std::vector<uint8_t>().swap(queue_);
    queue_sent_ = 0;
    if (lingering_) {
      loop_.drop(this);
    }
  }
}

void Connection::set_no_delay(bool on) {
  if (!fd_) {
    return;
  }
  const int value = on ? 1 : 0;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
}

}  // namespace millrace
