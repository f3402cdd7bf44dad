#pragma once

#include <cstdint>

namespace millrace::testing {

/// Counts what all threads but the exempt ones take from the heap, by malloc or by new, in the test
/// program. One count runs at a time.
class AllocationCounter {
 public:
  static void start();
  /// @return allocations since start().
  static uint64_t stop();
  /// The calling thread's allocations are not counted from now on: a test's own.
  static void exempt_this_thread();
};

}  // namespace millrace::testing
