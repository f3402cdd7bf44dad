#pragma once

#include <memory>
#include <optional>

#include "hub/rendition.hpp"
#include "protocols/http/http_session.hpp"
#include "protocols/http_server/http_config.hpp"
#include "protocols/module.hpp"
#include "protocols/play_options.hpp"

namespace millrace::http_server {

/// One connection of the media port: HTTP-FLV and FLV over WebSocket here, HLS from memory, files, and
/// what is none of these asked of the control plane. The control plane hears of the connection with its
/// first question, so that a viewer of HLS or of a file costs it nothing.
class MediaSession final : public Session, private http::HttpSession::Handler, private Reader::Owner {
 public:
  MediaSession(LoopContext& context, Accepted accepted);
  ~MediaSession() override;

  void start() override;
  void on_accept(const Fields& options) override;
  void on_reject(ErrorCode code, std::string_view text, int http_status) override;
  void close(ErrorCode code) override;

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

  [[nodiscard]] http::Taken ask_play(const http::Request& request, const Vhost& vhost, std::string_view candidate);
  void ask_control(Fields event);
  void begin_play(const Fields& options);
  void answer_request(const Fields& options);
  void stop_playing(ErrorCode code);
  [[nodiscard]] std::string client_ip(const http::Request& request);

  LoopHttp& loop_http_;
  HttpConfigHolder& config_;
  std::unique_ptr<http::HttpSession> http_;
  const uint16_t local_port_;
  bool told_ = false;
  Asked asked_ = Asked::kNothing;
  std::string format_;
  std::optional<Viewer> viewer_;
  uint64_t skips_ = 0;
};

extern const ProtocolModule kModule;

}  // namespace millrace::http_server
