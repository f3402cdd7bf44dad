#pragma once

#include <string>

#include "base/result.hpp"
#include "transcode/audio_library.h"

namespace millrace::transcode {

/// Opens the helper library, which lies beside the program or addon that this code is part of. It
/// stays open as long as the process lives; opening it again costs nothing. Reads files, so never
/// on a loop. Any thread.
/// @param why  what the loader says, for the log, when it fails.
/// @return kTranscodeUnavailable.
Result<const MillraceAudioLibrary*> open_audio_library(std::string& why);

}  // namespace millrace::transcode
