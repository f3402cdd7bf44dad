#include "protocols/registry.hpp"

#include <array>

#include "protocols/hls/module.hpp"
#include "protocols/http_publish/publish_session.hpp"
#include "protocols/http_server/media_session.hpp"
#include "protocols/mpegts_udp/module.hpp"
#include "protocols/rtmp/rtmp_session.hpp"
#include "protocols/srt/module.hpp"
#include "protocols/webrtc/module.hpp"

namespace millrace {

namespace {

constexpr std::array kProtocols{&rtmp::kModule,      &http_server::kModule, &http_publish::kModule,
                                &hls::kModule,       &webrtc::kModule,      &srt::kModule,
                                &mpegts_udp::kModule};

}  // namespace

std::span<const ProtocolModule* const> protocol_modules() { return kProtocols; }

const ProtocolModule* find_protocol(std::string_view name) {
  for (const ProtocolModule* module : kProtocols) {
    if (module->name == name) {
      return module;
    }
  }
  return nullptr;
}

}  // namespace millrace
