#include "protocols/hls/segment_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace millrace::hls {
namespace {

StoredRef object_of(size_t size, uint64_t version = 0) {
  BufferChain body;
  body.add(Buffer::make(size));
  return make_object(std::move(body), kSegmentType, 1700000000, version);
}

TEST(HlsSegmentStore, FindsWhatWasPut) {
  SegmentStore store(1000);
  EXPECT_EQ(store.find("/live/a-0.ts"), nullptr);
  ASSERT_TRUE(store.put("/live/a-0.ts", object_of(100)));
  ASSERT_NE(store.find("/live/a-0.ts"), nullptr);
  EXPECT_EQ(store.find("/live/a-0.ts")->body.size, 100U);
  EXPECT_EQ(store.bytes(), 100U);
  EXPECT_EQ(store.objects(), 1U);
  ASSERT_TRUE(store.put("/live/a-0.ts", object_of(30)));
  EXPECT_EQ(store.bytes(), 30U);
  EXPECT_EQ(store.objects(), 1U);
  store.remove("/live/a-0.ts");
  store.remove("/live/a-0.ts");
  EXPECT_EQ(store.bytes(), 0U);
  EXPECT_EQ(store.objects(), 0U);
}

TEST(HlsSegmentStore, TheLimitHolds) {
  SegmentStore store(100);
  ASSERT_TRUE(store.put("/a", object_of(60)));
  EXPECT_FALSE(store.put("/b", object_of(60)));
  EXPECT_EQ(store.find("/b"), nullptr);
  EXPECT_EQ(store.bytes(), 60U);
}

TEST(HlsSegmentStore, RetiredObjectsStayUntilTheirTime) {
  SegmentStore store(1000);
  const Time start{};
  ASSERT_TRUE(store.put("/a", object_of(10)));
  ASSERT_TRUE(store.put("/b", object_of(10)));
  store.retire("/a", start + seconds(6));
  store.retire("/b", start + seconds(6));
  store.retire("/c", start);
  store.sweep(start + seconds(5));
  EXPECT_NE(store.find("/a"), nullptr);
  // A new publish puts the name again: its retirement is taken back.
  ASSERT_TRUE(store.put("/b", object_of(20)));
  store.sweep(start + seconds(6));
  EXPECT_EQ(store.find("/a"), nullptr);
  EXPECT_NE(store.find("/b"), nullptr);
  EXPECT_EQ(store.bytes(), 20U);
  EXPECT_EQ(store.objects(), 1U);
}

TEST(HlsSegmentStore, EtagsTellStatesOfOneSecondApart) {
  EXPECT_NE(object_of(10, 1)->etag, object_of(10, 2)->etag);
  EXPECT_EQ(object_of(10, 1)->etag, "\"6553f100-a-1\"");
}

TEST(HlsSegmentStore, WatchersAreToldOnce) {
  SegmentStore store(1000);
  int calls = 0;
  const auto count = [&calls] { ++calls; };
  EXPECT_EQ(store.watch("/a", nullptr, count), 0U);
  ASSERT_TRUE(store.put("/a", object_of(1)));
  const auto first = store.find("/a");
  EXPECT_NE(store.watch("/a", first, count), 0U);
  ASSERT_TRUE(store.put("/a", object_of(2)));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(store.watch("/a", first, count), 0U);  // it has changed already
  ASSERT_TRUE(store.put("/a", object_of(3)));
  EXPECT_EQ(calls, 1);

  EXPECT_NE(store.watch("/a", store.find("/a"), count), 0U);
  const uint64_t second = store.watch("/a", store.find("/a"), count);
  store.unwatch("/a", second);
  store.remove("/a");
  EXPECT_EQ(calls, 2);
}

TEST(HlsSegmentStore, ReadersAndWritersOfAllThreads) {
  SegmentStore store(size_t{1} << 20);
  std::atomic<bool> stop{false};
  std::thread writer([&store, &stop] {
    for (int i = 0; !stop; ++i) {
      (void)store.put("/s" + std::to_string(i % 50), object_of(static_cast<size_t>(i % 7) + 1));
      store.retire("/s" + std::to_string(i % 30), Time{});
      if (i % 100 == 0) {
        store.sweep(Time{} + seconds(1));
      }
    }
  });
  size_t found = 0;
  for (int i = 0; i < 20000; ++i) {
    if (const auto object = store.find("/s" + std::to_string(i % 50))) {
      found += object->body.parts[0]->size() == object->body.size ? 1 : 0;
    }
  }
  stop = true;
  writer.join();
  for (int i = 0; i < 50; ++i) {
    store.remove("/s" + std::to_string(i));
  }
  EXPECT_EQ(store.bytes(), 0U);
  EXPECT_EQ(store.objects(), 0U);
  EXPECT_LE(found, 20000U);
}

}  // namespace
}  // namespace millrace::hls
