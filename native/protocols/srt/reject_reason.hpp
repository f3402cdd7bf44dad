#pragma once

#include "base/error_codes.hpp"

namespace millrace::srt {

/// What a refused caller is told: 1000 and an HTTP status, as far as "SRT Access Control" knows it
/// (SRT repository, srtcore/access_control.h).
[[nodiscard]] int reject_reason(ErrorCode code);

/// The reason in words, for messages about a call of ours that was refused.
[[nodiscard]] const char* reject_reason_text(int reason);

}  // namespace millrace::srt
