#include "protocols/hls/module.hpp"

#include "protocols/hls/service.hpp"

namespace millrace::hls {

namespace {

constexpr std::string_view kDefaultVhost = "__defaultVhost__";

/// `/app/stream` or `vhost/app/stream`; an app may hold slashes.
StreamName name_of(const std::string& key) {
  const size_t first = key.find('/');
  const size_t last = key.rfind('/');
  StreamName name;
  name.vhost =
      first == 0 || first == std::string::npos ? std::string(kDefaultVhost) : key.substr(0, first);
  name.app = last > first ? key.substr(first + 1, last - first - 1) : std::string();
  name.stream = key.substr(last + 1);
  return name;
}

/// A publisher's hold on the HLS stream of its name; gives it back for the next one.
class Output final : public FrameSink {
 public:
  Output(Service& service, std::string key, std::unique_ptr<Egress> egress)
      : service_(service), key_(std::move(key)), egress_(std::move(egress)) {}
  ~Output() override { service_.egresses().give_back(key_, std::move(egress_)); }

  void on_track(const TrackRef& track) override { egress_->on_track(track); }
  void on_frame(const FrameRef& frame) override { egress_->on_frame(frame); }
  void on_end() override { egress_->on_end(); }

 private:
  Service& service_;
  const std::string key_;
  std::unique_ptr<Egress> egress_;
};

std::unique_ptr<FrameSink> make_output(LoopContext& context, const std::string& stream,
                                       const Fields& options) {
  auto& service = context.modules.get<Service>();
  service.report_to(context.events);
  const StreamName name = name_of(stream);
  auto egress = service.egresses().take(stream, options_from(options), name, url_root(name.vhost));
  if (!egress.ok()) {
    context.troubles.note("hls", egress.error());
    return nullptr;
  }
  (*egress)->begin(
      [loop = &context.loop](Task task) { loop->post(std::move(task)); },
      options.boolean("tell_segments", false) ? TellSegments::kYes : TellSegments::kNo);
  return std::make_unique<Output>(service, stream, std::move(*egress));
}

}  // namespace

std::string url_root(std::string_view vhost) {
  return vhost == kDefaultVhost ? std::string() : std::string(vhost);
}

const ProtocolModule kModule{
    .name = "hls",
    .accept = nullptr,
    .configure = nullptr,
    .make_output = make_output,
    .every_second =
        [](LoopContext& context) { context.modules.get<Service>().sweep(context.loop.now()); },
};

}  // namespace millrace::hls
