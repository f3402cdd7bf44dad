#include "formats/flv/metadata.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/amf/amf0.hpp"

namespace millrace::flv {
namespace {

using ByteVector = std::vector<uint8_t>;

void put_properties(Amf0Writer& amf) {
  amf.name("duration").number(0).name("width").number(1280).name("height").number(720);
  amf.name("framerate").string("29.97").name("videodatarate").number(2500);
  amf.name("server")
      .string("an encoder")
      .name("encoder")
      .string("x")
      .name("bravo_atc")
      .string("true");
  amf.end();
}

ByteVector metadata(bool ecma_array) {
  ByteVector out;
  Amf0Writer amf(out);
  if (ecma_array) {
    amf.begin_ecma_array(8);
  } else {
    amf.begin_object();
  }
  put_properties(amf);
  return out;
}

std::string names_of(const Metadata& metadata) {
  std::string names;
  for (const AmfProperty& property : metadata.properties()) {
    names += property.name + " ";
  }
  return names;
}

TEST(Metadata, ServerTakesThePlaceOfDuration) {
  for (const bool ecma_array : {false, true}) {
    auto parsed = Metadata::parse(metadata(ecma_array));
    ASSERT_TRUE(parsed.ok());
    parsed->set_server("SRS/7.0.18(Kai)", "7.0.18");
    EXPECT_EQ(names_of(parsed.value()),
              "width height framerate videodatarate encoder bravo_atc server server_version ");
    const ByteVector values = parsed->values();
    EXPECT_EQ(values[0], ecma_array ? 0x08 : 0x03);  // as the publisher sent it
    const auto again = Metadata::parse(values);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(names_of(again.value()), names_of(parsed.value()));
    const ByteVector message = parsed->message();
    ASSERT_TRUE(metadata_values(message));
    EXPECT_EQ(ByteVector(metadata_values(message)->begin(), metadata_values(message)->end()),
              values);
  }
}

TEST(Metadata, Facts) {
  const auto parsed = Metadata::parse(metadata(true));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->width(), 1280U);
  EXPECT_EQ(parsed->height(), 720U);
  EXPECT_DOUBLE_EQ(parsed->frame_rate(), 29.97);
  EXPECT_DOUBLE_EQ(parsed->video_rate_kbps(), 2500);
  EXPECT_DOUBLE_EQ(parsed->audio_rate_kbps(), 0);
  EXPECT_TRUE(parsed->bravo_atc());
}

TEST(Metadata, FactsThatLie) {
  ByteVector values;
  Amf0Writer(values)
      .begin_object()
      .name("width")
      .number(1e300)
      .name("height")
      .number(-1)
      .name("framerate")
      .string("nan")
      .end();
  const auto parsed = Metadata::parse(values);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->width(), 0U);
  EXPECT_EQ(parsed->height(), 0U);
  EXPECT_EQ(parsed->frame_rate(), 0);
}

TEST(Metadata, WithAndWithoutSetDataFrame) {
  ByteVector plain;
  Amf0Writer(plain).string("onMetaData").null();
  ByteVector framed;
  Amf0Writer(framed).string("@setDataFrame").string("onMetaData").null();
  ASSERT_TRUE(metadata_values(plain));
  ASSERT_TRUE(metadata_values(framed));
  EXPECT_EQ(metadata_values(plain)->size(), 1U);
  EXPECT_EQ(metadata_values(framed)->size(), 1U);
}

TEST(Metadata, OtherDataMessagesAreNone) {
  ByteVector text;
  Amf0Writer(text).string("onTextData").begin_object().end();
  ByteVector twice;
  Amf0Writer(twice).string("@setDataFrame").string("@setDataFrame").string("onMetaData").null();
  EXPECT_FALSE(metadata_values(text));
  EXPECT_FALSE(metadata_values(twice));
  EXPECT_FALSE(metadata_values({}));
  EXPECT_FALSE(metadata_values(ByteVector{0x00, 0x01}));
}

TEST(Metadata, ThatIsNoObjectIsRefused) {
  EXPECT_EQ(Metadata::parse(ByteVector{0x05}).error().code, ErrorCode::kAmfTypeUnexpected);
  EXPECT_EQ(Metadata::parse({}).error().code, ErrorCode::kAmfTruncated);
}

}  // namespace
}  // namespace millrace::flv
