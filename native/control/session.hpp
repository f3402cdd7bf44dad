#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "control/address_counts.hpp"
#include "control/events.hpp"
#include "control/trouble.hpp"
#include "control/value.hpp"
#include "io/address.hpp"
#include "io/loop.hpp"

namespace millrace {

class LoopHub;
struct SessionCounters;

/// Names a session for as long as the process lives: loop, slot and generation. Below 2^52, so it
/// is an exact JavaScript number; an id of a session that has gone finds nothing.
using SessionId = uint64_t;

/// Limits that hold for every session; from the configuration, fixed at start.
struct Limits {
  size_t max_connections = 1000;           // at start; see LoopContext
  size_t max_connections_per_address = 0;  // 0 = no limit
  NetworkList trusted_proxies;             // whose word about a client's address is taken
  size_t max_message_bytes = (size_t{1} << 24) - 1;
  size_t max_unfinished_bytes = size_t{32} << 20;
  size_t max_chunk_streams = 64;
  size_t max_metadata_bytes = size_t{64} << 10;
  size_t max_request_head_bytes = size_t{64} << 10;
  size_t gop_cache_max_bytes = size_t{64} << 20;
  size_t ring_max_bytes = size_t{32} << 20;
  Duration ring_max = seconds(10);
  Duration handshake_timeout = seconds(10);
  Duration request_head_timeout = seconds(15);
  Duration idle_timeout = seconds(30);
  Duration slow_reader_timeout = seconds(30);
  Duration admission_timeout = seconds(30);
  Duration publisher_grace = seconds(10);

  static Limits from(const Fields& fields);
};

/// What the server calls itself towards peers.
struct Identity {
  std::string server = "Millrace";  // "SRS/7.0.18(Hang)": as SRS's clients expect it
  std::string version;
  std::string ip;
  int64_t pid = 0;
};

class SessionTable;
class ModuleStates;

/// What a session of any protocol may use; one per loop, alive as long as the loop.
struct LoopContext {
  Loop& loop;
  LoopHub& hub;
  SessionTable& sessions;
  EventQueue& events;
  TroubleLog& troubles;
  ModuleStates& modules;       // of the engine
  ModuleStates& loop_modules;  // of this loop
  const Limits& limits;
  const Identity& identity;
  /// Of the whole engine; a session counts from its listener's accept to its destruction.
  std::atomic<size_t>& connections;
  /// Beyond it whoever accepts a connection closes it. Changes while the engine runs.
  std::atomic<size_t>& max_connections;
  /// Of the whole engine; a session keeps the place that its connection took.
  AddressCounts& addresses;
};

/// One peer, on one loop. A session pauses where the control plane decides, and goes on in
/// on_accept or on_reject; a decision that does not come in time is a rejection with
/// kAdmissionTimeout.
class Session {
 public:
  /// @param cid  empty: one is made.
  Session(LoopContext& context, std::string_view protocol, std::string cid = {});
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] SessionId id() const { return id_; }
  /// 8 characters [0-9a-z] that name the session in logs, callbacks and the API.
  [[nodiscard]] const std::string& cid() const { return cid_; }
  [[nodiscard]] std::string_view protocol() const { return protocol_; }

  /// Keeps the place of its connection among those of its address until the end.
  void keep_place(AddressCounts::Place place) { place_ = std::move(place); }
  /// Called once, when the table has it: begins to read, or ends at once.
  virtual void start() = 0;
  virtual void on_accept(const Fields& options) = 0;
  virtual void on_reject(ErrorCode code, std::string_view text, int http_status) = 0;
  /// Something that this protocol alone knows.
  virtual void on_command(const Fields& command) { (void)command; }
  /// Ends the session at once, by an operator or at the server's end.
  virtual void close(ErrorCode code) = 0;
  /// Adds what the session has counted since it began; see `session_counters.hpp`. Once a second,
  /// on its loop, for a session that the control plane knows.
  virtual void count(SessionCounters& counters) const = 0;

  /// Called by the table when a decision arrives; drops one that was not asked for.
  void decide_accept(const Fields& options);
  void decide_reject(ErrorCode code, std::string_view text, int http_status);

 protected:
  LoopContext& context() { return context_; }
  void tell_opened(const Address& peer, uint16_t local_port, bool tls);
  /// Sends `event` and waits for a decision about it.
  void ask(Fields event);
  void tell(Fields event);
  /// For the session that goes on with the same connection.
  [[nodiscard]] AddressCounts::Place take_place() { return std::move(place_); }
  [[nodiscard]] bool asking() const { return asking_; }
  /// The end: tells the control plane and has the table destroy this session at the end of the
  /// turn.
  /// @param tell  kNo for a session whose beginning was not told either.
  enum class Tell : bool { kNo, kYes };
  void finish(Error reason, uint64_t bytes_in, uint64_t bytes_out, uint64_t skips,
              Tell tell = Tell::kYes);
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  friend class SessionTable;

  LoopContext& context_;
  const std::string protocol_;
  SessionId id_ = 0;
  std::string cid_;
  bool known_ = false;  // the control plane has been told of it
  bool asking_ = false;
  bool finished_ = false;
  Timer admission_deadline_;
  AddressCounts::Place place_;
};

/// A session that the control plane does not hear of: it asks nothing and is not counted.
class UntoldSession : public Session {
 public:
  using Session::Session;
  void on_accept(const Fields& /*options*/) override {}
  void on_reject(ErrorCode /*code*/, std::string_view /*text*/, int /*http_status*/) override {}
  void count(SessionCounters& /*counters*/) const override {}
};

/// The sessions of one loop.
class SessionTable {
 public:
  explicit SessionTable(Loop& loop) : loop_(loop), random_(std::random_device{}()) {}

  /// Takes the session and gives it its id.
  void add(std::unique_ptr<Session> session);
  /// An id for a session that is yet to be made. Any thread.
  [[nodiscard]] SessionId reserve();
  void add(std::unique_ptr<Session> session, SessionId reserved);
  [[nodiscard]] Session* find(SessionId id);
  void remove(Session& session);
  [[nodiscard]] size_t size() const { return count_; }
  /// Shows all sessions that the control plane has been told of.
  template <typename Visit>
  void for_each_known(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.session != nullptr && slot.session->known_) {
        visit(std::as_const(*slot.session));
      }
    }
    for (const auto& entry : reserved_) {
      if (entry.second->known_) {
        visit(std::as_const(*entry.second));
      }
    }
  }
  /// Ends all of them.
  void close_all(ErrorCode code);
  [[nodiscard]] uint64_t random() { return random_(); }
  [[nodiscard]] std::string make_cid();

  static unsigned loop_of(SessionId id) { return static_cast<unsigned>(id >> 44); }

 private:
  struct Slot {
    std::unique_ptr<Session> session;
    uint32_t generation = 0;
  };
  Loop& loop_;
  std::mt19937_64 random_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  // Sessions with a reserved id, whose slot lies beyond those of the others.
  std::unordered_map<SessionId, std::unique_ptr<Session>> reserved_;
  std::atomic<uint64_t> next_reserved_{0};
  size_t count_ = 0;
};

}  // namespace millrace
