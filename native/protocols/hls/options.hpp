#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace::hls {

using std::chrono::microseconds;

/// What a failure to mux or to write means for the stream: `hls_on_error`.
enum class OnError : uint8_t {
  kIgnore,      // HLS stops for this publish, the stream goes on
  kDisconnect,  // the publisher is closed
  kContinue,    // the frame or file is lost, HLS goes on
};

/// The directives of a vhost's `hls` section, parsed and in one unit each. Immutable; a reload
/// makes another one, which the next publish takes.
struct Options {
  bool enabled = false;  // enabled

  // Segments.
  microseconds fragment = std::chrono::seconds(10);  // hls_fragment: wanted length
  double target_duration_ratio = 1.0;                // hls_td_ratio: cut when this often as long
  double audio_overflow_ratio = 2.1;                 // hls_aof_ratio: any audio frame cuts then
  bool wait_keyframe = true;                         // hls_wait_keyframe
  bool timestamp_floor = false;                      // hls_ts_floor: names from the wall clock
  bool dts_directly = true;  // hls_dts_directly; off: audio times from the count of samples
  /// hls_first_fragment, beyond the original set. The first segments of a publish may be this short
  /// and double up to `fragment`, so that a viewer need not wait for a whole one. Not below
  /// `fragment`, or with `timestamp_floor`: no effect.
  microseconds first_fragment = std::chrono::seconds(2);

  // Playlist.
  microseconds window = std::chrono::seconds(60);  // hls_window: sum of the durations in it
  std::string entry_prefix;                        // hls_entry_prefix
  bool master_path_relative = false;               // hls_master_m3u8_path_relative

  // Files, and the names under which segments are served.
  std::string path = "./objs/nginx/html";           // hls_path
  std::string m3u8_file = "[app]/[stream].m3u8";    // hls_m3u8_file
  std::string ts_file = "[app]/[stream]-[seq].ts";  // hls_ts_file
  bool utc_time = false;                            // utc_time of the server: dates in names
  bool cleanup = true;  // hls_cleanup: remove files of segments that left the playlist
  std::chrono::milliseconds dispose = std::chrono::seconds(120);  // hls_dispose; 0 = never
  bool recover = true;                                            // hls_recover
  bool memory_only = false;  // hls_memory_only, beyond the original set: no files at all
  OnError on_error = OnError::kContinue;

  // Encryption.
  bool keys = false;                                  // hls_keys
  uint32_t fragments_per_key = 5;                     // hls_fragments_per_key
  std::string key_file = "[app]/[stream]-[seq].key";  // hls_key_file
  std::string key_file_path;                          // hls_key_file_path; empty: `path`
  std::string key_url;  // hls_key_url; before the key file's name in URIs

  // Sessions.
  bool context = true;     // hls_ctx
  bool ts_context = true;  // hls_ts_ctx

  /// hls_nb_notify: how much of a notified server's answer is read, in bytes. For the control
  /// plane.
  uint32_t notify_bytes = 64;

  /// Longest segment that td_ratio asks for; EXT-X-TARGETDURATION is at least this.
  [[nodiscard]] microseconds target_duration() const { return scaled(target_duration_ratio); }
  [[nodiscard]] microseconds audio_overflow() const { return scaled(audio_overflow_ratio); }
  [[nodiscard]] const std::string& key_folder() const {
    return key_file_path.empty() ? path : key_file_path;
  }
  /// Keys in a folder of their own are served by who owns it, not by us.
  [[nodiscard]] bool serves_keys() const { return key_folder() == path; }

  friend bool operator==(const Options&, const Options&) = default;

 private:
  [[nodiscard]] microseconds scaled(double ratio) const {
    return microseconds(static_cast<int64_t>(static_cast<double>(fragment.count()) * ratio));
  }
};

}  // namespace millrace::hls
