#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "control/address_counts.hpp"
#include "control/events.hpp"
#include "control/loop_report.hpp"
#include "control/module_states.hpp"
#include "control/session.hpp"
#include "engine/acceptor.hpp"
#include "hub/directory.hpp"
#include "hub/loop_hub.hpp"
#include "io/loop.hpp"
#include "protocols/module.hpp"

namespace millrace {

/// The data plane: loops with their threads, listeners and sessions. Takes commands from one
/// control thread and gives it events; holds nothing global, so several may run in one process.
class Engine {
 public:
  /// @param options  `loops` (0 = one per core), `limits`, `identity`.
  /// @param wake  called on any thread when events wait; the control thread then calls
  /// take_events().
  Engine(const Fields& options, std::function<void()> wake);
  /// Stops first.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  struct Listening {
    uint32_t id = 0;
    Address address;  // with the port that the system chose
  };
  /// Listens on all loops. `what`: `protocol`, `ip`, `port`, `certificate_file`, `key_file`,
  /// `proxy_protocol`.
  /// @return kInvalidArgument, kPortInUse, kListenFailed, kTlsBadCertificate.
  Result<Listening> listen(const Fields& what);
  /// The port is free when this returns; it waits for a turn of each loop. Sessions go on.
  void unlisten(uint32_t id);
  /// Calls another server. `what`: `protocol`, `cid` of the session, `mode`, `ip`, `port`, and what
  /// the protocol needs. Events of the session tell the rest.
  /// @return kInvalidArgument when the protocol calls nobody.
  Status connect(const Fields& what);
  /// Reads the files of a TLS listener again: for handshakes from now on. The control thread only.
  /// @return kNotFound when it has none, kTlsBadCertificate when the old one stays.
  Status reload_certificate(uint32_t id);
  void stop_listening();

  /// Answers to a session's request. Nothing happens when the session has gone or did not ask.
  void accept(SessionId session, Fields options);
  void reject(SessionId session, ErrorCode code, std::string text, int http_status);
  /// Ends a session.
  void close(SessionId session, ErrorCode code);

  /// Makes a session that the control plane has admitted before its peer comes.
  /// @return its id, at once; `session_opened` follows. kLimitConnections, kInvalidArgument.
  Result<SessionId> create(std::string_view protocol, Fields options);
  /// Tells a session something that its protocol knows.
  void command(SessionId session, Fields command);
  /// What a protocol module says of itself; empty when there is nothing.
  Fields describe(std::string_view protocol, const Fields& what = {});

  /// Settings of one protocol module for all its sessions.
  /// @return kNotFound when there is no such module or it has none.
  Status configure(std::string_view protocol, const Fields& settings);

  /// Whoever is connected stays, also above it.
  void set_max_connections(size_t limit) { max_connections_.store(limit); }

  std::vector<Fields> take_events() { return events_.take(); }
  [[nodiscard]] Fields stats();
  /// The last reports of all loops: `loops`, a list of figures; `columns`, the names of what a
  /// record of `sessions` holds; `sessions`, the records as doubles one after the other.
  [[nodiscard]] Fields report();

  /// Ends listeners and sessions and joins the threads. Events of sessions that end come before it
  /// returns. Safe to call again.
  void stop();

 private:
  struct Worker {
    Worker(unsigned index, Engine& engine);
    Loop loop;
    Timer second;
    SessionTable sessions;
    TroubleLog troubles;
    LoopHub hub;
    LoopReport report;
    ModuleStates modules;
    LoopContext context;
    std::vector<std::pair<uint32_t, std::unique_ptr<Acceptor>>> acceptors;
    std::thread thread;
  };
  void loop_every_second();
  static Fields fields_of(Worker& worker, const LoopFigures& figures);
  Worker* worker_of(SessionId session);
  /// Calls it on each loop and waits.
  void on_all_loops(void (*call)(Worker&));
  std::vector<LoopContext*> contexts();
  Result<Listening> listen_by_module(const ProtocolModule& module, const Fields& what);

  const Limits limits_;
  Identity identity_;
  std::atomic<size_t> max_connections_;
  EventQueue events_;
  ModuleStates modules_;
  Directory directory_;
  transcode::Workers transcoders_;
  std::atomic<size_t> connections_{0};
  AddressCounts addresses_{limits_.max_connections_per_address, limits_.trusted_proxies};
  std::unordered_map<uint32_t, std::shared_ptr<ReloadableTls>> certificates_;  // by listener
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::pair<uint32_t, std::unique_ptr<ModuleListener>>> module_listeners_;
  uint32_t next_listener_ = 1;
  size_t next_home_ = 0;  // loop of the next session that create() makes
  bool stopped_ = false;
};

}  // namespace millrace
