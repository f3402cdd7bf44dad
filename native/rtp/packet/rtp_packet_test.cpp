#include "rtp/packet/rtp_packet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/testing/allocation_counter.hpp"
#include "codecs/testing/hex.hpp"
#include "rtp/packet/header_extensions.hpp"
#include "rtp/packet/media_packet.hpp"
#include "rtp/packet/red.hpp"
#include "rtp/packet/rtx.hpp"
#include "rtp/packet/unwrapper.hpp"

namespace millrace::rtp {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

std::vector<uint8_t> written(const RtpPacket& packet) {
  std::vector<uint8_t> out(packet.size());
  ByteWriter writer(out);
  packet.write_to(writer);
  EXPECT_EQ(writer.size(), out.size());
  return out;
}

struct PacketCase {
  const char* name;
  const char* bytes;
  uint8_t csrcs;
  uint16_t extension_profile;
  size_t extension_size;
  const char* payload;
  uint8_t padding;
};

// One table for parse, write and round trip.
const PacketCase kPackets[] = {
    {"plain", "80 60 0001 00000002 00000003 aabb", 0, 0, 0, "aabb", 0},
    {"no payload", "80 60 0001 00000002 00000003", 0, 0, 0, "", 0},
    {"two CSRCs", "82 60 0001 00000002 00000003 00000004 00000005 aa", 2, 0, 0, "aa", 0},
    {"extension", "90 e0 0001 00000002 00000003 bede 0001 10610000 aa", 0, 0xbede, 4, "aa", 0},
    {"empty extension", "90 e0 0001 00000002 00000003 bede 0000 aa", 0, 0xbede, 0, "aa", 0},
    {"padding", "a0 60 0001 00000002 00000003 aa 000003", 0, 0, 0, "aa", 3},
    {"padding only", "a0 60 0001 00000002 00000003 01", 0, 0, 0, "", 1},
    {"all", "b1 e0 ffff ffffffff ffffffff 00000004 1000 0001 01020304 aabb 0002", 1, 0x1000, 4,
     "aabb", 2},
};

TEST(RtpPacket, Rfc3550ParsesAndWritesTheSame) {
  for (const PacketCase& test : kPackets) {
    SCOPED_TRACE(test.name);
    const auto bytes = hex(test.bytes);
    const auto packet = RtpPacket::parse(bytes);
    ASSERT_TRUE(packet.ok());
    EXPECT_EQ(packet->csrcs.size(), 4U * test.csrcs);
    EXPECT_EQ(packet->extension_profile, test.extension_profile);
    EXPECT_EQ(packet->extension.size(), test.extension_size);
    EXPECT_EQ(to_hex(packet->payload), to_hex(hex(test.payload)));
    EXPECT_EQ(packet->padding_size, test.padding);
    EXPECT_EQ(packet->size(), bytes.size());
    EXPECT_EQ(to_hex(written(*packet)), to_hex(bytes));
  }
}

TEST(RtpPacket, Rfc3550FixedHeaderFields) {
  const auto bytes = hex("80 e1 1234 89abcdef 01020304");
  const auto packet = RtpPacket::parse(bytes);
  ASSERT_TRUE(packet.ok());
  EXPECT_TRUE(packet->marker);
  EXPECT_EQ(packet->payload_type, 0x61);
  EXPECT_EQ(packet->sequence_number, 0x1234);
  EXPECT_EQ(packet->timestamp, 0x89abcdefU);
  EXPECT_EQ(packet->ssrc, 0x01020304U);
  EXPECT_EQ(rtp_ssrc(bytes), 0x01020304U);
}

TEST(RtpPacket, LengthsThatLieAreRefused) {
  for (const char* bytes : {
           "",                                                 // nothing
           "80",                                               //
           "80 60 0001 00000002 000000",                       // header cut
           "40 60 0001 00000002 00000003",                     // version 1
           "c0 60 0001 00000002 00000003",                     // version 3
           "8f 60 0001 00000002 00000003 00000004",            // 15 CSRCs, one there
           "90 60 0001 00000002 00000003 bede",                // extension header cut
           "90 60 0001 00000002 00000003 bede ffff 00000000",  // extension beyond the end
           "a0 60 0001 00000002 00000003",                     // padding without a count
           "a0 60 0001 00000002 00000003 aa 00",               // padding count 0
           "a0 60 0001 00000002 00000003 aa 03",               // more padding than payload
           "b0 60 0001 00000002 00000003 bede 0001 00000001",  // padding in the extension
       }) {
    const auto packet = RtpPacket::parse(hex(bytes));
    ASSERT_FALSE(packet.ok()) << bytes;
    EXPECT_EQ(packet.error().code, ErrorCode::kRtpPacketMalformed);
  }
}

TEST(RtpPacket, EveryCutIsSafe) {
  for (const PacketCase& test : kPackets) {
    const auto bytes = hex(test.bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      const auto packet = RtpPacket::parse(cut);
      if (packet.ok()) {
        EXPECT_EQ(packet->size(), size);
      }
    }
  }
}

TEST(RtpPacket, Rfc5761And7983TellRtpFromRtcp) {
  EXPECT_TRUE(is_rtcp(hex("80 c8")));
  EXPECT_TRUE(is_rtcp(hex("81 ce")));
  EXPECT_FALSE(is_rtcp(hex("80 e0")));  // payload type 96 with marker
  EXPECT_FALSE(is_rtcp(hex("80")));
  EXPECT_TRUE(looks_like_rtp(hex("80")));
  EXPECT_FALSE(looks_like_rtp(hex("16")));  // DTLS
  EXPECT_FALSE(looks_like_rtp(hex("00")));  // STUN
}

HeaderExtensionMap all_extensions(uint32_t first_id) {
  HeaderExtensionMap map;
  for (size_t i = 0; i < kHeaderExtensions; ++i) {
    map.add(first_id + static_cast<uint32_t>(i),
            header_extension_uri(static_cast<HeaderExtension>(i)));
  }
  return map;
}

TEST(HeaderExtensions, Rfc8285EveryValueInBothForms) {
  for (const uint32_t first_id : {1U, 7U, 8U, 200U}) {
    const auto map = all_extensions(first_id);
    HeaderExtensionWriter writer(map);
    writer.mid("0123456789abcdef");
    writer.rid("hi");
    writer.repaired_rid("lo");
    writer.transport_sequence_number(0x1234);
    writer.abs_send_time(0xabcdef);
    writer.playout_delay({10, 0xfff});
    writer.abs_capture_time({0x0123456789abcdef, -2});
    writer.audio_level({true, 30});
    RtpPacket packet;
    writer.apply_to(packet);
    EXPECT_EQ(packet.extension_profile, first_id <= 7 ? 0xbede : 0x1000);
    const auto bytes = written(packet);
    const auto parsed = RtpPacket::parse(bytes);
    ASSERT_TRUE(parsed.ok());
    const auto values = HeaderExtensions::parse(*parsed, map);
    EXPECT_EQ(values.mid, "0123456789abcdef");
    EXPECT_EQ(values.rid, "hi");
    EXPECT_EQ(values.repaired_rid, "lo");
    EXPECT_EQ(values.transport_sequence_number, 0x1234);
    EXPECT_EQ(values.abs_send_time, 0xabcdefU);
    EXPECT_EQ(values.playout_delay, (PlayoutDelay{10, 0xfff}));
    EXPECT_EQ(values.abs_capture_time, (AbsCaptureTime{0x0123456789abcdef, -2}));
    EXPECT_EQ(values.audio_level, (AudioLevel{true, 30}));
    const size_t at = *writer.transport_sequence_number_offset();
    EXPECT_EQ(ByteReader(packet.extension.subspan(at)).u16(), 0x1234);
  }
}

TEST(HeaderExtensions, AbsSendTimeIsSecondsInSixBitsAndEighteen) {
  EXPECT_EQ(to_abs_send_time(0), 0U);
  EXPECT_EQ(to_abs_send_time(1'500'000), 3U << 17);
  EXPECT_EQ(to_abs_send_time(65'500'000), 3U << 17);
  EXPECT_EQ(to_abs_send_time(64'000'000LL * 26'562'500 + 1'500'000), 3U << 17) << "since 1970";
}

TEST(HeaderExtensions, NothingNegotiatedWritesNothing) {
  const HeaderExtensionMap map;
  HeaderExtensionWriter writer(map);
  writer.mid("0");
  writer.transport_sequence_number(1);
  RtpPacket packet;
  writer.apply_to(packet);
  EXPECT_FALSE(packet.has_extension);
}

TEST(HeaderExtensions, Rfc8285OneByteFormPaddingReservedIdAndLies) {
  HeaderExtensionMap map;
  map.add(1, header_extension_uri(HeaderExtension::kMid));
  map.add(2, header_extension_uri(HeaderExtension::kAudioLevel));
  const auto mid_of = [&map](const char* extension) {
    const auto bytes = hex(extension);
    RtpPacket packet;
    packet.extension_profile = 0xbede;
    packet.extension = bytes;
    const auto values = HeaderExtensions::parse(packet, map);
    return std::string(values.mid) + (values.audio_level ? "+level" : "");
  };
  EXPECT_EQ(mid_of("10 61 00 00"), "a");
  EXPECT_EQ(mid_of("00 00 00 10 61 20 05 00"), "a+level");  // §4.1.1: padding between elements
  EXPECT_EQ(mid_of("10 61 f0 00 20 05 00 00"), "a");        // §4.2: 15 ends the walk
  EXPECT_EQ(mid_of("03 10 61 00"), "");                     // id 0 with a length
  EXPECT_EQ(mid_of("1f 61 62 63"), "");                     // 16 bytes claimed, 3 there
  EXPECT_EQ(mid_of("30 ff 20 05"), "+level");               // unknown id is passed over
}

TEST(HeaderExtensions, Rfc8285TwoByteFormTakesEmptyElements) {
  HeaderExtensionMap map;
  map.add(1, header_extension_uri(HeaderExtension::kMid));
  const auto bytes = hex("05 00 00 01 02 61 62 00");
  RtpPacket packet;
  packet.extension_profile = 0x100f;  // any application bits
  packet.extension = bytes;
  EXPECT_EQ(HeaderExtensions::parse(packet, map).mid, "ab");
  packet.extension_profile = 0x2000;  // another profile: not ours to read
  EXPECT_EQ(HeaderExtensions::parse(packet, map).mid, "");
}

TEST(HeaderExtensions, WrongSizesArePassedOver) {
  const auto map = all_extensions(1);
  // transport-cc of 1 byte, abs-send-time of 2, playout delay of 1, capture time of 4, then a mid.
  const auto bytes = hex("40 01 51 0102 60 01 73 01020304 10 61 0000");
  RtpPacket packet;
  packet.extension_profile = 0xbede;
  packet.extension = bytes;
  const auto values = HeaderExtensions::parse(packet, map);
  EXPECT_EQ(values.mid, "a");
  EXPECT_FALSE(values.transport_sequence_number || values.abs_send_time || values.playout_delay ||
               values.abs_capture_time);
}

TEST(HeaderExtensions, FirstOfTwoSameIdsOrUrisCounts) {
  HeaderExtensionMap map;
  map.add(3, header_extension_uri(HeaderExtension::kMid));
  map.add(3, header_extension_uri(HeaderExtension::kRid));
  map.add(4, header_extension_uri(HeaderExtension::kMid));
  map.add(0, header_extension_uri(HeaderExtension::kAudioLevel));
  map.add(256, header_extension_uri(HeaderExtension::kAbsSendTime));
  map.add(9, "urn:unknown");
  EXPECT_EQ(map.id_of(HeaderExtension::kMid), 3);
  EXPECT_EQ(map.id_of(HeaderExtension::kRid), 0);
  EXPECT_EQ(map.id_of(HeaderExtension::kAudioLevel), 0);
  EXPECT_EQ(map.id_of(HeaderExtension::kAbsSendTime), 0);
}

TEST(Rtx, Rfc4588OriginalSequenceNumberGoesBeforeThePayload) {
  const auto bytes = hex("a0 e1 0007 00000002 00000009 1234 aabbcc 0002");
  const auto rtx = RtpPacket::parse(bytes);
  ASSERT_TRUE(rtx.ok());
  const auto original = decapsulate_rtx(*rtx, 3, 96);
  ASSERT_TRUE(original.has_value());
  EXPECT_EQ(to_hex(written(*original)), to_hex(hex("80 e0 1234 00000002 00000003 aabbcc")));
}

TEST(Rtx, PaddingOnlyHasNoOriginal) {
  for (const char* bytes :
       {"a0 e1 0007 00000002 00000009 000000000005", "80 e1 0007 00000002 00000009 12",
        "80 e1 0007 00000002 00000009 1234"}) {
    const auto packet = hex(bytes);
    EXPECT_FALSE(decapsulate_rtx(*RtpPacket::parse(packet), 3, 96).has_value());
  }
}

TEST(Red, Rfc2198BlocksOldestFirstAndPrimaryLast) {
  const auto bytes =
      hex("ef 1e0002"  // PT 111, 1920 ticks earlier, 2 bytes
          "ef 0f0001"  // PT 111, 960 ticks earlier, 1 byte
          "6f"         // PT 111, the primary
          "aabb cc ddeeff");
  const auto red = RedPayload::parse(bytes);
  ASSERT_TRUE(red.ok());
  ASSERT_EQ(red->blocks().size(), 3U);
  EXPECT_EQ(red->blocks()[0].timestamp_offset, 1920);
  EXPECT_EQ(to_hex(red->blocks()[0].data), "aabb");
  EXPECT_EQ(red->blocks()[1].timestamp_offset, 960);
  EXPECT_EQ(to_hex(red->blocks()[1].data), "cc");
  EXPECT_EQ(red->primary().payload_type, 111);
  EXPECT_EQ(to_hex(red->primary().data), "ddeeff");
  std::vector<uint8_t> again(red->size());
  ByteWriter writer(again);
  red->write_to(writer);
  EXPECT_EQ(to_hex(again), to_hex(bytes));
}

TEST(Red, LengthsThatLieAreRefused) {
  EXPECT_FALSE(RedPayload::parse({}).ok());
  EXPECT_FALSE(RedPayload::parse(hex("ef 1e00")).ok());
  EXPECT_FALSE(RedPayload::parse(hex("ef 1e0002")).ok());
  EXPECT_FALSE(RedPayload::parse(hex("ef 1e0003 6f aabb")).ok());
  EXPECT_FALSE(RedPayload::parse(std::vector<uint8_t>(100, 0xef)).ok());
  EXPECT_TRUE(RedPayload::parse(hex("6f")).ok());  // an empty primary
}

TEST(Unwrapper, Rfc3550A1CountsOnOverTheWrapAndBack) {
  SequenceUnwrapper sequence;
  EXPECT_EQ(sequence.unwrap(65534), 65534);
  EXPECT_EQ(sequence.unwrap(1), 65537);
  EXPECT_EQ(sequence.unwrap(65535), 65535);
  EXPECT_EQ(sequence.newest(), 65537);
  EXPECT_EQ(sequence.unwrap(2), 65538);
  SequenceUnwrapper early;
  EXPECT_EQ(early.unwrap(0), 0);
  EXPECT_EQ(early.unwrap(65535), -1);
  TimestampUnwrapper timestamp;
  EXPECT_EQ(timestamp.unwrap(0xfffffff0), 0xfffffff0LL);
  EXPECT_EQ(timestamp.unwrap(0x10), 0x100000010LL);
}

TEST(MediaPacket, SteadyStateTakesNoMemory) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const std::vector<uint8_t> payload(1200, 7);
  { const MediaPacketRef first = MediaPacket::copy_of(pool, payload); }
  millrace::testing::AllocationCounter::start();
  for (int i = 0; i < 1000; ++i) {
    const MediaPacketRef packet = MediaPacket::copy_of(pool, payload);
    ASSERT_TRUE(std::ranges::equal(packet->payload(), payload));
  }
  EXPECT_EQ(millrace::testing::AllocationCounter::stop(), 0U);
}

}  // namespace
}  // namespace millrace::rtp
