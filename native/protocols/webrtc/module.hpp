#pragma once

#include "protocols/module.hpp"

namespace millrace::webrtc {

extern const ProtocolModule kModule;

}  // namespace millrace::webrtc
