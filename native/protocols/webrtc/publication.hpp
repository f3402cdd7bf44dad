#pragma once

#include <memory>

#include "control/session.hpp"
#include "hub/publication.hpp"
#include "protocols/webrtc/description.hpp"

namespace millrace::webrtc {

/// Begins the publication of a peer that was admitted, with the outputs that its options name.
/// @return kStreamBusy.
[[nodiscard]] Result<std::unique_ptr<Publication>> begin_publication(
    LoopContext& context, const Description& description);

/// The `stream_tracks` event, without its session.
[[nodiscard]] Fields tracks_event(const Stream& stream);

}  // namespace millrace::webrtc
