#include "protocols/srt/library.hpp"

#include <srt/srt.h>

namespace millrace::srt {

Library::Library() {
  srt_startup();
  // It would write to standard error, a line for each bad handshake that somebody sends. What
  // matters of it comes back as errors of calls and as reject reasons.
  srt_setloghandler(nullptr, [](void*, int, const char*, int, const char*, const char*) {});
}

Library::~Library() { srt_cleanup(); }

}  // namespace millrace::srt
