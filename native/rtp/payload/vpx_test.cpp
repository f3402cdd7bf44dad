#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "rtp/payload/vp8.hpp"
#include "rtp/payload/vp9.hpp"
#include "rtp/testing/frames.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

TEST(Vp8Payload, Rfc7741DescriptorInAllItsForms) {
  const auto parse = [](const char* text) { return Vp8Descriptor::parse(hex(text)); };
  EXPECT_EQ(parse("10 aa")->size, 1);
  EXPECT_TRUE(parse("10 aa")->start_of_partition);
  EXPECT_EQ(parse("10 aa")->picture_id, -1);
  EXPECT_EQ(parse("90 80 11 aa")->picture_id, 0x11);
  EXPECT_EQ(parse("90 80 9122 aa")->picture_id, 0x1122);
  const auto all = parse("b3 f0 9122 33 a5 aa");
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->non_reference);
  EXPECT_EQ(all->partition, 3);
  EXPECT_EQ(all->tl0_pic_idx, 0x33);
  EXPECT_EQ(all->temporal_id, 2);
  EXPECT_TRUE(all->layer_sync);
  EXPECT_EQ(all->key_idx, 5);
  EXPECT_EQ(all->picture_id_offset, 2);
  EXPECT_EQ(all->tl0_pic_idx_offset, 4);
  EXPECT_EQ(all->size, 6);
  for (const char* text : {"", "10", "90", "90 80", "90 80 91", "90 f0 9122 33", "90 80 11"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
  }
}

TEST(Vp8Payload, Rfc7741PictureIdGrowsByFrame) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const auto track = testing::make_track(CodecId::kVp8);
  Vp8Packetizer packetizer(pool, 100);
  MediaPackets packets;
  for (uint32_t number = 0; number < 3; ++number) {
    ASSERT_TRUE(
        packetizer
            .packetize(*testing::make_frame(pool, track, number, number == 0, 150), Time(), packets)
            .ok());
  }
  ASSERT_EQ(packets.size(), 6U);
  EXPECT_EQ(to_hex(packets[0]->payload().first(4)), "90808000");
  EXPECT_EQ(to_hex(packets[1]->payload().first(4)), "80808000");
  EXPECT_EQ(to_hex(packets[4]->payload().first(4)), "90808002");
}

TEST(Vp8Payload, StartInTheMiddleOrMissingIsRefused) {
  BlockPool pool;
  pool.bind_to_this_thread();
  Vp8Depacketizer depacketizer(pool);
  int64_t index = 0;
  const auto push = [&](int64_t timestamp, bool marker, const char* payload) {
    return depacketizer.push(*testing::packet(pool, index++, timestamp, marker, hex(payload))).ok();
  };
  EXPECT_TRUE(push(0, true, "00 aabb")) << "joined in the middle";
  EXPECT_FALSE(depacketizer.poll().has_value());
  EXPECT_TRUE(push(1, true, "10 1002009d012a40003000"));
  const auto out = depacketizer.poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->new_track->video.width, 64U);
  EXPECT_EQ(out->new_track->video.height, 48U);
  EXPECT_FALSE(push(2, true, "00 aabb")) << "no start";
  EXPECT_TRUE(push(3, false, "10 1002009d012a40003000"));
  EXPECT_FALSE(push(3, true, "10 100200")) << "two starts";
  EXPECT_FALSE(push(4, true, "10 1002")) << "no frame header";
  EXPECT_FALSE(depacketizer.poll().has_value());
  EXPECT_TRUE(push(5, true, "10 1002009d012a40003000"));
  EXPECT_TRUE(depacketizer.poll().has_value());
}

TEST(Vp9Payload, Rfc9628DescriptorInAllItsForms) {
  const auto parse = [](const char* text) { return Vp9Descriptor::parse(hex(text)); };
  EXPECT_EQ(parse("0c aa")->size, 1);
  EXPECT_EQ(parse("8c 9122 aa")->picture_id, 0x1122);
  EXPECT_EQ(parse("8c 11 aa")->picture_id, 0x11);
  // Layers with TL0PICIDX, not flexible.
  const auto layers = parse("ac 9122 57 33 aa");
  ASSERT_TRUE(layers.ok());
  EXPECT_EQ(layers->temporal_id, 2);
  EXPECT_TRUE(layers->switching_up);
  EXPECT_EQ(layers->spatial_id, 3);
  EXPECT_TRUE(layers->inter_layer_dependency);
  EXPECT_EQ(layers->tl0_pic_idx, 0x33);
  EXPECT_EQ(layers->tl0_pic_idx_offset, 4);
  // Flexible, three references.
  EXPECT_EQ(parse("dc 9122 03 05 06 aa")->size, 6);
  EXPECT_FALSE(parse("dc 9122 03 05 07 08 aa").ok()) << "four references";
  // Scalability structure: 2 layers with sizes, 2 pictures in the group with 1 reference each.
  EXPECT_EQ(parse("0e 38 01400100 02800200 02 04 01 04 01 aa")->size, 15);
  for (const char* text : {"", "0c", "8c", "8c 91", "8c 9122", "ac 9122 57", "dc 9122 03",
                           "0e 38 0140", "0e 08 ff 0c", "0e 08 01"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
  }
}

TEST(Vp9Payload, SpatialLayersBecomeASuperframe) {
  BlockPool pool;
  pool.bind_to_this_thread();
  Vp9Depacketizer depacketizer(pool);
  // Layer 0 over two packets, layer 1 in one.
  EXPECT_TRUE(
      depacketizer.push(*testing::packet(pool, 0, 0, false, hex("a8 01 00 07 82498342"))).ok());
  EXPECT_TRUE(
      depacketizer.push(*testing::packet(pool, 1, 0, false, hex("a4 01 00 07 0003f002f606"))).ok());
  EXPECT_TRUE(depacketizer.push(*testing::packet(pool, 2, 0, true, hex("ac 01 03 07 8600"))).ok());
  const auto out = depacketizer.poll();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(to_hex(out->frame->payload()),
            "824983420003f002f606"
            "8600"
            "c10a02c1");
  EXPECT_TRUE(out->frame->random_access);
}

TEST(Vp9Payload, FramesOutOfTheirOrderAreRefused) {
  BlockPool pool;
  pool.bind_to_this_thread();
  Vp9Depacketizer depacketizer(pool);
  int64_t index = 0;
  const auto push = [&](int64_t timestamp, bool marker, const char* payload) {
    return depacketizer.push(*testing::packet(pool, index++, timestamp, marker, hex(payload))).ok();
  };
  EXPECT_TRUE(push(0, true, "04 86")) << "joined in the middle";
  EXPECT_FALSE(push(1, true, "04 86")) << "no start";
  EXPECT_FALSE(push(2, true, "08 86")) << "no end";
  EXPECT_TRUE(push(3, false, "08 86"));
  EXPECT_FALSE(push(3, true, "08 86")) << "two starts";
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(push(4, false, "0c 86"), i != 8) << i;
  }
}

TEST(Vp9Payload, ForwardersSeeRandomAccessPointsAndLayers) {
  EXPECT_TRUE(inspect_vp9_payload(hex("8c 11 aa")).starts_random_access);
  EXPECT_FALSE(inspect_vp9_payload(hex("cc 11 aa")).starts_random_access);
  EXPECT_FALSE(inspect_vp9_payload(hex("ac 11 03 00 aa")).starts_random_access) << "upper layer";
  EXPECT_EQ(inspect_vp9_payload(hex("ac 11 53 00 aa")).temporal_id, 2);
}

}  // namespace
}  // namespace millrace::rtp
