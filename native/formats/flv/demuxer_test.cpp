#include "formats/flv/demuxer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "codecs/testing/hex.hpp"
#include "formats/flv/muxer.hpp"
#include "media/media_time.hpp"

namespace millrace::flv {
namespace {

using millrace::testing::hex;
using millrace::testing::to_hex;

// x264 and FFmpeg's AAC encoder, as FFmpeg writes them to FLV.
constexpr const char* kAvcSequenceHeader =
    "17 00 000000 01 64000a ff e1 0018 6764000aacd9447b011000000300100000030320f1225960 "
    "01 0006 68ebe3cb22c0 fdf8f800";
// x265 in FFmpeg's hvcC; the two headers before it are those of CodecID 12 and of Enhanced RTMP.
#define HVCC                                                                                \
  "01 01 60000000 900000000000 1e f000 fc fd f8 f8 0000 0f 03"                              \
  "20 0001 0018 40010c01ffff01600000030090000003000003001e959009"                           \
  "21 0001 0029 42010101600000030090000003000003001ea020831659592e4caf01680800000300080000" \
  "0300c840 22 0001 0006 4401c173d089"
// libaom in FFmpeg's av1C.
#define AV1C "81 00 0c 00 0a0a 00000002aff79b5f2008"
#define VPCC "00 0a 82 020202 0000"
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

/// kNone when there was no error.
ErrorCode error_of(const Result<Demuxed>& result) {
  return result ? ErrorCode::kNone : result.error().code;
}

/// kNothing also when something came out after all.
Skipped skipped(const Result<Demuxed>& result) {
  return result && !result->frame && !result->new_track ? result->skipped : Skipped::kNothing;
}

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
    {"G.711 A-law mono", TagType::kAudio, "", {"72 d5d5d5"}},
    {"G.711 mu-law stereo", TagType::kAudio, "", {"83 ffffff"}},
    {"HEVC, CodecID 12",
     TagType::kVideo,
     "1c 00 000000" HVCC,
     {"1c 01 000028 00000005 2801af1d80", "2c 01 000000 00000005 0201d01157", "1c 02 000000"}},
    {"HEVC, enhanced",
     TagType::kVideo,
     "90 68766331" HVCC,
     {"91 68766331 000028 00000005 2801af1d80",  // with composition time
      "a3 68766331 00000005 0201d01157",         // CodedFramesX
      "92 68766331"}},                           // SequenceEnd
    {"AVC, enhanced",
     TagType::kVideo,
     "90 61766331 01 64000a ff e0 00",
     {"93 61766331 00000003 658884", "a1 61766331 fffff0 00000003 419a24"}},
    {"AV1",
     TagType::kVideo,
     "90 61763031" AV1C,
     {"91 61763031 0a0a00000002aff79b5f2008 3203 140402", "a1 61763031 3203 340402",
      "92 61763031"}},
    {"AAC, enhanced",
     TagType::kAudio,
     "90 6d703461 1210",
     {"91 6d703461 21004c617663", "92 6d703461"}},
    {"Opus",
     TagType::kAudio,
     "90 4f707573 4f70757348656164 01 02 3801 80bb0000 0000 00",
     {"91 4f707573 fc0011"}},
    {"MP3, enhanced", TagType::kAudio, "", {"91 2e6d7033 fffb906400"}},
    {"AC-3", TagType::kAudio, "", {"91 61632d33 0b77480d0c402f842bc1c77a"}},
    {"E-AC-3", TagType::kAudio, "", {"91 65632d33 0b7700bf3287c00021064060"}},
    {"FLAC",
     TagType::kAudio,
     "90 664c6143 1200120000047e0004da0ac440f00000227400000000000000000000000000000000",
     {"91 664c6143 fff8"}},
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
  EXPECT_EQ(skipped(video("17 00 000000 01 64000a fd e1 0004 6764000a 01 0002 68eb")),
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
  EXPECT_EQ(error_of(video("27 01 000000 00000120 419a24")), ErrorCode::kNalLengthInvalid);
  EXPECT_TRUE(video("27 01 000000 00000003 419a24")->frame) << "the next one is fine";
}

TEST_F(FlvDemuxer, RepeatedSequenceHeadersMakeNoNewTrack) {
  const auto first = video(kAvcSequenceHeader);
  ASSERT_TRUE(first);
  EXPECT_EQ(skipped(video(kAvcSequenceHeader)), Skipped::kUnchanged);
  EXPECT_EQ(demuxer_.video_track(), first->new_track);
  const auto changed = video("17 00 000000 01 42001e ff e1 0004 6742001e 01 0002 68ce");
  ASSERT_TRUE(changed);
  EXPECT_TRUE(changed->new_track);
  ASSERT_TRUE(audio(kAacSequenceHeader)->new_track);
  EXPECT_EQ(skipped(audio(kAacSequenceHeader)), Skipped::kUnchanged);
  EXPECT_TRUE(audio("af 00 1190")->new_track);
}

TEST_F(FlvDemuxer, FramesNeedTheirSequenceHeader) {
  EXPECT_EQ(error_of(video("17 01 000000 00000003 658884")), ErrorCode::kFlvSequenceHeaderMissing);
  EXPECT_EQ(error_of(video("17 02 000000")), ErrorCode::kFlvSequenceHeaderMissing);
  EXPECT_EQ(error_of(audio("af 01 2100")), ErrorCode::kFlvSequenceHeaderMissing);
}

TEST_F(FlvDemuxer, BrokenSequenceHeadersKeepTheTrack) {
  const auto first = video(kAvcSequenceHeader);
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of(video("17 00 000000 01 64")), ErrorCode::kH264ConfigInvalid);
  EXPECT_EQ(demuxer_.video_track(), first->new_track);
  EXPECT_EQ(error_of(audio("af 00 12")), ErrorCode::kAacConfigInvalid);
  std::vector<uint8_t> huge = hex("17 00 000000");
  huge.resize(70000, 1);
  EXPECT_EQ(error_of(demuxer_.on_video(huge, 0)), ErrorCode::kTooLarge);
}

TEST_F(FlvDemuxer, SkipsWhatHasNothingToCarry) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  ASSERT_TRUE(audio(kAacSequenceHeader));
  EXPECT_EQ(skipped(video("")), Skipped::kEmpty);
  EXPECT_EQ(skipped(video("27 01 000000")), Skipped::kEmpty);
  EXPECT_EQ(skipped(video("27 01 000000 00000000 00000000")), Skipped::kEmpty);
  EXPECT_EQ(skipped(video("17 00 000000")), Skipped::kEmpty);
  EXPECT_EQ(skipped(video("57 00")), Skipped::kInfoFrame);
  EXPECT_EQ(skipped(video("57 01")), Skipped::kInfoFrame);
  EXPECT_EQ(skipped(audio("")), Skipped::kEmpty);
  EXPECT_EQ(skipped(audio("af 01")), Skipped::kEmpty);
  EXPECT_EQ(skipped(audio("2f")), Skipped::kEmpty);
}

