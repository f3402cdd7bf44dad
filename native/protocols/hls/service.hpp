#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "control/events.hpp"
#include "control/value.hpp"
#include "protocols/hls/egress.hpp"
#include "protocols/hls/egress_registry.hpp"
#include "protocols/hls/requests.hpp"
#include "protocols/hls/segment_store.hpp"
#include "protocols/hls/session_table.hpp"

namespace millrace::hls {

/// All HLS of one engine: what is served, who plays it, who writes files. Lives in ModuleStates;
/// its parts are thread-safe by themselves.
class Service final : private EgressEvents {
 public:
  Service();
  ~Service() override;

  /// Tells where faults are reported; with the first stream.
  void report_to(EventQueue& events);

  [[nodiscard]] SegmentStore& store() { return store_; }
  [[nodiscard]] SessionTable& sessions() { return sessions_; }
  [[nodiscard]] Requests& requests() { return requests_; }
  [[nodiscard]] EgressRegistry& egresses() { return egresses_; }

  /// Drops what has had its time; once a second, by one thread.
  void sweep(Time now);
  /// Bytes that a session had got when it ended, asked once; nullopt while it lasts.
  [[nodiscard]] std::optional<uint64_t> take_ended(const std::string& context_id);

  /// The end of the server: files of streams with an hls_dispose are removed, the rest is written
  /// out.
  void stop();

 private:
  void on_segment(const SegmentEvent& event) override;
  void on_failure(const StreamName& name, Error error, OnError policy) override;
  void on_disk_trouble(const DiskHealth::Report& report);

  std::mutex mutex_;
  EventQueue* events_ = nullptr;
  std::unordered_map<std::string, uint64_t> ended_;
  SystemFiles files_;
  FileWorker worker_;
  SegmentStore store_;
  SessionTable sessions_;
  Requests requests_;
  EgressRegistry egresses_;
};

/// The options of a vhost's `hls` section as the control plane hands them over.
Options options_from(const Fields& fields);

}  // namespace millrace::hls
