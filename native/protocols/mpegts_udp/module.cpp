#include "protocols/mpegts_udp/module.hpp"

#include <functional>

#include "protocols/mpegts_udp/udp_source.hpp"

namespace millrace::mpegts_udp {

namespace {

/// The engine's hold on a source, which lives on its loop.
class OpenSource final : public ModuleListener {
 public:
  OpenSource(Loop& loop, const UdpSource* source, const Address& address)
      : loop_(loop), source_(source), address_(address) {}
  ~OpenSource() override {
    loop_.post([loop = &loop_, source = source_] { loop->drop(source); });
  }
  [[nodiscard]] Address address() const override { return address_; }

 private:
  Loop& loop_;
  const UdpSource* source_;
  const Address address_;
};

Result<std::unique_ptr<ModuleListener>> listen(std::span<LoopContext* const> loops,
                                               const Fields& what) {
  const auto address =
      Address::parse(what.text("ip", "0.0.0.0"), static_cast<uint16_t>(what.integer("port", 0)));
  if (!address) {
    return ErrorCode::kInvalidArgument;
  }
  const Fields& caster = what.fields("caster");
  SourceOptions options;
  options.address = *address;
  options.interface = caster.text("interface");
  for (const Value& sender : caster.list("senders")) {
    if (const auto* text = sender.as<std::string>(); text != nullptr) {
      options.senders.push_back(*text);
    }
  }
  options.vhost = caster.text("vhost");
  options.app = caster.text("app");
  options.stream = caster.text("stream");
  options.param = caster.text("param");
  options.tc_url = caster.text("tc_url");
  auto socket = UdpSource::open(options);
  if (!socket) {
    return socket.error();
  }
  const Address local = Address::local_of(socket->get());
  LoopContext* context =
      loops[std::hash<std::string>{}(options.app + '/' + options.stream) % loops.size()];
  auto source = std::make_unique<UdpSource>(*context, std::move(*socket), std::move(options));
  const UdpSource* key = source.get();
  context->loop.post([context, source = std::move(source)]() mutable {
    UdpSource& started = *source;
    context->loop.keep(std::move(source));
    if (!started.start()) {
      context->troubles.note("mpegts_udp", {ErrorCode::kOutOfDescriptors});
    }
  });
  return std::unique_ptr<ModuleListener>(std::make_unique<OpenSource>(context->loop, key, local));
}

}  // namespace

const ProtocolModule kModule{
    .name = "mpegts_udp",
    .accept = nullptr,
    .configure = nullptr,
    .make_output = nullptr,
    .every_second = nullptr,
    .listen = listen,
};

}  // namespace millrace::mpegts_udp
