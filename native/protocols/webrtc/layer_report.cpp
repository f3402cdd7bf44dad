#include "protocols/webrtc/layer_report.hpp"

#include <algorithm>

namespace millrace::webrtc {

void LayerReport::update(std::span<const std::unique_ptr<ReceivedSource>> sources,
                         Transport& transport) {
  const Time now = transport.context().loop.now();
  const auto rate_of = [now](const ReceivedSource& source) {
    return now - source.last_packet <= kLayerPause ? source.rate_bps : 0;
  };
  Value::List layers;
  bool changed = false;
  for (const auto& source : sources) {
    if (!source->is_video() || source->rid.empty() || source->superseded) {
      continue;
    }
    const uint64_t rate = rate_of(*source);
    const uint64_t told = source->told_bps;
    changed = changed || std::max(rate, told) - std::min(rate, told) > told / 4;
    layers.emplace_back(Fields{{"rid", source->rid}, {"bitrate_bps", rate}});
  }
  if (!changed && layers.size() == told_) {
    return;
  }
  told_ = layers.size();
  for (const auto& source : sources) {
    source->told_bps = rate_of(*source);
  }
  transport.context().events.send({{"type", "webrtc_layers"},
                                   {"session", transport.shared().id},
                                   {"layers", std::move(layers)}});
}

}  // namespace millrace::webrtc
