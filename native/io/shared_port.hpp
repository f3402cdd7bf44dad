#pragma once

#include <cstddef>
#include <vector>

#include "base/result.hpp"
#include "io/address.hpp"
#include "io/fd.hpp"

namespace millrace {

/// Sockets of one port, among which the kernel deals peers, by a hash of their addresses: one for
/// each loop (SO_REUSEPORT). A port that anybody else has is an error, also another server of the
/// same user.
/// @param type  SOCK_STREAM, whose sockets are yet to listen, or SOCK_DGRAM.
/// @return kPortInUse or kListenFailed with errno as detail.
[[nodiscard]] Result<std::vector<Fd>> bind_shared_port(const Address& address, int type,
                                                       size_t count);

/// What errno says of a port that could not be opened.
[[nodiscard]] Error bind_error();

}  // namespace millrace
