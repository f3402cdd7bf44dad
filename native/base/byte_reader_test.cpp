#include "base/byte_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/bit_reader.hpp"
#include "base/byte_writer.hpp"

namespace millrace {
namespace {

TEST(ByteReader, ReadsWhatByteWriterWrote) {
  std::array<uint8_t, 64> room{};
  ByteWriter writer(room);
  writer.u8(0xfe);
  writer.u16(0x1234);
  writer.u24(0x800001);
  writer.u32(0xdeadbeef);
  writer.u64(0x0102030405060708);
  writer.u32_le(0x11223344);
  writer.f64(-0.5);
  writer.text("ab");
  writer.fill(7, 2);
  writer.bytes({});
  ByteReader reader(writer.written());
  EXPECT_EQ(reader.u8(), 0xfe);
  EXPECT_EQ(reader.u16(), 0x1234);
  EXPECT_EQ(reader.peek(), 0x80);
  EXPECT_EQ(reader.s24(), -0x7fffff);
  EXPECT_EQ(reader.u32(), 0xdeadbeef);
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
  EXPECT_EQ(reader.u32_le(), 0x11223344U);
  EXPECT_EQ(reader.f64(), -0.5);
  EXPECT_EQ(reader.bytes(2)[1], 'b');
  EXPECT_EQ(reader.u16(), 0x0707);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(reader.peek(), -1);
}

TEST(ByteReader, FailsForGoodPastTheEnd) {
  const std::array<uint8_t, 3> bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_TRUE(reader.rest().empty());
  ByteReader huge(bytes);
  huge.skip(std::numeric_limits<size_t>::max());
  EXPECT_FALSE(huge.ok());
}

TEST(BitReader, ReadsAcrossBytesUpTo64Bits) {
  const std::array<uint8_t, 10> bytes{0xa5, 0x0f, 0xff, 0, 0x81, 0x42, 0x24, 0x18, 0xc3, 0x3c};
  BitReader reader(bytes);
  EXPECT_EQ(reader.u(3), 0b101U);
  EXPECT_EQ(reader.u(7), 0b0010100U);
  EXPECT_FALSE(reader.flag());
  EXPECT_EQ(reader.bits(64), 0x7ff8040a1120c619U);
  EXPECT_EQ(reader.bits_left(), 5U);
  EXPECT_EQ(reader.bits(0), 0U);
  EXPECT_EQ(reader.u(6), 0U);
  EXPECT_FALSE(reader.ok());
}

// ITU-T H.264 table 9-2 and 9-3.
TEST(BitReader, ExpGolombCodes) {
  // 1 010 011 00100 00101 00111
  const std::array<uint8_t, 3> bytes{0b10100110, 0b01000010, 0b10011100};
  BitReader reader(bytes);
  EXPECT_EQ(reader.ue(), 0U);
  EXPECT_EQ(reader.ue(), 1U);
  EXPECT_EQ(reader.ue(), 2U);
  EXPECT_EQ(reader.ue(), 3U);
  EXPECT_EQ(reader.se(), -2);  // codeNum 4
  EXPECT_EQ(reader.se(), -3);  // codeNum 6
  EXPECT_TRUE(reader.ok());
}

TEST(BitReader, ExpGolombOf32LeadingZerosIsTheLargestAndLongerFails) {
  // 32 zeros, a one, 32 bits: 2^32 - 1 + 0 does fit, one more does not.
  const std::array<uint8_t, 9> largest{0, 0, 0, 0, 0x80, 0, 0, 0, 0};
  BitReader reader(largest);
  EXPECT_EQ(reader.ue(), 0xffffffffU);
  EXPECT_TRUE(reader.ok());
  const std::array<uint8_t, 9> too_large{0, 0, 0, 0, 0x80, 0, 0, 0, 0x80};
  BitReader over(too_large);
  EXPECT_EQ(over.ue(), 0U);
  EXPECT_FALSE(over.ok());
  const std::array<uint8_t, 12> too_long{};
  BitReader zeros(too_long);
  EXPECT_EQ(zeros.ue(), 0U);
  EXPECT_FALSE(zeros.ok());
  BitReader smallest(largest);
  EXPECT_EQ(smallest.se(), std::numeric_limits<int32_t>::min());
}

}  // namespace
}  // namespace millrace
