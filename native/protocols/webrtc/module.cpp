#include "protocols/webrtc/module.hpp"

#include <atomic>

#include "protocols/webrtc/peer_table.hpp"
#include "protocols/webrtc/tcp_session.hpp"
#include "protocols/webrtc/webrtc_session.hpp"

namespace millrace::webrtc {

namespace {

/// A UDP port: one socket on each loop.
class UdpListener final : public ModuleListener {
 public:
  UdpListener(std::span<LoopContext* const> loops, std::vector<Fd> sockets, uint32_t id)
      : loops_(loops.begin(), loops.end()),
        address_(Address::local_of(sockets.front().get())),
        id_(id) {
    for (size_t i = 0; i < loops_.size(); ++i) {
      loops_[i]->loop.post([context = loops_[i], fd = std::move(sockets[i]), id]() mutable {
        peer_table(*context).open_socket(id, std::move(fd));
      });
    }
  }
  ~UdpListener() override {
    for (LoopContext* context : loops_) {
      context->loop.post([context, id = id_] { peer_table(*context).close_socket(id); });
    }
  }
  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;

  [[nodiscard]] Address address() const override { return address_; }

 private:
  const std::vector<LoopContext*> loops_;
  const Address address_;
  const uint32_t id_;
};

/// Numbers the listeners of an engine.
struct ListenerIds {
  std::atomic<uint32_t> next{1};
};

Result<std::unique_ptr<ModuleListener>> listen(std::span<LoopContext* const> loops,
                                               const Fields& what) {
  const auto address =
      Address::parse(what.text("ip", "0.0.0.0"), static_cast<uint16_t>(what.integer("port", 0)));
  if (!address) {
    return ErrorCode::kInvalidArgument;
  }
  auto sockets = UdpSocket::bind_all(*address, loops.size());
  if (!sockets.ok()) {
    return sockets.error();
  }
  const uint32_t id = loops.front()->modules.get<ListenerIds>().next.fetch_add(1);
  return std::unique_ptr<ModuleListener>(
      std::make_unique<UdpListener>(loops, std::move(*sockets), id));
}

}  // namespace

const ProtocolModule kModule{
    .name = "webrtc",
    .accept = [](LoopContext& context, Accepted accepted) -> std::unique_ptr<Session> {
      return std::make_unique<TcpSession>(context, std::move(accepted));
    },
    .configure = nullptr,
    .make_output = nullptr,
    .every_second = nullptr,
    .listen = listen,
    .create = [](LoopContext& context, const Fields& options) -> std::unique_ptr<Session> {
      return std::make_unique<WebrtcSession>(context, options);
    },
    .describe = [](ModuleStates& modules, const Fields& what) -> Fields {
      return {{"fingerprint", modules.get<Service>().certificate(key_type_of(what)).fingerprint()}};
    },
};

}  // namespace millrace::webrtc
