#include "transcode/library_file.hpp"

#include <dlfcn.h>

#include <cstdlib>

namespace millrace::transcode {

namespace {

constexpr const char* kFileName = "millrace_transcode.so";

/// Folder of the file that this code was loaded from, with its slash.
std::string own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&open_audio_library), &info) == 0 ||
      info.dli_fname == nullptr) {
    return {};
  }
  const std::string file = info.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? std::string("./") : file.substr(0, slash + 1);
}

int open_flags() {
  // Deep binding: the node executable exports its own zlib, brotli and OpenSSL, to which the
  // libraries of FFmpeg would bind otherwise. With a replaced allocator they would get two of them,
  // and free with one what the other gave.
  int flags = RTLD_NOW | RTLD_LOCAL;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (const char* preload = std::getenv("LD_PRELOAD"); preload == nullptr || *preload == '\0') {
    flags |= RTLD_DEEPBIND;
  }
#endif
  return flags;
}

}  // namespace

Result<const MillraceAudioLibrary*> open_audio_library(std::string& why) {
  const std::string path = own_folder() + kFileName;
  void* library = ::dlopen(path.c_str(), open_flags());
  if (library == nullptr) {
    const char* text = ::dlerror();
    why = text != nullptr ? text : path;
    return ErrorCode::kTranscodeUnavailable;
  }
  using Entry = const MillraceAudioLibrary* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "millrace_audio_library"));
  const MillraceAudioLibrary* table = entry != nullptr ? entry() : nullptr;
  if (table == nullptr || table->version != MILLRACE_AUDIO_LIBRARY_VERSION) {
    why = path + " is of another version of the server";
    return ErrorCode::kTranscodeUnavailable;
  }
  return table;
}

}  // namespace millrace::transcode
