#include <algorithm>
#include <cstdlib>
#include <vector>

#include "protocols/rtmp/server_session.hpp"
#include "protocols/rtmp/url.hpp"

namespace {

using millrace::Bytes;
using millrace::rtmp::Event;
using millrace::rtmp::ServerSession;

constexpr millrace::rtmp::SessionLimits kLimits{
    .chunks = {.max_message_bytes = 1U << 16, .max_unfinished_bytes = 1U << 17},
    .max_backlog_bytes = 8192,
    .max_output_bytes = 16384};

/// Yes to most, no to some, by the bits of `seed`.
void decide(ServerSession& session, const Event& last, uint32_t seed) {
  const bool yes = (seed & 7U) != 7U;
  if (std::holds_alternative<millrace::rtmp::ConnectRequest>(last)) {
    yes ? session.accept_connect({}) : session.reject_connect("no");
  } else if (const auto* publish = std::get_if<millrace::rtmp::PublishRequest>(&last)) {
    (void)millrace::rtmp::resolve_stream_url("rtmp://host/app", publish->stream);
    yes ? session.accept_publish() : session.reject_publish(millrace::ErrorCode::kStreamBusy);
  } else {
    yes ? session.accept_play() : session.redirect("rtmp://other/app", "rtmp://other/app/stream");
  }
}

/// Takes events until the session wants bytes. @return whether it goes on.
bool drain(ServerSession& session, uint32_t& seed) {
  for (Event last;;) {
    auto event = session.poll();
    if (!event.ok()) {
      return false;
    }
    const size_t output = session.pending_output().size();
    if (output > kLimits.max_output_bytes) {
      std::abort();
    }
    session.consume_output((seed & 0x10U) != 0 ? output : output / 2);
    if (event.value()) {
      last = *std::move(event.value());
      if (const auto* media = std::get_if<millrace::rtmp::MediaMessage>(&last)) {
        if (!session.publishing() || media->payload.size() > kLimits.chunks.max_message_bytes) {
          std::abort();
        }
      }
      // A decision at once, or after the next poll() has kept what is unread.
      if (session.awaits_decision() && (seed & 0x20U) != 0) {
        decide(session, last, seed);
      }
    } else if (session.awaits_decision()) {
      decide(session, last, seed);
    } else {
      return true;
    }
    seed = seed * 1664525U + 1013904223U;
  }
}

}  // namespace

// First byte: step size; second: decisions. The bytes follow a handshake that is already done.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t step = 1U + data[0];
  uint32_t seed = data[1];
  ServerSession session(kLimits, 1);
  std::vector<uint8_t> handshake(1 + 2 * millrace::rtmp::kHandshakeBytes);
  handshake[0] = millrace::rtmp::kRtmpVersion;
  session.feed(handshake);
  if (!drain(session, seed)) {
    std::abort();
  }
  const Bytes bytes = Bytes(data, size).subspan(2);
  for (size_t at = 0; at < bytes.size(); at += step) {
    const Bytes part = bytes.subspan(at, std::min(step, bytes.size() - at));
    const std::vector<uint8_t> lent(part.begin(), part.end());
    session.feed(lent);
    if (!drain(session, seed)) {
      break;
    }
  }
  return 0;
}
