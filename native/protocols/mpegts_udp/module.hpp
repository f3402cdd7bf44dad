#pragma once

#include "protocols/module.hpp"

namespace millrace::mpegts_udp {

extern const ProtocolModule kModule;

}  // namespace millrace::mpegts_udp
