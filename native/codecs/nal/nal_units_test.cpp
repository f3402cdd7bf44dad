#include "codecs/nal/nal_units.hpp"

#include <gtest/gtest.h>

#include <array>

#include "codecs/testing/hex.hpp"

namespace millrace::nal {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

std::vector<std::string> units_of(Bytes bytes, const std::vector<NalUnit>& units) {
  std::vector<std::string> out;
  for (const NalUnit& unit : units) {
    out.push_back(to_hex(bytes.subspan(unit.offset, unit.size)));
  }
  return out;
}

using Strings = std::vector<std::string>;

struct AnnexBCase {
  const char* name;
  const char* bytes;
  Strings units;
};

TEST(NalUnits, SplitsAnnexB) {
  const AnnexBCase cases[] = {
      {"three-byte start codes", "000001 6742 000001 68ce", {"6742", "68ce"}},
      {"four-byte start codes", "00000001 6742 00000001 68ce", {"6742", "68ce"}},
      {"trailing zeros", "000001 6742 0000000000", {"6742"}},
      {"bytes before the first start code", "aabb 000001 6742", {"6742"}},
      {"empty units", "000001 000001 000001 65", {"65"}},
      {"start code at the end", "000001 65 000001", {"65"}},
      {"no start code", "0000 02 65 0000 03 01", {}},
      {"nothing", "", {}},
      {"emulation prevention stays", "000001 65 000003 01", {"6500000301"}},
      {"01 that ends no start code",
       "000001 65 01 0001 0101 000001 41",
       {"65010001"
        "0101",
        "41"}},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    const auto bytes = hex(test.bytes);
    std::vector<NalUnit> units;
    ASSERT_TRUE(split_annexb(bytes, units));
    EXPECT_EQ(units_of(bytes, units), test.units);
  }
}

TEST(NalUnits, SplitsLengthsOfEachSize) {
  for (unsigned length_size = 1; length_size <= 4; ++length_size) {
    std::vector<uint8_t> bytes;
    for (const size_t size : {2, 0, 1}) {
      bytes.insert(bytes.end(), length_size - 1, 0);
      bytes.push_back(static_cast<uint8_t>(size));
      bytes.insert(bytes.end(), size, static_cast<uint8_t>(0x60 + size));
    }
    std::vector<NalUnit> units;
    ASSERT_TRUE(split_length_prefixed(bytes, length_size, units));
    EXPECT_EQ(units_of(bytes, units), (Strings{"6262", "61"})) << length_size;
  }
}

TEST(NalUnits, LengthsBeyondTheBytesAreErrors) {
  std::vector<NalUnit> units;
  const struct {
    const char* bytes;
    uint32_t offset;
  } cases[] = {{"00000003 6565", 0},
               {"ffffffff 65", 0},
               {"00000001 65 000000", 5},
               {"00000001 65 00000001", 5}};
  for (const auto& test : cases) {
    const Status status = split_length_prefixed(hex(test.bytes), 4, units);
    ASSERT_FALSE(status) << test.bytes;
    EXPECT_EQ(status.error(), (Error{ErrorCode::kNalLengthInvalid, test.offset})) << test.bytes;
  }
}

TEST(NalUnits, TooManyUnitsAreAnError) {
  std::vector<uint8_t> prefixed;
  std::vector<uint8_t> annexb;
  for (size_t i = 0; i <= kMaxUnits; ++i) {
    prefixed.insert(prefixed.end(), {1, 0x41});
    annexb.insert(annexb.end(), {0, 0, 1, 0x41});
  }
  std::vector<NalUnit> units;
  EXPECT_EQ(split_length_prefixed(prefixed, 1, units).error().code, ErrorCode::kNalUnitsTooMany);
  EXPECT_EQ(split_annexb(annexb, units).error().code, ErrorCode::kNalUnitsTooMany);
  EXPECT_TRUE(split_length_prefixed(Bytes(prefixed).subspan(2), 1, units));
  EXPECT_EQ(units.size(), kMaxUnits);
}

TEST(NalUnits, FrameHasFourByteLengths) {
  BlockPool pool;
  pool.bind_to_this_thread();
  const auto bytes = hex("000001 6742c0 000001 68");
  std::vector<NalUnit> units;
  ASSERT_TRUE(split_annexb(bytes, units));
  const auto frame = make_frame(pool, Track::make(), bytes, units);
  EXPECT_EQ(to_hex(frame->payload()), "000000036742c00000000168");
  ASSERT_EQ(frame->nal_units().size(), 2U);
  EXPECT_EQ(to_hex(frame->nal(frame->nal_units()[0])), "6742c0");
  EXPECT_EQ(to_hex(frame->nal(frame->nal_units()[1])), "68");
}

TEST(NalUnits, UnescapeRemovesEmulationPrevention) {
  std::array<uint8_t, 64> room{};
  const struct {
    const char* nal;
    const char* rbsp;
  } cases[] = {{"000003", "0000"},     {"00000301 000003", "0000010000"},
               {"000302", "000302"},   {"0000030000030000", "000000000000"},
               {"00000003", "000000"}, {"", ""}};
  for (const auto& test : cases) {
    EXPECT_EQ(to_hex(unescape(hex(test.nal), room)), test.rbsp) << test.nal;
  }
}

TEST(NalUnits, UnescapeStopsWhenTheRoomIsFull) {
  std::array<uint8_t, 3> room{};
  EXPECT_EQ(to_hex(unescape(hex("0000030102030405"), room)), "000001");
}

TEST(NalUnits, RecognisesStartCodes) {
  EXPECT_TRUE(starts_with_start_code(hex("000001")));
  EXPECT_TRUE(starts_with_start_code(hex("00000001")));
  EXPECT_TRUE(starts_with_start_code(hex("000000000165")));
  EXPECT_FALSE(starts_with_start_code(hex("0001")));
  EXPECT_FALSE(starts_with_start_code(hex("00000265")));
  EXPECT_FALSE(starts_with_start_code(hex("000000")));
}

}  // namespace
}  // namespace millrace::nal
