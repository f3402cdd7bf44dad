#pragma once

#include <memory>
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
};

}  // namespace millrace
