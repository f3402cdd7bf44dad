#include "formats/flv/demuxer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "codecs/testing/hex.hpp"
#include "formats/flv/muxer.hpp"

namespace millrace::flv {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

// x264 and FFmpeg's AAC encoder, as FFmpeg writes them to FLV.
constexpr const char* kAvcSequenceHeader =
    "17 00 000000 01 64000a ff e1 0018 6764000aacd9447b011000000300100000030320f1225960 "
    "01 0006 68ebe3cb22c0 fdf8f800";
constexpr const char* kAacSequenceHeader = "af 00 1210";

class FlvDemuxer : public ::testing::Test {
 protected:
  void SetUp() override { pool_.bind_to_this_thread(); }

  Result<Demuxed> video(const char* body, uint32_t dts_ms = 0) {
    return demuxer_.on_video(hex(body), dts_ms);
  }
  Result<Demuxed> audio(const char* body, uint32_t dts_ms = 0) {
    return demuxer_.on_audio(hex(body), dts_ms);
  }
  Result<Demuxed> script(const char* body) { return demuxer_.on_script(hex(body), 0); }

  static std::string body_of(const Frame& frame) {
    std::vector<uint8_t> room(body_size(frame));
    ByteWriter writer(room);
    write_body(frame, writer);
    EXPECT_EQ(writer.size(), room.size());
    EXPECT_LE(body_header_size(frame), kMaxBodyHeaderSize);
    return to_hex(room);
  }
  static std::string sequence_header_of(const Track& track) {
    std::vector<uint8_t> room(sequence_header_size(track));
    ByteWriter writer(room);
    write_sequence_header(track, writer);
    EXPECT_EQ(writer.size(), room.size());
    return to_hex(room);
  }

  BlockPool pool_;
  Demuxer demuxer_{pool_};
};

#define EXPECT_ERROR(result, error_code)                     \
  do {                                                       \
    const auto& expect_error_result = (result);              \
    ASSERT_FALSE(expect_error_result);                       \
    EXPECT_EQ(expect_error_result.error().code, error_code); \
  } while (false)

#define EXPECT_SKIPPED(result, why)                 \
  do {                                              \
    const auto& expect_skipped_result = (result);   \
    ASSERT_TRUE(expect_skipped_result);             \
    EXPECT_EQ(expect_skipped_result->skipped, why); \
    EXPECT_FALSE(expect_skipped_result->frame);     \
    EXPECT_FALSE(expect_skipped_result->new_track); \
  } while (false)

/// One stream of each kind: its sequence header (empty where there is none), and bodies that must
/// come back byte by byte.
struct RoundTrip {
  const char* name;
  TagType type;
  const char* sequence_header;
  std::vector<const char*> bodies;
};

const RoundTrip kRoundTrips[] = {
    {"AVC",
     TagType::kVideo,
     kAvcSequenceHeader,
     {"17 01 000050 00000004 65888400 00000002 0102",  // IDR
      "27 01 000000 00000003 419a24",
      "27 01 ffffd8 00000003 419a24",  // negative composition time
      "17 02 000000"}},                // end of sequence
    {"AAC", TagType::kAudio, kAacSequenceHeader, {"af 01 21004c617663", "af 01 01"}},
    {"MP3 44.1 kHz stereo", TagType::kAudio, "", {"2f fffb906400", "2f fffb9264ff"}},
    {"MP3 22.05 kHz mono", TagType::kAudio, "", {"2a fff380c400"}},
    {"MP3 8 kHz mono", TagType::kAudio, "", {"e2 ffe318c400"}},
};

TEST_F(FlvDemuxer, BodiesComeBackByteByByte) {
  for (const auto& test : kRoundTrips) {
    SCOPED_TRACE(test.name);
    Demuxer demuxer(pool_);
    const auto feed = [&](const char* body) {
      return test.type == TagType::kVideo ? demuxer.on_video(hex(body), 40)
                                          : demuxer.on_audio(hex(body), 40);
    };
    if (*test.sequence_header != '\0') {
      const auto header = feed(test.sequence_header);
      ASSERT_TRUE(header);
      ASSERT_TRUE(header->new_track);
      EXPECT_EQ(sequence_header_of(*header->new_track), to_hex(hex(test.sequence_header)));
    }
    for (size_t i = 0; i < test.bodies.size(); ++i) {
      SCOPED_TRACE(test.bodies[i]);
      const auto out = feed(test.bodies[i]);
      ASSERT_TRUE(out);
      ASSERT_TRUE(out->frame);
      EXPECT_EQ(static_cast<bool>(out->new_track), *test.sequence_header == '\0' && i == 0);
      EXPECT_EQ(tag_type(out->frame->track->kind), test.type);
      EXPECT_EQ(timestamp_ms(*out->frame), 40U);
      EXPECT_EQ(body_of(*out->frame), to_hex(hex(test.bodies[i])));
    }
  }
}

TEST_F(FlvDemuxer, PictureHasTimesUnitsAndFlag) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  const auto out = video("27 01 000050 00000004 65888400 00000002 0102", 1000);
  ASSERT_TRUE(out);
  const Frame& frame = *out->frame;
  EXPECT_EQ(frame.dts, from_ms(1000));
  EXPECT_EQ(frame.pts, from_ms(1080));
  EXPECT_TRUE(frame.random_access) << "the unit is IDR, whatever the tag says";
  ASSERT_EQ(frame.nal_units().size(), 2U);
  EXPECT_EQ(to_hex(frame.nal(frame.nal_units()[0])), "65888400");
  EXPECT_EQ(frame.track->video.width, 64U);
}

