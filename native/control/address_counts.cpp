#include "control/address_counts.hpp"

#include <algorithm>
#include <string_view>

namespace millrace {

namespace {

AddressBytes key_of(const Address& address) {
  AddressBytes key = address_bytes(address);
  const bool is_v4 = key[10] == 0xff && key[11] == 0xff &&
                     std::all_of(key.begin(), key.begin() + 10, [](uint8_t b) { return b == 0; });
  if (!is_v4) {
    std::fill(key.begin() + 8, key.end(), uint8_t{0});
  }
  return key;
}

}  // namespace

size_t AddressCounts::Hash::operator()(const AddressBytes& key) const {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.data()), key.size()});
}

std::optional<AddressCounts::Place> AddressCounts::take(const Address& address, size_t limit) {
  if (!limits(address)) {
    return Place();
  }
  const AddressBytes key = key_of(address);
  Shard& at = shard(key);
  const std::lock_guard lock(at.mutex);
  size_t& count = at.counts[key];
  if (count >= limit) {
    return std::nullopt;
  }
  ++count;
  return Place(this, key);
}

AddressCounts::Place::~Place() {
  if (counts_ == nullptr) {
    return;
  }
  Shard& at = counts_->shard(key_);
  const std::lock_guard lock(at.mutex);
  if (const auto found = at.counts.find(key_); found != at.counts.end() && --found->second == 0) {
    at.counts.erase(found);
  }
}

size_t AddressCounts::size() {
  size_t size = 0;
  for (Shard& at : shards_) {
    const std::lock_guard lock(at.mutex);
    size += at.counts.size();
  }
  return size;
}

}  // namespace millrace
