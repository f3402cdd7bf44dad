#pragma once

#include "control/value.hpp"
#include "hub/audio_form.hpp"

namespace millrace {

/// `audio` of a publisher's options: what is made of its audio for players who cannot take it.
AudioSettings audio_settings_from(const Fields& options);

}  // namespace millrace