TEST_F(FlvDemuxer, CutHeadersAreErrors) {
  for (const char* body : {"17", "1701", "17010000"}) {
    EXPECT_EQ(error_of(video(body)), ErrorCode::kFlvTagMalformed);
  }
  EXPECT_EQ(error_of(audio("af")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("17 03 000000")), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_EQ(error_of(audio("af 02")), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_EQ(error_of(audio("2f 00000000")), ErrorCode::kMp3HeaderInvalid);
}

TEST_F(FlvDemuxer, UnsupportedCodecsAreReportedOnce) {
  EXPECT_EQ(error_of(video("12 0000")), ErrorCode::kFlvCodecUnsupported);  // Sorenson H.263
  EXPECT_EQ(skipped(video("22 0000")), Skipped::kCodecUnsupported);
  EXPECT_EQ(error_of(video("14 0000")), ErrorCode::kFlvCodecUnsupported);  // VP6
  EXPECT_EQ(error_of(audio("b6 00")), ErrorCode::kFlvCodecUnsupported);    // Speex
  EXPECT_EQ(skipped(audio("b6 00")), Skipped::kCodecUnsupported);
  EXPECT_EQ(error_of(audio("06 00")), ErrorCode::kFlvCodecUnsupported);  // PCM, format 0
  EXPECT_EQ(skipped(audio("06 00")), Skipped::kCodecUnsupported);
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

TEST_F(FlvDemuxer, CodecOfAnotherTrackNeedsItsOwnSequenceHeader) {
  ASSERT_TRUE(video(kAvcSequenceHeader));
  EXPECT_EQ(error_of(video("91 68766331 000028 00000005 2801af1d80")),
            ErrorCode::kFlvSequenceHeaderMissing);
  ASSERT_TRUE(video("90 68766331" HVCC)->new_track);
  EXPECT_TRUE(video("91 68766331 000028 00000005 2801af1d80")->frame);
}

TEST_F(FlvDemuxer, ChangeOfSignallingIsANewTrack) {
  ASSERT_TRUE(video("1c 00 000000" HVCC)->new_track);
  const auto out = video("90 68766331" HVCC);
  ASSERT_TRUE(out);
  ASSERT_TRUE(out->new_track);
  EXPECT_EQ(out->new_track->flv_signalling, FlvSignalling::kEnhanced);
}

TEST_F(FlvDemuxer, LegacyAv1IsTakenAndGoesOutEnhanced) {
  ASSERT_TRUE(video("1d 00 000000" AV1C)->new_track);
  const auto out = video("1d 01 000000 1200 0a0a00000002aff79b5f2008 3203 140402");
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->frame->random_access);
  EXPECT_EQ(body_of(*out->frame), to_hex(hex("91 61763031 0a0a00000002aff79b5f2008 3203 140402")));
  EXPECT_EQ(skipped(video("1d 01 000000 1200")), Skipped::kEmpty);
  EXPECT_EQ(error_of(video("1d 01 000000 3207 14")), ErrorCode::kAv1ObuMalformed);
}

TEST_F(FlvDemuxer, Vp9TrackGetsItsSizeFromTheKeyFrame) {
  ASSERT_TRUE(video("90 76703039" VPCC)->new_track);
  const auto key = video("91 76703039 824983420003f002f606");
  ASSERT_TRUE(key);
  ASSERT_TRUE(key->new_track);
  EXPECT_EQ(key->new_track->video.width, 64U);
  EXPECT_EQ(key->frame->track, key->new_track);
  EXPECT_TRUE(key->frame->random_access);
  EXPECT_EQ(body_of(*key->frame), to_hex(hex("91 76703039 824983420003f002f606")));
  const auto inter = video("a1 76703039 860040929c0c5000");
  ASSERT_TRUE(inter);
  EXPECT_FALSE(inter->new_track);
  EXPECT_FALSE(inter->frame->random_access);
  EXPECT_EQ(skipped(video("90 76703039" VPCC)), Skipped::kUnchanged);
  EXPECT_EQ(error_of(video("91 76703039 82")), ErrorCode::kVp9HeaderInvalid);
}

TEST_F(FlvDemuxer, Vp8IsCarried) {
  ASSERT_TRUE(video("90 76703038" VPCC)->new_track);
  const auto key = video("91 76703038 501a009d012a400030000047");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->new_track->video.height, 48U);
  EXPECT_TRUE(key->frame->random_access);
  EXPECT_FALSE(video("a1 76703038 1102000510ac")->frame->random_access);
}

TEST_F(FlvDemuxer, HevcRandomAccessFollowsTheUnits) {
  ASSERT_TRUE(video("90 68766331" HVCC));
  EXPECT_TRUE(video("a3 68766331 00000005 2a01ac14ec")->frame->random_access) << "CRA";
  EXPECT_FALSE(video("93 68766331 00000005 0201d01157")->frame->random_access) << "TRAIL_R";
}

TEST_F(FlvDemuxer, ModExMovesThePresentationTime) {
  ASSERT_TRUE(video("90 68766331" HVCC));
  // ModEx, 3 bytes: 500000 ns; then CodedFramesX.
  const auto out = video("97 02 07a120 03 68766331 00000005 2801af1d80", 10);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->frame->dts, from_ms(10));
  EXPECT_EQ(out->frame->pts, MediaTime(10'500));
  // An unknown extension of 256 bytes with the long form of its size, and then that one.
  std::vector<uint8_t> body = hex("97 ff 00ff");
  body.resize(body.size() + 256, 0xaa);
  for (const uint8_t byte : hex("17 02 07a120 03 68766331 00000005 2801af1d80")) {
    body.push_back(byte);
  }
  const auto both = demuxer_.on_video(body, 10);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->frame->pts, MediaTime(10'500));
  EXPECT_EQ(audio("97 02 07a120 01 2e6d7033 fffb906400", 10)->frame->dts, MediaTime(10'500));
  for (const char* cut : {"97", "97 02 07", "97 ff", "97 02 07a120", "97 02 07a120 07"}) {
    EXPECT_EQ(error_of(video(cut)), ErrorCode::kFlvTagMalformed);
  }
}

TEST_F(FlvDemuxer, MultitrackGivesTrackZero) {
  // One track, id 0.
  ASSERT_TRUE(video("96 00 68766331 00" HVCC)->new_track);
  // Many tracks of one codec: id 1, then id 0.
  const auto many =
      video("96 13 68766331 01 000009 00000005 0201d01157 00 000009 00000005 2801af1d80");
  ASSERT_TRUE(many);
  EXPECT_TRUE(many->frame->random_access);
  // Many tracks, many codecs: Opus as id 0, MP3 as id 1.
  ASSERT_TRUE(audio("90 4f707573 4f70757348656164 01 02 3801 80bb0000 0000 00"));
  const auto codecs = audio("95 21 2e6d7033 01 000004 fffb9064 4f707573 00 000003 fc0011");
  ASSERT_TRUE(codecs);
  EXPECT_EQ(to_hex(codecs->frame->payload()), "fc0011");
  EXPECT_EQ(skipped(video("96 03 68766331 02 00000005 2801af1d80")), Skipped::kOtherTrack);

  EXPECT_EQ(error_of(video("96 13 68766331 00 00000a 00000005 2801af1d80")),
            ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("96 16 68766331 00 000001 00")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("96 33 68766331 00 000001 00")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("96")), ErrorCode::kFlvTagMalformed);
}

TEST_F(FlvDemuxer, EnhancedOddities) {
  ASSERT_TRUE(video("90 68766331" HVCC));
  EXPECT_EQ(skipped(video("94 68766331 02 0009 636f6c6f72496e666f")), Skipped::kMetadata);
  EXPECT_EQ(skipped(video("d1 00")), Skipped::kInfoFrame);
  EXPECT_EQ(error_of(video("95 61763031 00")),
            ErrorCode::kFlvPacketTypeUnknown);  // MPEG2TSSequenceStart
  EXPECT_EQ(error_of(video("98 68766331 00")), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_EQ(error_of(video("91 68766331 0000")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("91 687663")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(video("91 78787878 00")), ErrorCode::kFlvCodecUnsupported);
  EXPECT_EQ(skipped(video("91 78787878 00")), Skipped::kCodecUnsupported);
  EXPECT_EQ(error_of(video("91 4f707573 00")), ErrorCode::kFlvCodecUnsupported) << "Opus as video";

  EXPECT_EQ(skipped(audio("94 6d703461 00 02")), Skipped::kMetadata);
  EXPECT_EQ(skipped(audio("90 4f707573 4f70757354616773 00000000")), Skipped::kMetadata);
  EXPECT_EQ(skipped(audio("90 2e6d7033 00")), Skipped::kEmpty);
  EXPECT_EQ(error_of(audio("93 6d703461 00")), ErrorCode::kFlvPacketTypeUnknown);
  EXPECT_EQ(error_of(audio("91 4f707573 fc")), ErrorCode::kFlvSequenceHeaderMissing);
  EXPECT_EQ(error_of(audio("91 61632d33 0b7700bf3287c000")), ErrorCode::kCodecDecodeFailed)
      << "E-AC-3 that is called AC-3";
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
  EXPECT_EQ(skipped(script("02 0001 61 05")), Skipped::kScript);
  EXPECT_EQ(skipped(script("02 000a 6f6e4d65746144617461")), Skipped::kEmpty);
  EXPECT_EQ(error_of(script("")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(script("00 3ff0000000000000")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(script("02 ffff 61")), ErrorCode::kFlvTagMalformed);
  EXPECT_EQ(error_of(script("02 000d 40736574446174614672616d65 05")), ErrorCode::kFlvTagMalformed);
  std::vector<uint8_t> huge = hex("02 000a 6f6e4d65746144617461");
  huge.resize(huge.size() + 65537);
  EXPECT_EQ(error_of(demuxer_.on_script(huge, 0)), ErrorCode::kFlvMetadataTooLarge);
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