TEST_F(FlvDemuxer, KeyFrameTagAloneIsNoRandomAccessPoint) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  EXPECT_FALSE(video("17 01 000000 00000003 419a24")->frame->random_access) << "P picture";
  EXPECT_TRUE(video("17 01 000000 00000003 418888")->frame->random_access) << "I picture";
  EXPECT_FALSE(video("27 01 000000 00000003 418888")->frame->random_access) << "I, but not key";
}

TEST_F(FlvDemuxer, OtherLengthSizesBecomeFourBytes) {
  const auto header = video("17 00 000000 01 64000a fd e1 0004 6764000a 01 0002 68eb");
  ASSERT_TRUE(header);
  const auto out = video("17 01 000000 0003 658884 0000 0002 0102");
  ASSERT_TRUE(out);
  EXPECT_EQ(body_of(*out->frame), to_hex(hex("17 01 000000 00000003 658884 00000002 0102")));
  EXPECT_EQ(header->new_track->configuration->bytes()[4], 0xff);
  EXPECT_SKIPPED(video("17 00 000000 01 64000a fd e1 0004 6764000a 01 0002 68eb"),
                 Skipped::kUnchanged);
}

TEST_F(FlvDemuxer, AnnexBIsUnderstoodWhenTheFirstPictureIs) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  const auto first = video("17 01 000000 00000001 6764000a 00000001 68eb 000001 658884ff");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->frame->random_access);
  EXPECT_EQ(body_of(*first->frame),
            to_hex(hex("17 01 000000 00000004 6764000a 00000002 68eb 00000004 658884ff")));
  const auto second = video("27 01 000000 000001 419a24");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->frame->nal_units().size(), 1U);
}

TEST_F(FlvDemuxer, BrokenLengthsAreNotTakenForAnnexBLater) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  ASSERT_TRUE(video("27 01 000000 00000003 419a24"));
  EXPECT_ERROR(video("27 01 000000 00000120 419a24"), ErrorCode::kNalLengthInvalid);
  EXPECT_TRUE(video("27 01 000000 00000003 419a24")->frame) << "the next one is fine";
}

TEST_F(FlvDemuxer, RepeatedSequenceHeadersMakeNoNewTrack) {
  const auto first = video(kAvcSequenceHeader);
  ASSERT_TRUE(first);
  EXPECT_SKIPPED(video(kAvcSequenceHeader), Skipped::kUnchanged);
  EXPECT_EQ(demuxer_.video_track(), first->new_track);
  const auto changed = video("17 00 000000 01 42001e ff e1 0004 6742001e 01 0002 68ce");
  ASSERT_TRUE(changed);
  EXPECT_TRUE(changed->new_track);
  ASSERT_TRUE(audio(kAacSequenceHeader)->new_track);
  EXPECT_SKIPPED(audio(kAacSequenceHeader), Skipped::kUnchanged);
  EXPECT_TRUE(audio("af 00 1190")->new_track);
}

TEST_F(FlvDemuxer, FramesNeedTheirSequenceHeader) {
  EXPECT_ERROR(video("17 01 000000 00000003 658884"), ErrorCode::kFlvSequenceHeaderMissing);
  EXPECT_ERROR(video("17 02 000000"), ErrorCode::kFlvSequenceHeaderMissing);
  EXPECT_ERROR(audio("af 01 2100"), ErrorCode::kFlvSequenceHeaderMissing);
}

TEST_F(FlvDemuxer, BrokenSequenceHeadersKeepTheTrack) {
  const auto first = video(kAvcSequenceHeader);
  ASSERT_TRUE(first);
  EXPECT_ERROR(video("17 00 000000 01 64"), ErrorCode::kH264ConfigInvalid);
  EXPECT_EQ(demuxer_.video_track(), first->new_track);
  EXPECT_ERROR(audio("af 00 12"), ErrorCode::kAacConfigInvalid);
  std::vector<uint8_t> huge = hex("17 00 000000");
  huge.resize(70000, 1);
  EXPECT_ERROR(demuxer_.on_video(huge, 0), ErrorCode::kTooLarge);
}

