#pragma once

namespace millrace::srt {

/// libsrt keeps its sockets and threads once per process. Whoever uses it holds one of these; it
/// starts with the first and ends with the last.
class Library {
 public:
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

}  // namespace millrace::srt
