#include "formats/amf/amf3.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"
#include "formats/amf/amf0.hpp"

namespace millrace {
namespace {

using testing::hex;
using testing::to_hex;
using ByteVector = std::vector<uint8_t>;

/// The value as AMF0 in hexadecimal, or the error's name.
std::string as_amf0(const ByteVector& bytes) {
  Amf3Reader in(bytes, AmfBudget(AmfLimits{}));
  const Result<AmfValue> value = in.read();
  if (!value.ok()) {
    return std::string(error_info(value.error().code).name);
  }
  ByteVector out;
  Amf0Writer(out).value(value.value());
  return to_hex(out);
}

struct Case {
  const char* name;
  const char* amf3;
  const char* amf0;
};

const std::vector<Case> kCases = {
    {"Undefined", "00", "06"},
    {"Null", "01", "05"},
    {"False", "02", "01 00"},
    {"True", "03", "01 01"},
    {"IntegerOf1Byte", "04 7f", "00 405fc00000000000"},
    {"IntegerOf2Bytes", "04 8100", "00 4060000000000000"},
    {"IntegerOf4BytesIsNegative", "04 ffffffff", "00 bff0000000000000"},
    {"Double", "05 3ff8000000000000", "00 3ff8000000000000"},
    {"String", "06 0b 68656c6c6f", "02 0005 68656c6c6f"},
    {"EmptyString", "06 01", "02 0000"},
    {"Date", "08 01 4276a90000000000", "0b 4276a90000000000 0000"},
    {"ArrayOfNumbers", "09 05 01 04 01 04 02",
     "0a 00000002 00 3ff0000000000000 00 4000000000000000"},
    {"ArrayWithNames", "09 03 03 61 01 01 03", "08 00000002 0001 61 05 0001 30 0101 000009"},
    {"DynamicObject", "0a 0b 01 03 61 03 01", "03 0001 61 0101 000009"},
    {"SealedObject", "0a 13 03 54 03 61 04 07", "10 0001 54 0001 61 00 401c000000000000 000009"},
    // The second object has the traits and the member's name of the first.
    {"TraitsAndStringsAgain", "09 05 01 0a 13 03 54 03 61 01 0a 01 06 02",
     "0a 00000002 10 0001 54 0001 61 05 000009 10 0001 54 0001 61 02 0001 61 000009"},
    {"ObjectAgain", "09 05 01 0a 0b 01 03 61 01 01 0a 02",
     "0a 00000002 03 0001 61 05 000009 03 0001 61 05 000009"},
    {"ByteArray", "0c 05 aabb", "02 0002 aabb"},
    {"Xml", "0b 07 3c612f", "0f 00000003 3c612f"},
    {"VectorOfInts", "0d 05 00 00000001 ffffffff",
     "0a 00000002 00 3ff0000000000000 00 bff0000000000000"},
    {"VectorOfUints", "0e 03 00 ffffffff", "0a 00000001 00 41efffffffe00000"},
    {"VectorOfDoubles", "0f 03 01 3ff8000000000000", "0a 00000001 00 3ff8000000000000"},
    {"VectorOfObjects", "10 05 00 01 01 03", "0a 00000002 05 0101"},
};

TEST(Amf3, ValuesAndTheirFormInAmf0) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(as_amf0(hex(c.amf3)), to_hex(hex(c.amf0)));
  }
}

TEST(Amf3, ValuesCutAnywhere) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const ByteVector bytes = hex(c.amf3);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(as_amf0({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)}),
                "AMF_TRUNCATED");
    }
  }
}

TEST(Amf3, HostileValues) {
  EXPECT_EQ(as_amf0(hex("11")), "AMF_TYPE_UNKNOWN");           // dictionary
  EXPECT_EQ(as_amf0(hex("0a 07 03 54")), "AMF_TYPE_UNKNOWN");  // externalizable
  EXPECT_EQ(as_amf0(hex("06 00")), "AMF_REFERENCE_INVALID");
  EXPECT_EQ(as_amf0(hex("0a 00")), "AMF_REFERENCE_INVALID");
  EXPECT_EQ(as_amf0(hex("0a 01")), "AMF_REFERENCE_INVALID");  // traits
  EXPECT_EQ(as_amf0(hex("09 ffffffff 01 01")), "AMF_TRUNCATED");
  EXPECT_EQ(as_amf0(hex("0f ffffffff 00")), "AMF_TRUNCATED");
  EXPECT_EQ(as_amf0(hex("0a ffffffff 01")), "AMF_TYPE_UNKNOWN");
  EXPECT_EQ(as_amf0(hex("0a fffffffb 01")), "AMF_TRUNCATED");  // 2^25 sealed members
  EXPECT_EQ(as_amf0(hex("09 03 01 09 00")), "AMF_TOO_DEEP");   // holds itself
}

TEST(Amf3, HostileDepth) {
  ByteVector bytes;
  for (int i = 0; i < 10000; ++i) {
    bytes.insert(bytes.end(), {0x09, 0x03, 0x01});
  }
  EXPECT_EQ(as_amf0(bytes), "AMF_TOO_DEEP");
}

TEST(Amf3, HostileStringsNamedAgainAndAgain) {
  // One string of 60 KB, and an array of a thousand references to it: 60 MB if all were built.
  ByteVector bytes = {0x09, 0x8f, 0x53, 0x01, 0x06, 0x87, 0xa9, 0x41};
  bytes.insert(bytes.end(), 60000, 'x');
  for (int i = 0; i < 1000; ++i) {
    bytes.insert(bytes.end(), {0x06, 0x00});
  }
  EXPECT_EQ(as_amf0(bytes), "AMF_TOO_LARGE");
}

TEST(Amf3, HostileTraitsNamedAgainAndAgain) {
  // Traits of 5000 empty names, then objects that use them: each would take 160 KB.
  ByteVector bytes = {0x09, 0x8f, 0x53, 0x01, 0x0a};
  bytes.insert(bytes.end(), {0x84, 0xf1, 0x03, 0x01});  // 5000 << 4 | 3, no class name
  bytes.insert(bytes.end(), 5000, 0x01);
  bytes.insert(bytes.end(), 5000, 0x01);
  for (int i = 0; i < 1000; ++i) {
    bytes.insert(bytes.end(), {0x0a, 0x01});
    bytes.insert(bytes.end(), 5000, 0x01);
  }
  EXPECT_EQ(as_amf0(bytes), "AMF_TOO_LARGE");
}

}  // namespace
}  // namespace millrace
