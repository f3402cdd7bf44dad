#include "formats/amf/amf0.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"

namespace millrace {
namespace {

using testing::hex;
using testing::to_hex;
using ByteVector = std::vector<uint8_t>;

/// Reads all values of a message. @return kNone when all could be read.
ErrorCode read_all(Bytes bytes, std::vector<AmfValue>& values, const AmfLimits& limits = {}) {
  Amf0Reader in(bytes, limits);
  while (!in.at_end()) {
    Result<AmfValue> value = in.read();
    if (!value.ok()) {
      return value.error().code;
    }
    values.push_back(std::move(value).value());
  }
  return ErrorCode::kNone;
}

ErrorCode error_of(Bytes bytes, const AmfLimits& limits = {}) {
  std::vector<AmfValue> values;
  return read_all(bytes, values, limits);
}

ByteVector write_all(const std::vector<AmfValue>& values) {
  ByteVector bytes;
  Amf0Writer out(bytes);
  for (const AmfValue& value : values) {
    out.value(value);
  }
  return bytes;
}

struct Case {
  const char* name;
  const char* bytes;
};

// Each is read, written back and cut everywhere.
const std::vector<Case> kCases = {
    {"Amf0Sec2_2Number", "00 3ff8000000000000"},
    {"Amf0Sec2_3Boolean", "01 01"},
    {"Amf0Sec2_4String", "02 0004 6c697665"},
    {"Amf0Sec2_4EmptyString", "02 0000"},
    {"Amf0Sec2_5Object", "03 0001 61 00 3ff0000000000000 0001 62 03 000009 000009"},
    {"Amf0Sec2_7Null", "05"},
    {"Amf0Sec2_8Undefined", "06"},
    {"Amf0Sec2_10EcmaArray", "08 00000002 0001 62 0101 0001 61 05 000009"},
    {"Amf0Sec2_12StrictArray", "0a 00000002 05 02 0001 78"},
    {"Amf0Sec2_12EmptyStrictArray", "0a 00000000"},
    {"Amf0Sec2_13Date", "0b 4276a90000000000 ffc4"},
    {"Amf0Sec2_17XmlDocument", "0f 00000003 3c612f"},
    {"Amf0Sec2_18TypedObject", "10 0001 54 0001 61 05 000009"},
    {"TwoValues", "02 0001 61 05"},
};

TEST(Amf0, WhatIsReadIsWrittenBack) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const ByteVector bytes = hex(c.bytes);
    std::vector<AmfValue> values;
    EXPECT_EQ(read_all(bytes, values), ErrorCode::kNone);
    EXPECT_EQ(to_hex(write_all(values)), to_hex(bytes));
  }
}

TEST(Amf0, ValuesCutAnywhereAreNoReadsBeyond) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const ByteVector bytes = hex(c.bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const ByteVector cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      const ErrorCode error = error_of(cut);
      EXPECT_TRUE(error == ErrorCode::kAmfTruncated || error == ErrorCode::kNone);
    }
  }
}

TEST(Amf0, LongStringsOver64K) {
  const std::string text(70000, 'x');
  ByteVector bytes;
  Amf0Writer(bytes).string(text);
  EXPECT_EQ(bytes[0], 0x0c);
  const auto value = Amf0Reader(bytes).read();
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value->string(), text);
}

TEST(Amf0, EcmaArrayKeepsItsOrderAndItsCountIsAHint) {
  // The count says 0, or 2^32 - 1: the end marker decides.
  for (const char* count : {"00000000", "ffffffff"}) {
    const auto value =
        Amf0Reader(hex("08" + std::string(count) + "0001 62 0101 0001 61 05 000009")).read();
    ASSERT_TRUE(value.ok());
    ASSERT_EQ(value->properties()->size(), 2U);
    EXPECT_EQ((*value->properties())[0].name, "b");
    EXPECT_EQ((*value->properties())[1].name, "a");
  }
}

TEST(Amf0, ObjectMayEndWithTheMessage) {
  const ByteVector bytes = hex("08 00000001 0001 61 05");
  const auto value = Amf0Reader(bytes).read();
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->properties()->size(), 1U);
}

TEST(Amf0, ReferencesReadTheirObjectAgain) {
  // {a: {x: null}, b: reference to 1}
  const ByteVector bytes = hex("03 0001 61 03 0001 78 05 000009 0001 62 07 0001 000009");
  const auto value = Amf0Reader(bytes).read();
  ASSERT_TRUE(value.ok());
  const AmfValue* b = value->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_NE(b->find("x"), nullptr);
}

TEST(Amf0, HostileReferences) {
  EXPECT_EQ(error_of(hex("07 0000")), ErrorCode::kAmfReferenceInvalid);
  EXPECT_EQ(error_of(hex("03 0001 61 07 0000 000009")), ErrorCode::kAmfTooDeep);  // holds itself
  // Sixteen arrays of sixteen references to the one before: 16^16 values if all were built.
  ByteVector bomb = hex("0a 00000001 05");
  for (uint8_t i = 0; i < 16; ++i) {
    const ByteVector head = hex("0a 00000010");
    bomb.insert(bomb.end(), head.begin(), head.end());
    for (int k = 0; k < 16; ++k) {
      bomb.insert(bomb.end(), {0x07, 0x00, i});
    }
  }
  EXPECT_EQ(error_of(bomb), ErrorCode::kAmfTooLarge);
}

TEST(Amf0, HostileDepth) {
  for (const int depth : {63, 64, 65, 10000, 200000}) {
    ByteVector bytes;
    for (int i = 0; i < depth; ++i) {
      const ByteVector array = hex("0a 00000001");
      bytes.insert(bytes.end(), array.begin(), array.end());
    }
    bytes.push_back(0x05);
    EXPECT_EQ(error_of(bytes), depth <= 64 ? ErrorCode::kNone : ErrorCode::kAmfTooDeep) << depth;
  }
}

TEST(Amf0, HostileCountsAndLengths) {
  EXPECT_EQ(error_of(hex("0a ffffffff 05")), ErrorCode::kAmfTruncated);
  EXPECT_EQ(error_of(hex("0c ffffffff 61")), ErrorCode::kAmfTruncated);
  EXPECT_EQ(error_of(hex("02 ffff 61")), ErrorCode::kAmfTruncated);
  EXPECT_EQ(error_of(hex("0f 80000000")), ErrorCode::kAmfTruncated);
  ByteVector many = hex("0a 00010000");
  many.insert(many.end(), 0x10000, 0x05);
  EXPECT_EQ(error_of(many), ErrorCode::kAmfTooLarge);
  EXPECT_EQ(error_of(many, {.max_values = 0x10001}), ErrorCode::kNone);
}

TEST(Amf0, UnknownMarkers) {
  for (const char* bytes : {"04", "09", "0e", "12", "ff"}) {
    EXPECT_EQ(error_of(hex(bytes)), ErrorCode::kAmfTypeUnknown) << bytes;
  }
}

TEST(Amf0, SwitchesToAmf3AndBack) {
  std::vector<AmfValue> values;
  EXPECT_EQ(read_all(hex("02 0001 61 11 06 07 616263 11 04 05 05"), values), ErrorCode::kNone);
  ASSERT_EQ(values.size(), 4U);
  EXPECT_EQ(*values[1].string(), "abc");
  EXPECT_EQ(*values[2].number(), 5);
}

}  // namespace
}  // namespace millrace
