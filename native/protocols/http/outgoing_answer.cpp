#include "protocols/http/outgoing_answer.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::http {

namespace {

// A file as small as a playlist is read and sent with its head in one call; sendfile would take
// two.
constexpr uint64_t kSmallFileBytes = 16 << 10;
// One peer on a fast network may take this much of a turn before the others have theirs.
constexpr uint64_t kBytesPerTurn = 1 << 20;
constexpr size_t kPiecesPerCall = 64;
// What is kept of the head's room between answers.
constexpr size_t kKeptBytes = 4096;

}  // namespace

void OutgoingAnswer::set_body(std::shared_ptr<const BufferChain> body, size_t offset, size_t size) {
  body_ = std::move(body);
  body_left_ = size;
  part_ = 0;
  part_at_ = offset;
  while (body_left_ > 0 && part_at_ >= body_->parts[part_]->size()) {
    part_at_ -= body_->parts[part_]->size();
    ++part_;
  }
}

void OutgoingAnswer::set_file(Fd file, uint64_t offset, uint64_t size) {
  file_ = std::move(file);
  file_at_ = static_cast<off_t>(offset);
  file_left_ = size;
  if (size == 0 || size > kSmallFileBytes) {
    return;
  }
  const size_t head_size = head_.size();
  head_.resize(head_size + static_cast<size_t>(size));
  const ssize_t got =
      ::pread(file_.get(), head_.data() + head_size, static_cast<size_t>(size), file_at_);
  if (got == static_cast<ssize_t>(size)) {
    file_left_ = 0;
  } else {
    head_.resize(head_size);  // cut meanwhile; send_file() finds that out
  }
}

OutgoingAnswer::Progress OutgoingAnswer::send(Connection& connection) {
  uint64_t turn_left = kBytesPerTurn;
  const Progress memory = send_memory(connection, turn_left);
  return memory == Progress::kSent ? send_file(connection, turn_left) : memory;
}

OutgoingAnswer::Progress OutgoingAnswer::send_memory(Connection& connection, uint64_t& turn_left) {
  while (head_sent_ < head_.size() || body_left_ > 0) {
    if (turn_left == 0) {
      return Progress::kTurnTaken;
    }
    std::array<iovec, kPiecesPerCall> pieces;
    size_t count = 0;
    size_t wanted = 0;
    if (head_sent_ < head_.size()) {
      pieces[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
      wanted = head_.size() - head_sent_;
    }
    const size_t of_head = wanted;
    size_t at = part_at_;
    size_t left = body_left_;
    for (size_t part = part_; left > 0 && count < pieces.size() && wanted < turn_left; ++part) {
      const Bytes bytes = body_->parts[part]->bytes().subspan(at);
      const size_t size = std::min(bytes.size(), left);
      pieces[count++] = {const_cast<uint8_t*>(bytes.data()), size};
      wanted += size;
      left -= size;
      at = 0;
    }
    const size_t sent = connection.try_write(std::span(pieces).first(count));
    head_sent_ += std::min(sent, of_head);
    size_t of_body = sent - std::min(sent, of_head);
    body_left_ -= of_body;
    part_at_ += of_body;
    while (body_left_ > 0 && part_at_ >= body_->parts[part_]->size()) {
      part_at_ -= body_->parts[part_]->size();
      ++part_;
    }
    turn_left -= std::min<uint64_t>(turn_left, sent);
    if (sent < wanted) {
      return Progress::kBlocked;
    }
  }
  return Progress::kSent;
}

OutgoingAnswer::Progress OutgoingAnswer::send_file(Connection& connection, uint64_t& turn_left) {
  if (file_left_ == 0) {
    return Progress::kSent;
  }
  const auto wanted = static_cast<size_t>(std::min(file_left_, turn_left));
  if (wanted == 0) {
    return Progress::kTurnTaken;
  }
  const size_t sent = connection.try_send_file(file_.get(), file_at_, wanted);
  file_left_ -= sent;
  if (file_left_ == 0) {
    return Progress::kSent;
  }
  if (sent == wanted) {
    return Progress::kTurnTaken;
  }
  // At the end of the file the socket is not full, so nobody would call again.
  struct stat status {};
  const bool whole = ::fstat(file_.get(), &status) == 0 &&
                     status.st_size >= file_at_ + static_cast<off_t>(file_left_);
  return whole ? Progress::kBlocked : Progress::kFileCut;
}

void OutgoingAnswer::clear() {
  head_.clear();
  head_sent_ = 0;
  if (head_.capacity() > kKeptBytes) {
    std::string{}.swap(head_);
  }
  body_.reset();
  body_left_ = 0;
  file_.reset();
  file_left_ = 0;
}

}  // namespace millrace::http
