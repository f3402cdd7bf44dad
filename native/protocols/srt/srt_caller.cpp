#include "protocols/srt/srt_caller.hpp"

#include <utility>

namespace millrace::srt {

SrtCaller::SrtCaller(LoopContext& context, const Address& address, const Fields& what)
    : Session(context, "srt", what.text("cid")), address_(address), what_(what) {}

SrtCaller::~SrtCaller() = default;

void SrtCaller::begin(LoopContext& context, Driver& driver, const Fields& what) {
  const auto address =
      Address::parse(what.text("ip"), static_cast<uint16_t>(what.integer("port", 0)));
  context.connections.fetch_add(1, std::memory_order_relaxed);  // a session gives it back
  auto caller = std::make_unique<SrtCaller>(context, address.value_or(Address()), what);
  SrtCaller& added = *caller;
  context.sessions.add(std::move(caller));
  auto socket = Socket::open(SocketOptions::from(what.fields("srt")));
  if (!address) {
    added.failed_ = {ErrorCode::kInvalidArgument};
  } else if (!socket) {
    added.failed_ = socket.error();
  } else {
    added.link_ = std::make_unique<Link>(context, driver, std::move(*socket), added.id(),
                                         static_cast<Link::Owner&>(added));
  }
  added.start();
}

void SrtCaller::start() {
  tell_opened(address_, 0, false);
  if (!link_) {
    return end(failed_);
  }
  if (!link_->start()) {
    return end({ErrorCode::kOutOfDescriptors});
  }
  if (const Status status = link_->connect(address_); !status) {
    end(status.error());
  }
}

void SrtCaller::on_connected() {
  if (link_->socket().state() != SRTS_CONNECTED) {
    return;  // it failed: its end follows
  }
  connected_ = true;
  tell({{"type", "relay_connected"}});
  if (what_.text("mode") != "pull") {
    link_->play(PlayOptions::from(what_.fields("media"), context().limits));
    return;
  }
  ask({{"type", "publish_requested"},
       {"protocol", protocol()},
       {"tc_url", what_.text("tc_url")},
       {"page_url", ""},
       {"vhost", what_.text("vhost")},
       {"app", what_.text("app")},
       {"stream", what_.text("stream")},
       {"param", what_.text("param")},
       {"form", "srt"}});
}

void SrtCaller::on_accept(const Fields& options) {
  const Status status =
      link_->publish(PublishOptions::from(options, context().limits), Link::ToHub::kYes);
  if (!status) {
    end(status.error());
  }
}

void SrtCaller::on_reject(ErrorCode code, std::string_view /*text*/, int /*http_status*/) {
  end({code});
}

void SrtCaller::close(ErrorCode code) { end({code}); }

void SrtCaller::count(SessionCounters& counters) const {
  if (link_) {
    link_->count(counters);
  }
}

void SrtCaller::on_link_ended(Error error) {
  if (!connected_) {
    error = {ErrorCode::kSrtConnectFailed, static_cast<uint32_t>(link_->socket().reject_reason())};
  }
  end(error);
}

void SrtCaller::on_tracks(const Stream& stream) { tell(tracks_event(stream)); }

void SrtCaller::end(Error error) {
  if (finished()) {
    return;
  }
  uint64_t in = 0;
  uint64_t out = 0;
  uint64_t skips = 0;
  if (link_) {
    link_->close();
    in = link_->bytes_in();
    out = link_->bytes_out();
    skips = link_->skips();
  }
  finish(error, in, out, skips);
}

}  // namespace millrace::srt
