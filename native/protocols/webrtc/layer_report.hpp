#pragma once

#include <memory>
#include <span>

#include "protocols/webrtc/received_source.hpp"
#include "protocols/webrtc/transport.hpp"

namespace millrace::webrtc {

/// A layer whose packets end is paused by its encoder after so long.
constexpr Duration kLayerPause = seconds(1);

/// Tells the control plane which layers of simulcast a publisher sends, and their rates where these
/// have clearly changed.
class LayerReport {
 public:
  /// To be called once a second, when the rates are new.
  void update(std::span<const std::unique_ptr<ReceivedSource>> sources, Transport& transport);

 private:
  size_t told_ = 0;  // layers
};

}  // namespace millrace::webrtc
