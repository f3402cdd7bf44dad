#include "base/testing/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

// Sanitizers have an allocator of their own, with hooks; elsewhere malloc itself is replaced by one
// that counts, which also sees what libstdc++'s operator new takes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MILLRACE_ALLOCATOR_HOOKS 1
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             size_t),
                                                         void (*free_hook)(const volatile void*));
#else
#define MILLRACE_ALLOCATOR_HOOKS 0
#endif

namespace millrace::testing {
namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> allocations{0};
thread_local bool exempt = false;

void count() {
  if (counting.load(std::memory_order_relaxed) && !exempt) {
    allocations.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace

void AllocationCounter::start() {
#if MILLRACE_ALLOCATOR_HOOKS
  static const int installed = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, size_t) { count(); }, [](const volatile void*) {});
  EXPECT_NE(installed, 0);
#endif
  allocations = 0;
  counting = true;
}

uint64_t AllocationCounter::stop() {
  counting = false;
  return allocations;
}

void AllocationCounter::exempt_this_thread() { exempt = true; }

namespace {

/// Hides a pointer from the optimiser, which may leave an allocation out.
void* keep(void* pointer) {
  asm volatile("" : "+r"(pointer));
  return pointer;
}

TEST(AllocationCounter, SeesMallocAndNewOfOtherThreads) {
  std::atomic<int> step{0};
  std::thread other([&step] {
    step = 1;  // a thread that starts allocates too
    step.notify_one();
    step.wait(1);
    std::free(keep(std::malloc(10)));
    delete static_cast<int*>(keep(new int(1)));
    std::free(keep(std::calloc(1, 10)));
    step = 3;
    step.notify_one();
  });
  step.wait(0);
  AllocationCounter::start();
  step = 2;
  step.notify_one();
  step.wait(2);
  EXPECT_EQ(AllocationCounter::stop(), 3U);
  other.join();
  std::free(keep(std::malloc(10)));
  EXPECT_EQ(AllocationCounter::stop(), 3U) << "not counting";
}

TEST(AllocationCounter, LeavesExemptThreadsOut) {
  uint64_t counted = 1;
  std::thread([&counted] {
    AllocationCounter::exempt_this_thread();
    AllocationCounter::start();
    std::free(keep(std::malloc(10)));
    counted = AllocationCounter::stop();
  }).join();
  EXPECT_EQ(counted, 0U);
}

}  // namespace
}  // namespace millrace::testing

#if !MILLRACE_ALLOCATOR_HOOKS
// glibc's own entry points, under which it exports what we replace.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* pointer, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  millrace::testing::count();
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  millrace::testing::count();
  return __libc_calloc(count, size);
}
void* realloc(void* pointer, size_t size) {
  millrace::testing::count();
  return __libc_realloc(pointer, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  millrace::testing::count();
  return __libc_memalign(alignment, size);
}
}
#endif
