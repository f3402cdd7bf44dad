// Real media through the whole of HLS: ffmpeg makes a stream, we segment it to disk, ffmpeg plays
// the playlist, and each decoded picture and piece of sound must be the one that was put in.

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <sstream>

#include "codecs/h265/nal_unit.hpp"
#include "codecs/nal/nal_units.hpp"
#include "formats/flv/demuxer.hpp"
#include "formats/flv/tag_parser.hpp"
#include "protocols/hls/egress.hpp"

namespace millrace::hls {
namespace {

struct NoEvents final : EgressEvents {
  void on_segment(const SegmentEvent&) override { ++segments; }
  void on_failure(const StreamName&, Error error, OnError) override {
    ADD_FAILURE() << "failure " << static_cast<int>(error.code);
  }
  int segments = 0;
};

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    return out;
  }
  std::array<char, 4096> buffer{};
  for (size_t size = 0; (size = ::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.append(buffer.data(), size);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

/// Hashes of the decoded frames of each stream, in order. @param what  `-i` and its options.
std::map<std::string, std::vector<std::string>> decoded(const std::string& what) {
  const std::string text = output_of("ffmpeg -nostdin -v error " + what + " -map 0 -f framemd5 -");
  std::map<std::string, std::vector<std::string>> streams;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) {
      streams[line.substr(0, line.find(','))].push_back(line.substr(line.rfind(' ') + 1));
    }
  }
  return streams;
}

class HlsMedia : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "millrace-hls-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.path = folder_;
    options_.fragment = seconds(1);
    options_.window = seconds(60);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// @param codecs  what ffmpeg encodes a test picture and a tone with.
  void make_source(const std::string& codecs) {
    source_ = folder_ + "/source.flv";
    output_of(
        "ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=128x72:rate=25 -f lavfi "
        "-i sine=frequency=440:sample_rate=44100 -t 4.5 " +
        codecs + " " + source_);
  }
  void make_hevc_source() {
    source_ = folder_ + "/source.h265";
    output_of(
        "ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=128x72:rate=25 -t 3 -c:v libx265 "
        "-preset ultrafast -x265-params aud=1:bframes=0:keyint=25:log-level=none " +
        source_);
  }

  /// Runs what `feed(egress, pool)` sends through an egress that writes to disk.
  template <typename Feed>
  void segment(Feed&& feed) {
    NoEvents events;
    SegmentStore store(size_t{64} << 20);
    SystemFiles files;
    FileWorker worker(files, {});
    const auto disk =
        std::make_shared<DiskHealth>([](const DiskHealth::Report&) { ADD_FAILURE(); });
    std::promise<Task> recovered;
    auto egress = Egress::make(options_, {"v", "live", "cam"}, "",
                               {.store = store, .files = worker, .disk = disk, .events = events})
                      .value();
    egress->begin([&recovered](Task task) { recovered.set_value(std::move(task)); });
    recovered.get_future().get()();
    BlockPool pool;
    pool.bind_to_this_thread();
    feed(*egress, pool);
    egress->on_end();
    egress = nullptr;
    EXPECT_GE(events.segments, 1);
    worker.stop(Time::max());
    EXPECT_EQ(disk->failures(), 0U);
    // Live playlists have no end, and ffmpeg would wait for more.
    std::ifstream live(folder_ + "/live/cam.m3u8");
    std::ofstream(folder_ + "/live/ended.m3u8") << live.rdbuf() << "#EXT-X-ENDLIST\n";
  }

