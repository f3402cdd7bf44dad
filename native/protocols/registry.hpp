#pragma once

#include <span>

#include "protocols/module.hpp"

namespace millrace {

/// All protocols. Explicit, so nothing runs before main and the linker drops nothing.
std::span<const ProtocolModule* const> protocol_modules();

/// By name; null when there is none.
const ProtocolModule* find_protocol(std::string_view name);

}  // namespace millrace
