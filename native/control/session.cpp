#include "control/session.hpp"

#include <algorithm>
#include <cassert>

namespace millrace {

namespace {

constexpr unsigned kSlotBits = 24;
constexpr unsigned kGenerationBits = 20;
constexpr uint32_t kGenerationMask = (1U << kGenerationBits) - 1;
constexpr uint32_t kFirstReservedSlot = 1U << (kSlotBits - 1);

size_t at_least_one(int64_t value) { return static_cast<size_t>(std::max<int64_t>(value, 1)); }

}  // namespace

Limits Limits::from(const Fields& fields) {
  Limits limits;
  const auto size = [&fields](std::string_view name, size_t otherwise) {
    return at_least_one(fields.integer(name, static_cast<int64_t>(otherwise)));
  };
  limits.max_connections = size("max_connections", limits.max_connections);
  limits.max_connections_per_address =
      static_cast<size_t>(std::max<int64_t>(fields.integer("max_connections_per_address", 0), 0));
  for (const Value& entry : fields.list("trusted_proxies")) {
    const auto* text = entry.as<std::string>();
    if (const auto network = text != nullptr ? Network::parse(*text) : std::nullopt) {
      limits.trusted_proxies.add(*network);
    }
  }
  limits.max_message_bytes = size("max_message_bytes", limits.max_message_bytes);
  limits.max_unfinished_bytes = size("max_unfinished_bytes", limits.max_unfinished_bytes);
  limits.max_chunk_streams = size("max_chunk_streams", limits.max_chunk_streams);
  limits.max_metadata_bytes = size("max_metadata_bytes", limits.max_metadata_bytes);
  limits.max_request_head_bytes = size("max_request_head_bytes", limits.max_request_head_bytes);
  limits.gop_cache_max_bytes = size("gop_cache_max_bytes", limits.gop_cache_max_bytes);
  limits.ring_max_bytes = size("ring_max_bytes", limits.ring_max_bytes);
  limits.ring_max = fields.duration_ms("ring_max_ms", limits.ring_max);
  limits.handshake_timeout = fields.duration_ms("handshake_timeout_ms", limits.handshake_timeout);
  limits.request_head_timeout =
      fields.duration_ms("request_head_timeout_ms", limits.request_head_timeout);
  limits.idle_timeout = fields.duration_ms("idle_timeout_ms", limits.idle_timeout);
  limits.slow_reader_timeout =
      fields.duration_ms("slow_reader_timeout_ms", limits.slow_reader_timeout);
  limits.publisher_grace = fields.duration_ms("publisher_grace_ms", limits.publisher_grace);
  limits.admission_timeout = fields.duration_ms("admission_timeout_ms", limits.admission_timeout);
  return limits;
}

Session::Session(LoopContext& context, std::string_view protocol, std::string cid)
    : context_(context),
      protocol_(protocol),
      cid_(cid.empty() ? context.sessions.make_cid() : std::move(cid)),
      admission_deadline_([this] {
        asking_ = false;
        on_reject(ErrorCode::kAdmissionTimeout, "no decision in time", 503);
      }) {}

Session::~Session() { context_.connections.fetch_sub(1, std::memory_order_relaxed); }

void Session::decide_accept(const Fields& options) {
  if (asking_ && !finished_) {
    asking_ = false;
    admission_deadline_.disarm();
    on_accept(options);
  }
}

void Session::decide_reject(ErrorCode code, std::string_view text, int http_status) {
  if (asking_ && !finished_) {
    asking_ = false;
    admission_deadline_.disarm();
    on_reject(code, text, http_status);
  }
}

void Session::tell(Fields event) {
  known_ = true;
  event.set("session", id_);
  context_.events.send(std::move(event));
}

void Session::tell_opened(const Address& peer, uint16_t local_port, bool tls) {
  tell({{"type", "session_opened"},
        {"protocol", protocol_},
        {"ip", peer.ip()},
        {"port", peer.port()},
        {"local_port", local_port},
        {"tls", tls},
        {"cid", cid_}});
}

void Session::ask(Fields event) {
  assert(!asking_);
  asking_ = true;
  context_.loop.arm_in(admission_deadline_, context_.limits.admission_timeout);
  tell(std::move(event));
}

void Session::finish(Error reason, uint64_t bytes_in, uint64_t bytes_out, uint64_t skips,
                     Tell told) {
  if (finished_) {
    return;
  }
  finished_ = true;
  asking_ = false;
  admission_deadline_.disarm();
  if (told == Tell::kYes) {
    tell({{"type", "session_closed"},
          {"code", error_info(reason.code).name},
          {"detail", reason.detail},
          {"bytes_in", bytes_in},
          {"bytes_out", bytes_out},
          {"skips", skips}});
  }
  context_.sessions.remove(*this);
}

void SessionTable::add(std::unique_ptr<Session> session) {
  uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    assert(slot < kFirstReservedSlot);
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& at = slots_[slot];
  at.generation = (at.generation + 1) & kGenerationMask;
  session->id_ = uint64_t{loop_.index()} << (kSlotBits + kGenerationBits) |
                 uint64_t{slot} << kGenerationBits | at.generation;
  at.session = std::move(session);
  ++count_;
}

/// Slots from the upper half, and in each the generations in turn: none comes again within 2^43.
SessionId SessionTable::reserve() {
  const uint64_t number = next_reserved_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t slot = kFirstReservedSlot + number % kFirstReservedSlot;
  return uint64_t{loop_.index()} << (kSlotBits + kGenerationBits) | slot << kGenerationBits |
         (number / kFirstReservedSlot & kGenerationMask);
}

void SessionTable::add(std::unique_ptr<Session> session, SessionId reserved) {
  session->id_ = reserved;
  reserved_.emplace(reserved, std::move(session));
  ++count_;
}

Session* SessionTable::find(SessionId id) {
  const auto slot = static_cast<uint32_t>(id >> kGenerationBits) & ((1U << kSlotBits) - 1);
  const auto generation = static_cast<uint32_t>(id) & kGenerationMask;
  if (slot >= kFirstReservedSlot) {
    const auto found = reserved_.find(id);
    return found != reserved_.end() ? found->second.get() : nullptr;
  }
  if (slot >= slots_.size() || slots_[slot].generation != generation) {
    return nullptr;
  }
  return slots_[slot].session.get();
}

void SessionTable::remove(Session& session) {
  const auto slot = static_cast<uint32_t>(session.id_ >> kGenerationBits) & ((1U << kSlotBits) - 1);
  --count_;
  if (slot >= kFirstReservedSlot) {
    const auto found = reserved_.find(session.id_);
    loop_.dispose(std::move(found->second));
    reserved_.erase(found);
    return;
  }
  loop_.dispose(std::move(slots_[slot].session));
  free_.push_back(slot);
}

void SessionTable::close_all(ErrorCode code) {
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].session != nullptr) {
      slots_[slot].session->close(code);
    }
  }
  std::vector<SessionId> ids;
  for (const auto& entry : reserved_) {
    ids.push_back(entry.first);
  }
  for (const SessionId id : ids) {
    if (Session* session = find(id)) {
      session->close(code);
    }
  }
}

std::string SessionTable::make_cid() {
  static constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string cid(8, '0');
  uint64_t bits = random_();
  for (char& c : cid) {
    c = kAlphabet[bits % kAlphabet.size()];
    bits /= kAlphabet.size();
  }
  return cid;
}

}  // namespace millrace
