#pragma once

extern "C" {
#include <libavutil/error.h>
}

#include <array>
#include <string>

namespace millrace::transcode {

inline std::string av_error_text(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(error, text.data(), text.size());
  return text.data();
}

}  // namespace millrace::transcode