  std::string read_source() {
    std::ifstream file(source_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void segment_flv() {
    segment([this](Egress& egress, BlockPool& pool) {
      const std::string bytes = read_source();
      flv::TagParser parser(1 << 24);
      flv::Demuxer demuxer(pool);
      parser.feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
      while (true) {
        const auto tag = parser.poll();
        ASSERT_TRUE(tag.ok());
        if (!*tag) {
          return;
        }
        if ((*tag)->type == flv::TagType::kScript) {
          continue;
        }
        auto demuxed = (*tag)->type == flv::TagType::kVideo
                           ? demuxer.on_video((*tag)->body, (*tag)->timestamp_ms)
                           : demuxer.on_audio((*tag)->body, (*tag)->timestamp_ms);
        ASSERT_TRUE(demuxed.ok());
        if (demuxed->new_track) {
          egress.on_track(demuxed->new_track);
        }
        if (demuxed->frame) {
          egress.on_frame(demuxed->frame);
        }
      }
    });
  }

  /// An HEVC byte stream with access unit delimiters. They and the parameter sets are taken out, so
  /// that the muxer has to put them in again.
  void segment_hevc() {
    segment([this](Egress& egress, BlockPool& pool) {
      const std::string bytes = read_source();
      const Bytes stream(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      std::vector<NalUnit> units;
      ASSERT_TRUE(nal::split_annexb(stream, units).ok());
      auto track = Track::make();
      track->kind = TrackKind::kVideo;
      track->codec = CodecId::kH265;
      std::vector<std::vector<NalUnit>> pictures;
      for (const NalUnit& unit : units) {
        const auto type = h265::nal_unit_type(stream.subspan(unit.offset, unit.size));
        if (type == h265::NalUnitType::kAccessUnitDelimiter) {
          pictures.emplace_back();
        } else if (type >= h265::NalUnitType::kVps && type <= h265::NalUnitType::kPps) {
          if (track->parameter_sets.size() < 3) {
            track->parameter_sets.push_back(
                Buffer::copy_of(stream.subspan(unit.offset, unit.size)));
          }
        } else {
          pictures.back().push_back(unit);
        }
      }
      ASSERT_EQ(track->parameter_sets.size(), 3U);
      const TrackRef sealed = std::move(track);
      egress.on_track(sealed);
      MediaTime time{0};
      for (const auto& picture : pictures) {
        auto frame = nal::make_frame(pool, sealed, stream, picture);
        frame->dts = frame->pts = time;
        for (const NalUnit& unit : picture) {
          const auto type = h265::nal_unit_type(stream.subspan(unit.offset, unit.size));
          frame->random_access = frame->random_access || h265::is_irap(type);
        }
        egress.on_frame(FrameRef(std::move(frame)));
        time += milliseconds(40);
      }
    });
  }

  void expect_same_media() {
    const auto expected = decoded("-i " + source_);
    const auto actual =
        decoded("-allowed_extensions ALL -live_start_index 0 -i " + folder_ + "/live/ended.m3u8");
    ASSERT_FALSE(expected.empty());
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [stream, frames] : expected) {
      EXPECT_EQ(actual.at(stream), frames) << "stream " << stream;
    }
  }
  std::string codecs_of_first_segment() {
    const std::string out =
        output_of("ffprobe -v error -show_entries stream=codec_name -of csv=p=0 " + folder_ +
                  "/live/cam-0.ts");
    // The streams come once within their program and, after an empty line, once by themselves.
    const size_t empty_line = out.find("\n\n");
    return empty_line == std::string::npos ? out : out.substr(empty_line + 2);
  }

  std::string folder_;
  std::string source_;
  Options options_;
};

constexpr auto kX264 = "-c:v libx264 -preset ultrafast -bf 2 -g 25 ";

TEST_F(HlsMedia, H264WithBFramesAndAac) {
  make_source(std::string(kX264) + "-c:a aac");
  segment_flv();
  EXPECT_EQ(codecs_of_first_segment(), "h264\naac\n");
  expect_same_media();
}

TEST_F(HlsMedia, H264AndMp3) {
  make_source(std::string(kX264) + "-c:a libmp3lame");
  segment_flv();
  EXPECT_EQ(codecs_of_first_segment(), "h264\nmp3\n");
  expect_same_media();
}

TEST_F(HlsMedia, AudioOnly) {
  make_source("-map 1:a -c:a aac");
  segment_flv();
  EXPECT_EQ(codecs_of_first_segment(), "aac\n");
  expect_same_media();
}

TEST_F(HlsMedia, VideoOnly) {
  make_source(std::string("-map 0:v ") + kX264);
  segment_flv();
  EXPECT_EQ(codecs_of_first_segment(), "h264\n");
  expect_same_media();
}

TEST_F(HlsMedia, EncryptedWithSeveralKeys) {
  options_.keys = true;
  options_.fragments_per_key = 2;
  make_source(std::string(kX264) + "-c:a aac");
  segment_flv();
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/live/cam-2.key"));
  expect_same_media();
}

TEST_F(HlsMedia, HevcWithInsertedParameterSets) {
  make_hevc_source();
  segment_hevc();
  EXPECT_EQ(codecs_of_first_segment(), "hevc\n");
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/live/cam-2.ts"));
  expect_same_media();
}

}  // namespace
}  // namespace millrace::hls
