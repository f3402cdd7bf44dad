#pragma once

#include "protocols/module.hpp"

namespace millrace::srt {

extern const ProtocolModule kModule;

}  // namespace millrace::srt
