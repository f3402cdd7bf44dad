#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocols/webrtc/packet_rendition.hpp"
#include "protocols/webrtc/sent_track.hpp"
#include "rtp/send/layer_selector.hpp"

namespace millrace::webrtc {

/// Which source of video one player gets: of the layers of simulcast the one that it asks for, or
/// the best that its path takes; none while not even the lowest can be sent.
class LayerChoice {
 public:
  /// @param wish  a rid, `low` or `high`; empty: whatever fits. A wish is the most that is sent:
  ///              a path that does not take it gets less.
  explicit LayerChoice(std::string wish) : wish_(std::move(wish)) {}

  /// Another wish, from now on.
  void wish(std::string wish) { wish_ = std::move(wish); }
  [[nodiscard]] const std::string& wish() const { return wish_; }

  struct Choice {
    const RenditionSource* source = nullptr;  // null: there is none, or none fits
    bool paused = false;                      // there are some, but the path takes none of them
    bool thin = false;  // what others do not refer to is to be left out, as there is too little
    uint64_t needed_bps = 0;  // what the path must be known to take for more; 0: no more is wanted
  };
  Choice choose(const PacketRendition& rendition, const SentTrack& track,
                rtp::LayerSelector::Path path, Time now);

 private:
  /// Where the wish is among the layers.
  [[nodiscard]] size_t wanted() const;
  void order();

  std::string wish_;
  rtp::LayerSelector selector_;
  bool chosen_ = false;
  // Kept for their memory: the layers at hand, by rate.
  std::vector<const RenditionSource*> layers_;
  std::vector<uint64_t> rates_;
};

}  // namespace millrace::webrtc
