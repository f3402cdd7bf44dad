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

/// How many connections each address has, across all loops, and may have. An IPv6 address counts as
/// its /64, which is what one customer gets (RFC 6177): its addresses are as good as endless. Any
/// thread.
class AddressCounts {
 public:
  /// @param limit   0: nothing is counted.
  /// @param exempt  proxies, each of which brings the connections of many.
  AddressCounts(size_t limit, const NetworkList& exempt) : limit_(limit), exempt_(exempt) {}

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

  /// @return nullopt when the address has as many connections as it may.
  [[nodiscard]] std::optional<Place> take(const Address& address) { return take(address, limit_); }
  /// For what one connection with a place does beside other things, each as good as a connection:
  /// the first one counts for nothing.
  [[nodiscard]] std::optional<Place> take_on_connection(const Address& address) {
    return take(address, limit_ + 1);
  }
  /// Of one address.
  [[nodiscard]] size_t limit() const { return limit_; }
  /// Whether the address has a limit.
  [[nodiscard]] bool limits(const Address& address) const {
    return limit_ != 0 && !exempt_.contains(address);
  }
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
  [[nodiscard]] std::optional<Place> take(const Address& address, size_t limit);
  Shard& shard(const AddressBytes& key) { return shards_[Hash{}(key) % shards_.size()]; }

  const size_t limit_;
  const NetworkList& exempt_;
  std::array<Shard, 16> shards_;
};

}  // namespace millrace
