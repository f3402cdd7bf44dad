#pragma once

#include <cstddef>
#include <string>

namespace millrace::hls {

/// Random letters and digits of [0-9a-z], each as likely as the others; empty when the system has
/// no randomness to give.
[[nodiscard]] std::string random_name(size_t length);

}  // namespace millrace::hls
