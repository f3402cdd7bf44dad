#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/testing/loops.hpp"

namespace millrace {
namespace {

/// Writes down the packets that a sink gets.
class PacketWitness final : public PacketSink {
 public:
  void on_packet(const PacketSourceRef& source, const rtp::MediaPacketRef& packet) override {
    numbers.push_back(packet->index);
    rids.push_back(source->description().rid);
  }
  std::vector<int64_t> numbers;
  std::vector<std::string> rids;
};

/// A publisher of packets: every tenth begins a random access point.
struct PacketPublisher {
  PacketPublisher(BlockPool& of_pool, Publication& to) : pool(of_pool), publication(to) {}

  PacketSourceRef layer(uint32_t number, const std::string& rid) {
    return PacketSource::make({number, TrackKind::kVideo, CodecId::kVp8, 90'000, rid});
  }
  void push(const PacketSourceRef& source, int64_t index) {
    auto packet = rtp::MediaPacket::make(pool, 100);
    packet->index = index;
    packet->timestamp = index * 3000;
    packet->info.starts_random_access = index % 10 == 0;
    publication.push_packet(source, std::move(packet));
  }

  BlockPool& pool;
  Publication& publication;
};

class ForwardedPackets : public ::testing::Test, protected testing::Loops {
 protected:
  ForwardedPackets() : Loops(2) {}
};

TEST_F(ForwardedPackets, GoToAllLoopsFromTheNewestRandomAccessPointOfEachLayer) {
  Worker& here = *workers_[0];
  Worker& there = *workers_[1];
  std::unique_ptr<Publication> publication;
  here.thread.call([&] {
    auto made = here.hub->publish("live/a", {.gop = {}, .packets = true});
    ASSERT_TRUE(made.ok());
    publication = std::move(*made);
    PacketPublisher publisher(here.thread.loop().pool(), *publication);
    const auto high = publisher.layer(1, "h");
    const auto low = publisher.layer(2, "l");
    for (int64_t i = 0; i < 25; ++i) {
      publisher.push(high, i);
      publisher.push(low, i + 5);
    }
  });
  const std::vector<int64_t> cached{20, 21, 22, 23, 24, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29};
  PacketWitness near;
  PacketWitness far;
  StreamUse far_stream;
  here.thread.call([&] {
    publication->stream().attach_packets(near);
    EXPECT_EQ(near.numbers, cached);
    EXPECT_TRUE(publication->stream().carries_packets());
  });
  there.thread.call([&] {
    far_stream = there.hub->use("live/a");
    far_stream->attach_packets(far);
  });
  settle();
  EXPECT_EQ(on(1, [&] { return far.numbers; }), cached);
  EXPECT_EQ(far.rids.front(), "h");
  EXPECT_EQ(far.rids.back(), "l");
  here.thread.call([&] {
    PacketPublisher publisher(here.thread.loop().pool(), *publication);
    publisher.push(publisher.layer(3, "h"), 7);  // its encoder has begun anew
    publication->stream().detach_packets(near);
  });
  settle();
  EXPECT_EQ(on(1, [&] { return far.numbers.back(); }), 7);
  here.thread.call([&] { publication.reset(); });
  settle();
  there.thread.call([&] {
    EXPECT_FALSE(far_stream->carries_packets());
    far_stream->detach_packets(far);
    far_stream.reset();
  });
}

}  // namespace
}  // namespace millrace