TEST_F(FlvDemuxer, SkipsWhatHasNothingToCarry) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  ASSERT_TRUE(audio(kAacSequenceHeader));
  EXPECT_SKIPPED(video(""), Skipped::kEmpty);
  EXPECT_SKIPPED(video("27 01 000000"), Skipped::kEmpty);
  EXPECT_SKIPPED(video("27 01 000000 00000000 00000000"), Skipped::kEmpty);
  EXPECT_SKIPPED(video("17 00 000000"), Skipped::kEmpty);
  EXPECT_SKIPPED(video("57 00"), Skipped::kInfoFrame);
  EXPECT_SKIPPED(video("57 01"), Skipped::kInfoFrame);
  EXPECT_SKIPPED(audio(""), Skipped::kEmpty);
  EXPECT_SKIPPED(audio("af 01"), Skipped::kEmpty);
  EXPECT_SKIPPED(audio("2f"), Skipped::kEmpty);
}

TEST_F(FlvDemuxer, CutHeadersAreErrors) {
  for (const char* body : {"17", "1701", "17010000"}) {
    EXPECT_ERROR(video(body), ErrorCode::kFlvTagMalformed);
  }
  EXPECT_ERROR(audio("af"), ErrorCode::kFlvTagMalformed);
  EXPECT_ERROR(video("17 03 000000"), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_ERROR(audio("af 02"), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_ERROR(audio("2f 00000000"), ErrorCode::kMp3HeaderInvalid);
}

TEST_F(FlvDemuxer, UnsupportedCodecsAreReportedOnce) {
  EXPECT_ERROR(video("12 0000"), ErrorCode::kFlvCodecUnsupported);  // Sorenson H.263
  EXPECT_SKIPPED(video("22 0000"), Skipped::kCodecUnsupported);
  EXPECT_ERROR(video("14 0000"), ErrorCode::kFlvCodecUnsupported);  // VP6
  EXPECT_ERROR(audio("b6 00"), ErrorCode::kFlvCodecUnsupported);    // Speex
  EXPECT_SKIPPED(audio("b6 00"), Skipped::kCodecUnsupported);
  EXPECT_ERROR(audio("06 00"), ErrorCode::kFlvCodecUnsupported);  // PCM, format 0
  EXPECT_SKIPPED(audio("06 00"), Skipped::kCodecUnsupported);
}

TEST_F(FlvDemuxer, Mp3ChangesMakeANewTrack) {
  const auto first = audio("2f fffb9064");
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->new_track);
  EXPECT_EQ(first->new_track->audio.sample_rate, 44100U);
  EXPECT_EQ(sequence_header_size(*first->new_track), 0U);
  EXPECT_FALSE(audio("2f fffb9264")->new_track);
  EXPECT_TRUE(audio("2f fffb9464")->new_track) << "48 kHz";
}

TEST_F(FlvDemuxer, MetadataKeepsItsValues) {
  // "onMetaData", then an ECMA array with one number.
  const char* values = "08 00000001 0001 61 00 3ff0000000000000 000009";
  const std::string plain = std::string("02 000a 6f6e4d65746144617461") + values;
  const auto out = script(plain.c_str());
  ASSERT_TRUE(out);
  ASSERT_TRUE(out->new_track);
  EXPECT_EQ(out->frame->track->codec, CodecId::kAmfMetadata);
  EXPECT_EQ(to_hex(out->frame->payload()), to_hex(hex(values)));
  EXPECT_EQ(body_of(*out->frame), to_hex(hex(plain)));
  EXPECT_EQ(tag_type(out->frame->track->kind), TagType::kScript);

  // "@setDataFrame" before it, as publishers send it.
  const auto again = script(("02 000d 40736574446174614672616d65" + plain).c_str());
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->new_track);
  EXPECT_EQ(body_of(*again->frame), to_hex(hex(plain)));
}

TEST_F(FlvDemuxer, OtherScriptDataIsSkippedOrAnError) {
  EXPECT_SKIPPED(script("02 0001 61 05"), Skipped::kScript);
  EXPECT_SKIPPED(script("02 000a 6f6e4d65746144617461"), Skipped::kEmpty);
  EXPECT_ERROR(script(""), ErrorCode::kFlvTagMalformed);
  EXPECT_ERROR(script("00 3ff0000000000000"), ErrorCode::kFlvTagMalformed);
  EXPECT_ERROR(script("02 ffff 61"), ErrorCode::kFlvTagMalformed);
  EXPECT_ERROR(script("02 000d 40736574446174614672616d65 05"), ErrorCode::kFlvTagMalformed);
  std::vector<uint8_t> huge = hex("02 000a 6f6e4d65746144617461");
  huge.resize(huge.size() + 65537);
  EXPECT_ERROR(demuxer_.on_script(huge, 0), ErrorCode::kFlvMetadataTooLarge);
}

TEST_F(FlvDemuxer, SteadyStateTakesNoMemoryBesideThePool) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  const auto body = hex("27 01 000000 00000003 419a24 00000003 419a24");
  ASSERT_TRUE(demuxer_.on_video(body, 0));
  const uint64_t misses = pool_.misses();
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(demuxer_.on_video(body, i));
  }
  EXPECT_EQ(pool_.misses(), misses);
}

}  // namespace
}  // namespace millrace::flv
