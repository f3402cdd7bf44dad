#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "control/module_states.hpp"
#include "control/session.hpp"
#include "hub/loop_hub.hpp"
#include "io/connection.hpp"

namespace millrace {

/// What a listener hands a new session.
struct Accepted {
  Fd fd;
  Address peer;
  uint16_t local_port = 0;
  std::shared_ptr<const TlsContext> tls;  // null = plain
  /// Instead of `fd` and `tls`: one that another session has started, or a stream of one.
  std::unique_ptr<Connection> connection = nullptr;
};

/// A port that a module holds open itself, because its peers do not come by TCP. Closes with its
/// destruction; sessions go on. Control thread only.
class ModuleListener {
 public:
  virtual ~ModuleListener() = default;
  /// With the port that the system chose.
  [[nodiscard]] virtual Address address() const = 0;
};

/// One protocol, as the engine knows it.
struct ProtocolModule {
  /// Key in configuration, metric label, `protocol` in events.
  std::string_view name;
  /// Serves a peer that connected by TCP; null when the module has no TCP listener. The session
  /// adds itself to nothing: the caller puts it in the table and then calls start_session.
  std::unique_ptr<Session> (*accept)(LoopContext& context, Accepted accepted);
  /// New settings for all sessions of the engine (`configure_http` and the like); may be null.
  void (*configure)(ModuleStates& modules, const Fields& settings);
  /// Makes an output that follows a publisher (HLS, recording), on its loop; may be null.
  /// @param stream  key. @return null, having noted why, when there is to be none.
  std::unique_ptr<FrameSink> (*make_output)(LoopContext& context, const std::string& stream,
                                            const Fields& options);
  /// Called once a second on the first loop, for what the module keeps per engine; may be null.
  void (*every_second)(LoopContext& context);
  /// Opens a port of the module's own; null when its peers come by TCP. Control thread.
  /// @param loops  of all loops. @param what  as Engine::listen.
  Result<std::unique_ptr<ModuleListener>> (*listen)(std::span<LoopContext* const> loops,
                                                    const Fields& what) = nullptr;
  /// Makes a session of a peer that the control plane has admitted before it comes; may be null.
  std::unique_ptr<Session> (*create)(LoopContext& context, const Fields& options) = nullptr;
  /// What the control plane may know of the module; may be null. Control thread.
  Fields (*describe)(ModuleStates& modules, const Fields& what) = nullptr;
  /// Calls another server, of which a session tells; null when the module calls nobody. Control
  /// thread. @param what  as Engine::connect.
  void (*connect)(std::span<LoopContext* const> loops, const Fields& what) = nullptr;
  /// Tells a peer on a plain connection that is not taken why, without waiting; may be null. The
  /// caller closes `fd`.
  void (*refuse)(int fd, ErrorCode code) = nullptr;
};

}  // namespace millrace
