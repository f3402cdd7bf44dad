#pragma once

#include <memory>
#include <optional>

#include "hub/rendition.hpp"
#include "protocols/hls/service.hpp"
#include "protocols/hls/viewer_session.hpp"
#include "protocols/http/client_address.hpp"
#include "protocols/http/http_session.hpp"
#include "protocols/http_server/http_config.hpp"
#include "protocols/module.hpp"
#include "protocols/play_options.hpp"

namespace millrace::http_server {

/// One connection of the media port: HTTP-FLV and FLV over WebSocket here, HLS from memory, files,
/// and what is none of these asked of the control plane. The control plane hears of the connection
/// with its first question, so that a viewer of HLS or of a file costs it nothing.
class MediaSession final : public Session,
                           private http::HttpSession::Handler,
                           private Reader::Owner,
                           private hls::ViewerSession::Waiter {
 public:
  MediaSession(LoopContext& context, Accepted accepted);
  ~MediaSession() override;

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;
  void count(SessionCounters& counters) const override;

 private:
  enum class Asked : uint8_t { kNothing, kPlay, kRequest };
  /// A viewer of a live stream. `reader` is last: it leaves the rendition first.
  struct Viewer {
    StreamUse stream;
    std::unique_ptr<Reader> reader;
  };

  http::Taken on_request(const http::Request& request) override;
  void on_control_request(const http::Request& request, Bytes body) override;
  void on_writable() override;
  void write_between_frames(Bytes bytes) override;
  void on_fault(Error error) override;
  void on_end(Error reason) override;
  void on_reader_stalled() override;
  void on_publisher_gone() override;

  void on_viewer_admitted() override;
  void on_viewer_refused(ErrorCode code, int http_status) override;

  /// A request for HLS that waits: for its session's admission, or for the first segment.
  struct HlsWait {
    std::string path;        // in the store
    std::string asked_path;  // as the player wrote it
    std::string query;
    std::string context_id;  // set: for admission
    SessionId viewer = 0;
    hls::StoredRef seen;  // set: for the object's next state
    uint64_t watch = 0;
  };
  [[nodiscard]] http::Taken answer_hls(const http::Request& request, const Vhost& vhost,
                                       std::string_view candidate);
  void give_hls(hls::Answer answer, HlsWait wait);
  void admit_viewer(HlsWait wait, const hls::PlaylistTraits& playlist);
  void watch_playlist(HlsWait wait);
  void on_playlist_changed();
  void forget_hls_wait();

  [[nodiscard]] http::Taken ask_play(const http::Request& request, const Vhost& vhost,
                                     std::string_view candidate);
  void ask_control(Fields event);
  void begin_play(const Fields& options);
  void answer_request(const Fields& options);
  void note_left_out();
  void stop_playing(ErrorCode code);
  [[nodiscard]] http::ClientAddress client(const http::Request& request);

  LoopHttp& loop_http_;
  HttpConfigHolder& config_;
  hls::Service& hls_;
  std::unique_ptr<http::HttpSession> http_;
  const uint16_t local_port_;
  bool told_ = false;
  Asked asked_ = Asked::kNothing;
  const LiveForm* form_ = nullptr;  // that is asked for
  std::optional<HlsWait> hls_wait_;
  std::string hls_vhost_candidate_;
  std::optional<Viewer> viewer_;
  Timer end_of_stream_;
  Timer tracks_known_;
  uint64_t skips_ = 0;
};

extern const ProtocolModule kModule;

}  // namespace millrace::http_server
