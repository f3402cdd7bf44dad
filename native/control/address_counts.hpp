#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "io/network.hpp"

namespace millrace {

/// How many connections each address has, across all loops. An IPv6 address counts as its /64,
/// which is what one customer gets (RFC 6177): its addresses are as good as endless. Any thread.
class AddressCounts {
 public:
  /// One counted connection; its end gives the place back.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : counts_(std::exchange(other.counts_, nullptr)), key_(other.key_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(key_, other.key_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

   private:
    friend class AddressCounts;
    Place(AddressCounts* counts, const AddressBytes& key) : counts_(counts), key_(key) {}
    AddressCounts* counts_ = nullptr;
    AddressBytes key_{};
  };

  /// @return nullopt when the address has `limit` connections already.
  [[nodiscard]] std::optional<Place> take(const Address& address, size_t limit);
  /// Addresses that have any.
  [[nodiscard]] size_t size();

 private:
  struct Hash {
    size_t operator()(const AddressBytes& key) const;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<AddressBytes, size_t, Hash> counts;
  };
  Shard& shard(const AddressBytes& key) { return shards_[Hash{}(key) % shards_.size()]; }

  std::array<Shard, 16> shards_;
};

}  // namespace millrace
