#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "protocols/hls/egress.hpp"

namespace millrace::hls {

/// The HLS streams of an engine while nobody publishes them. A publisher takes its stream out,
/// which may have come from another loop, and gives it back when it goes, so that numbers and
/// playlist go on. Any thread; its lock is taken at begin and end of publishing only.
class EgressRegistry {
 public:
  explicit EgressRegistry(const EgressServices& services) : services_(services) {}

  /// At the begin of publishing. Changed options take effect here: the stream begins a new playlist
  /// with them, and goes on with its numbers.
  /// @return kNameInvalid; kStreamBusy when the one before has not been given back yet.
  [[nodiscard]] Result<std::unique_ptr<Egress>> take(const std::string& stream_key,
                                                     const Options& options, const StreamName& name,
                                                     const std::string& url_root);

  /// After Egress::on_end().
  void give_back(const std::string& stream_key, std::unique_ptr<Egress> egress);

  /// Removes the streams that have been without a publisher for hls_dispose. With hls_dispose 0
  /// files stay for ever; memory is let go after two minutes when there are files to serve from.
  void sweep(Time now);

  /// When the server stops: removes the files of all streams that have an hls_dispose.
  void dispose_all();

  /// Streams without a publisher.
  [[nodiscard]] size_t idle_streams() const;

 private:
  struct Slot {
    std::unique_ptr<Egress> egress;  // null: taken
    Time idle_since{};
  };

  const EgressServices services_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Slot> slots_;
};

}  // namespace millrace::hls
