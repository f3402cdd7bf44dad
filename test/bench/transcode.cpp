// What the worker thread takes for streams whose audio is transcoded in real time.
//   transcode aac2opus|opus2aac STREAMS SECONDS
// Loads millrace_transcode.so from its own folder.
#include <dirent.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

#include "io/testing/loop_thread.hpp"
#include "transcode/audio_transcoder.hpp"
#include "transcode/library_file.hpp"

namespace {

using namespace millrace;
using Coded = std::vector<std::vector<uint8_t>>;

struct Listener final : transcode::AudioTranscoder::Owner {
  void on_transcoded(FrameRef /*frame*/) override { ++frames; }
  void on_transcode_trouble(Error /*error*/, const std::string& why) override {
    std::fprintf(stderr, "%s\n", why.c_str());
  }
  size_t frames = 0;
};

/// CPU of each thread so far, in ms.
std::map<std::string, double> cpu_of_threads() {
  std::map<std::string, double> all;
  DIR* folder = ::opendir("/proc/self/task");
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] != '.') {
      double ns = 0;
      std::ifstream("/proc/self/task/" + std::string(entry->d_name) + "/schedstat") >> ns;
      all[entry->d_name] = ns / 1e6;
    }
  }
  ::closedir(folder);
  return all;
}

/// Some seconds of plucked chords over noise, in stereo.
Coded music(const MillraceAudioLibrary& library, int32_t codec, int32_t rate) {
  const MillraceAudioFormat format{codec, rate, 2, 64'000, nullptr, 0};
  std::array<char, 200> error{};
  MillraceAudioEncoder* encoder = library.encoder_open(&format, error.data(), error.size());
  const int32_t frame = library.encoder_frame_samples(encoder);
  Coded coded;
  uint32_t seed = 1;
  double noise = 0;
  std::vector<float> samples(static_cast<size_t>(frame) * 2);
  for (int i = 0; i < 400; ++i) {
    for (int j = 0; j < frame; ++j) {
      const double t = static_cast<double>(i * frame + j) / rate;
      const double base = 220 * std::pow(2, std::floor(std::fmod(t * 4, 12)) / 12);
      const double loud = 0.03 + 0.12 * std::exp(-3 * std::fmod(t * 4, 1));
      double left = 0;
      double right = 0;
      for (int harmonic = 1; harmonic < 12; ++harmonic) {
        const double phase = 2 * std::numbers::pi * base * harmonic * t;
        left += std::sin(phase) / harmonic;
        right += std::sin(phase * 1.003 + 1) / harmonic;
      }
      seed = seed * 1'664'525 + 1'013'904'223;
      noise = 0.97 * noise + 0.03 * (static_cast<int32_t>(seed) / 2147483648.0);
      samples[2 * static_cast<size_t>(j)] = static_cast<float>(left * loud + 0.3 * noise);
      samples[2 * static_cast<size_t>(j) + 1] = static_cast<float>(right * loud - 0.25 * noise);
    }
    const uint8_t* data = nullptr;
    size_t size = 0;
    int64_t position = 0;
    if (library.encoder_encode(encoder, samples.data(), int64_t{i} * frame, &data, &size,
                               &position) == 1) {
      coded.emplace_back(data, data + size);
    }
  }
  library.encoder_close(encoder);
  return coded;
}

TrackRef track_of(bool aac) {
  auto track = Track::make();
  track->kind = TrackKind::kAudio;
  track->codec = aac ? CodecId::kAac : CodecId::kOpus;
  track->audio.sample_rate = aac ? 44'100 : 48'000;
  track->audio.channels = 2;
  if (aac) {
    constexpr std::array<uint8_t, 2> kConfiguration{0x12, 0x10};  // AAC-LC, 44.1 kHz, stereo
    track->configuration = Buffer::copy_of(Bytes(kConfiguration));
  }
  return track;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: transcode aac2opus|opus2aac STREAMS SECONDS\n");
    return 2;
  }
  const bool from_aac = std::strcmp(argv[1], "aac2opus") == 0;
  const int streams = std::atoi(argv[2]);
  std::string why;
  const auto library = transcode::open_audio_library(why);
  if (!library.ok()) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return 1;
  }
  const int32_t rate = from_aac ? 44'100 : 48'000;
  const int64_t samples = from_aac ? 1024 : 960;
  const Coded coded = music(**library, from_aac ? MILLRACE_AUDIO_AAC : MILLRACE_AUDIO_OPUS, rate);
  const TrackRef track = track_of(from_aac);
  const transcode::AudioTarget target = from_aac ? transcode::AudioTarget{CodecId::kOpus, 48'000}
                                                 : transcode::AudioTarget{CodecId::kAac, 64'000};

  transcode::Workers workers(1);
  millrace::testing::LoopThread thread;
  std::vector<Listener> listeners(static_cast<size_t>(streams));
  std::vector<std::unique_ptr<transcode::AudioTranscoder>> transcoders;
  thread.call([&] {
    for (Listener& listener : listeners) {
      transcoders.push_back(
          std::make_unique<transcode::AudioTranscoder>(thread.loop(), workers, target, listener));
      transcoders.back()->set_track(track);
    }
  });
  const double frame_s = static_cast<double>(samples) / rate;
  const auto warm = static_cast<int64_t>(2 / frame_s);
  const int64_t frames = warm + static_cast<int64_t>(std::atof(argv[3]) / frame_s);
  const auto began = std::chrono::steady_clock::now();
  auto measured = began;
  std::map<std::string, double> before;
  for (int64_t i = 0; i < frames; ++i) {
    if (i == warm) {
      before = cpu_of_threads();
      measured = std::chrono::steady_clock::now();
    }
    for (int stream = 0; stream < streams; ++stream) {
      const double at_s =
          frame_s * (static_cast<double>(i) + static_cast<double>(stream) / streams);
      std::this_thread::sleep_until(began + std::chrono::duration<double>(at_s));
      thread.call([&] {
        const auto& data = coded[static_cast<size_t>(i) % coded.size()];
        auto frame = Frame::make(thread.loop().pool(), track, data.size());
        std::memcpy(frame->mutable_payload().data(), data.data(), data.size());
        frame->dts = frame->pts = from_ticks(i * samples + rate, rate);
        transcoders[static_cast<size_t>(stream)]->push(frame);
      });
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - measured;
  double most = 0;  // the worker's: the other threads do next to nothing
  for (const auto& [name, ms] : cpu_of_threads()) {
    most = std::max(most, before.contains(name) ? ms - before[name] : 0);
  }
  std::printf("%s, %d streams: %.2f ms a second and stream\n", argv[1], streams,
              most / elapsed.count() / streams);
  thread.call([&] { transcoders.clear(); });
  workers.stop();
  return 0;
}
