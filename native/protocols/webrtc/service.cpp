#include "protocols/webrtc/service.hpp"

#include <algorithm>

#include "protocols/webrtc/path.hpp"

namespace millrace::webrtc {

namespace {

// Restarts of ICE: the credentials before the last are no longer used by anybody.
constexpr size_t kMaxUfrags = 2;

}  // namespace

void Shared::note_bad_integrity(const Address& from) {
  bad_integrity.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  last_bad_integrity_ = from;
}

std::string Shared::last_bad_integrity() const {
  const std::lock_guard lock(mutex_);
  return last_bad_integrity_ ? text_of(*last_bad_integrity_) : std::string();
}

void Shared::want_layer(std::string wish) {
  const std::lock_guard lock(mutex_);
  wanted_layer_ = std::move(wish);
  layer_wishes.fetch_add(1, std::memory_order_relaxed);
}

std::string Shared::wanted_layer() const {
  const std::lock_guard lock(mutex_);
  return wanted_layer_;
}

const dtls::Certificate& Service::certificate(dtls::KeyType type) {
  MadeOnce& made = certificates_[static_cast<size_t>(type)];
  std::call_once(made.once, [&made, type] {
    made.certificate = std::make_unique<const dtls::Certificate>(type);
  });
  return *made.certificate;
}

Service::Found Service::find(std::string_view ufrag) {
  const std::lock_guard lock(mutex_);
  const auto named = ufrags_.find(std::string(ufrag));
  if (named == ufrags_.end()) {
    return {};
  }
  const auto entry = entries_.find(named->second.session);
  return {entry->second.shared, named->second.ice, entry->second.owner};
}

void Service::announce(const SharedRef& shared) {
  const std::lock_guard lock(mutex_);
  const IceCredentials& ice = shared->description.ice;
  entries_[shared->id] = {shared, nullptr, {ice.local_ufrag}};
  ufrags_[ice.local_ufrag] = {shared->id, ice};
}

void Service::restart(SessionId session, const IceCredentials& ice) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(session);
  if (found == entries_.end() || ufrags_.contains(ice.local_ufrag)) {
    return;
  }
  auto& ufrags = found->second.ufrags;
  if (ufrags.size() == kMaxUfrags) {
    ufrags_.erase(ufrags.front());
    ufrags.erase(ufrags.begin());
  }
  ufrags.push_back(ice.local_ufrag);
  ufrags_[ice.local_ufrag] = {session, ice};
}

bool Service::claim(SessionId session, PeerTable& table) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(session);
  if (found == entries_.end() || found->second.owner != nullptr) {
    return false;
  }
  found->second.owner = &table;
  return true;
}

PeerTable* Service::forget(SessionId session) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(session);
  if (found == entries_.end()) {
    return nullptr;
  }
  PeerTable* owner = found->second.owner;
  for (const std::string& ufrag : found->second.ufrags) {
    if (const auto named = ufrags_.find(ufrag);
        named != ufrags_.end() && named->second.session == session) {
      ufrags_.erase(named);
    }
  }
  entries_.erase(found);
  return owner;
}

}  // namespace millrace::webrtc
