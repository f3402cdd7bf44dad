#pragma once

#include "base/result.hpp"

namespace millrace::http {

/// Tells a peer whose connection is not taken why: one answer with the status of `code`, as far as
/// the socket takes it at once, whatever the peer was about to ask. The caller closes `fd`.
void refuse_connection(int fd, ErrorCode code);

}  // namespace millrace::http
