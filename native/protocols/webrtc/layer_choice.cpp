#include "protocols/webrtc/layer_choice.hpp"

#include <algorithm>

namespace millrace::webrtc {

namespace {

// A path of which nothing is known gets a layer that most take; what it takes more is soon known.
constexpr uint64_t kFirstChoiceBps = 1'500'000;
// Rates change with the picture: two that are this near keep their order.
constexpr double kClearlyMore = 1.3;
// Of what a layer needs: with less, pictures are left out that no other refers to. A ceiling may be
// a little below what arrives without harm.
constexpr double kThin = 0.8;
constexpr double kWhole = 1.1;

}  // namespace

/// By rate, where that is clear, else as before: a layer must not change its place while the
/// selector knows it by that.
void LayerChoice::order() {
  for (size_t i = 1; i < layers_.size(); ++i) {
    for (size_t at = i; at > 0; --at) {
      const auto below = static_cast<double>(layers_[at - 1]->rate_bps);
      const auto here = static_cast<double>(layers_[at]->rate_bps);
      if (here == 0 || below <= here * kClearlyMore) {
        break;
      }
      std::swap(layers_[at - 1], layers_[at]);
    }
  }
}

size_t LayerChoice::wanted() const {
  if (wish_ == "low") {
    return 0;
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i]->source->description().rid == wish_) {
      return i;
    }
  }
  return layers_.size() - 1;
}

LayerChoice::Choice LayerChoice::choose(const PacketRendition& rendition, const SentTrack& track,
                                        rtp::LayerSelector::Path path, Time now) {
  std::erase_if(layers_, [&rendition](const RenditionSource* layer) {
    // By address: those that have gone must not be looked at.
    return std::none_of(rendition.sources().begin(), rendition.sources().end(),
                        [layer](const auto& one) { return one.get() == layer && one->live; });
  });
  for (const auto& source : rendition.sources()) {
    if (source->live && source->source->is_video() && track.codec_of(*source) != nullptr &&
        std::find(layers_.begin(), layers_.end(), source.get()) == layers_.end()) {
      layers_.push_back(source.get());
    }
  }
  if (layers_.empty()) {
    return {};
  }
  order();
  rates_.clear();
  for (const RenditionSource* layer : layers_) {
    rates_.push_back(layer->rate_bps);
  }
  if (std::all_of(rates_.begin(), rates_.end(), [](uint64_t rate) { return rate == 0; })) {
    std::fill(rates_.begin(), rates_.end(), 1);  // just begun: not known yet
  }
  const auto lowest =
      std::find_if(rates_.begin(), rates_.end(), [](uint64_t rate) { return rate != 0; });
  if (lowest != rates_.end()) {
    // It passes as long as that does which others refer to.
    const uint64_t needed = layers_[static_cast<size_t>(lowest - rates_.begin())]->needed_bps;
    *lowest = std::max<uint64_t>(needed, 1);
  }
  if (!chosen_ && wish_.empty()) {
    path.ceiling_bps = std::min(path.ceiling_bps, kFirstChoiceBps);
  }
  chosen_ = true;
  const auto layer = selector_.choose(rates_, path, wanted(), now);
  if (!layer) {
    const bool any = std::any_of(rates_.begin(), rates_.end(), [](uint64_t r) { return r != 0; });
    return {nullptr, any, false, selector_.needed_bps()};
  }
  const bool is_lowest = lowest == rates_.begin() + static_cast<ptrdiff_t>(*layer);
  const auto rate = static_cast<double>(layers_[*layer]->rate_bps);
  const bool thin = is_lowest && rate * kThin > static_cast<double>(path.ceiling_bps);
  return {layers_[*layer], false, thin,
          thin ? static_cast<uint64_t>(rate * kWhole) : selector_.needed_bps()};
}

}  // namespace millrace::webrtc
