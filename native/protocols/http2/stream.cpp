#include "protocols/http2/stream.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "protocols/http/response_writer.hpp"

namespace millrace::http2 {

namespace {

nghttp2_nv pair(std::string_view name, std::string_view value) {
  // nghttp2 copies both.
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

void append_text(std::vector<uint8_t>& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}

}  // namespace

// ---- what the peer sends

void Multiplexer::Stream::on_head(bool more_follows) {
  in_chunks_ = more_follows && !head_.has_length();
  input_ended_ = !more_follows;
  if (head_.refusal() == 0) {
    append_text(input_, head_.text(more_follows));
  }
}

void Multiplexer::Stream::on_data(Bytes bytes) {
  if (opened_ && handle_ == nullptr) {  // answered already: the rest is not wanted
    nghttp2_session_consume(multiplexer_.session_.get(), id_, bytes.size());
    return;
  }
  unconsumed_ += bytes.size();
  if (in_chunks_ && !bytes.empty()) {
    std::array<char, http::kChunkHeadRoom> room;
    append_text(input_, {room.data(), http::write_chunk_head(room, bytes.size())});
  }
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (in_chunks_ && !bytes.empty()) {
    append_text(input_, http::kChunkEnd);
  }
}

void Multiplexer::Stream::on_input_end() {
  if (!std::exchange(input_ended_, true) && in_chunks_) {
    append_text(input_, http::kLastChunk);
  }
}

void Multiplexer::Stream::attach(Connection& connection) {
  opened_ = true;
  connection_ = &connection;
}

void Multiplexer::Stream::hand_out_input() {
  if (handle_ == nullptr || input_.empty() || closed_) {
    return;
  }
  const std::vector<uint8_t> bytes = std::exchange(input_, {});
  if (!connection_->carried_bytes(bytes)) {
    input_ = bytes;
    return;
  }
  if (!multiplexer_.ended_ && unconsumed_ > 0) {
    nghttp2_session_consume(multiplexer_.session_.get(), id_, std::exchange(unconsumed_, 0));
    multiplexer_.flush();
  }
}

// ---- what is sent to it

size_t Multiplexer::Stream::send(std::span<const iovec> pieces) {
  if (closed_ || finished_ || multiplexer_.ended_) {
    return 0;
  }
  size_t taken = 0;
  size_t at = 0;  // in the first piece
  while (!responded_ && !pieces.empty()) {
    const auto* start = static_cast<const char*>(pieces[0].iov_base);
    const size_t of_head = response_.feed({start + at, pieces[0].iov_len - at});
    taken += of_head;
    at += of_head;
    if (response_.complete() && !submit_head()) {
      reset(NGHTTP2_INTERNAL_ERROR);
      return taken;
    }
    if (at == pieces[0].iov_len) {
      pieces = pieces.subspan(1);
      at = 0;
    }
  }
  offer_ = pieces;
  offer_at_ = at;
  offer_left_ = 0;
  for (const iovec& piece : pieces) {
    offer_left_ += piece.iov_len;
  }
  offer_left_ -= at;
  const size_t offered = offer_left_;
  if (offered > 0) {
    nghttp2_session_resume_data(multiplexer_.session_.get(), id_);
  }
  multiplexer_.flush();
  taken += offered - offer_left_;
  blocked_ = offer_left_ > 0;
  offer_ = {};
  offer_left_ = 0;
  return taken;
}

bool Multiplexer::Stream::submit_head() {
  const std::string_view status = response_.status();
  if (status.empty()) {
    return false;
  }
  const std::vector<http::Header> fields = response_.fields();
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(fields.size() + 1);
  pairs.push_back(pair(":status", status));
  for (const http::Header& field : fields) {
    pairs.push_back(pair(field.name, field.value));
  }
  nghttp2_session* session = multiplexer_.session_.get();
  int result = 0;
  if (response_.is_interim()) {
    result = nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, id_, nullptr, pairs.data(),
                                    pairs.size(), nullptr);
  } else {
    responded_ = true;
    const nghttp2_data_provider provider{
        {.ptr = this},
        [](nghttp2_session*, int32_t, uint8_t*, size_t room, uint32_t* flags,
           nghttp2_data_source* source, void*) -> ssize_t {
          return static_cast<Stream*>(source->ptr)->read_source(room, *flags);
        }};
    result = nghttp2_submit_response(session, id_, pairs.data(), pairs.size(), &provider);
  }
  response_.clear();
  return result == 0;
}

ssize_t Multiplexer::Stream::read_source(size_t room, uint32_t& flags) const {
  if (offer_left_ == 0 && finished_) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    return 0;
  }
  if (offer_left_ == 0 || !multiplexer_.can_send()) {
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(std::min(room, offer_left_));
}

void Multiplexer::Stream::take(size_t size) {
  offer_left_ -= size;
  while (size > 0) {
    const iovec& piece = offer_.front();
    const size_t part = std::min(size, piece.iov_len - offer_at_);
    multiplexer_.append({static_cast<const uint8_t*>(piece.iov_base) + offer_at_, part});
    size -= part;
    offer_at_ += part;
    if (offer_at_ == piece.iov_len) {
      offer_ = offer_.subspan(1);
      offer_at_ = 0;
    }
  }
}

void Multiplexer::Stream::on_writable() {
  blocked_ = false;
  if (handle_ != nullptr) {
    connection_->carried_writable();
  }
}

void Multiplexer::Stream::refuse(unsigned status) {
  opened_ = true;
  responded_ = true;
  finished_ = true;
  const std::string text = std::to_string(status);
  const std::array pairs{pair(":status", text), pair("content-length", "0")};
  nghttp2_submit_response(multiplexer_.session_.get(), id_, pairs.data(), pairs.size(), nullptr);
}

void Multiplexer::Stream::finish() {
  if (closed_ || multiplexer_.ended_) {
    return;
  }
  if (!responded_) {
    reset(NGHTTP2_INTERNAL_ERROR);
    return;
  }
  finished_ = true;
  nghttp2_session_resume_data(multiplexer_.session_.get(), id_);
  multiplexer_.flush();
}

void Multiplexer::Stream::reset(uint32_t error_code) {
  finished_ = true;
  nghttp2_submit_rst_stream(multiplexer_.session_.get(), NGHTTP2_FLAG_NONE, id_, error_code);
  multiplexer_.flush();
}

// ---- ends

/// The connection goes: what it has not finished is broken off.
void Multiplexer::Stream::let_go() {
  handle_ = nullptr;
  connection_ = nullptr;
  --multiplexer_.handled_;
  std::vector<uint8_t>().swap(input_);
  if (!closed_ && !multiplexer_.ended_) {
    if (unconsumed_ > 0) {
      nghttp2_session_consume(multiplexer_.session_.get(), id_, std::exchange(unconsumed_, 0));
    }
    if (!finished_) {
      reset(NGHTTP2_CANCEL);
    }
  }
  multiplexer_.arm_idle();
}

void Multiplexer::Stream::detach(Error reason) {
  if (handle_ != nullptr) {
    Connection& connection = *connection_;
    std::exchange(handle_, nullptr)->stream_ = nullptr;
    connection_ = nullptr;
    --multiplexer_.handled_;
    connection.carried_end(reason);
    multiplexer_.arm_idle();
  }
}

}  // namespace millrace::http2
