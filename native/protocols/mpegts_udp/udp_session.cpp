#include "protocols/mpegts_udp/udp_session.hpp"

#include <utility>

#include "protocols/publish_options.hpp"

namespace millrace::mpegts_udp {
namespace {

// Two seconds of 4 Mb/s: longer than callback servers take that are well.
constexpr size_t kMaxEarlyBytes = size_t{1} << 20;

}  // namespace

UdpSession::UdpSession(LoopContext& context, const Address& sender, uint16_t local_port,
                       UdpSource& source)
    : Session(context, "mpegts_udp"),
      sender_(sender),
      local_port_(local_port),
      source_(source),
      last_datagram_(context.loop.now()),
      deadline_([this] { on_deadline(); }) {}

void UdpSession::start() {
  tell_opened(sender_, local_port_, false);
  const SourceOptions& options = source_.options();
  ask({{"type", "publish_requested"},
       {"protocol", protocol()},
       {"tc_url", options.tc_url},
       {"page_url", ""},
       {"vhost", options.vhost},
       {"app", options.app},
       {"stream", options.stream},
       {"param", options.param},
       {"form", "flash"}});
}

void UdpSession::on_accept(const Fields& fields) {
  auto options = PublishOptions::from(fields, context().limits);
  options.publication.clock_wrap = TsIngest::kClockWrap;
  auto publication = begin_publication(context(), options);
  if (!publication) {
    end(publication.error());
    return;
  }
  ingest_ = std::make_unique<TsIngest>(context(), protocol(), id(), std::move(*publication));
  timeout_ = options.normal_timeout;
  last_datagram_ = context().loop.now();
  context().loop.arm_in(deadline_, timeout_);
  const auto early = std::exchange(early_, {});
  bytes_in_ -= early.size();  // counted again
  take(early);
}

void UdpSession::on_reject(ErrorCode code, std::string_view /*text*/, int /*http_status*/) {
  end({code});
}

void UdpSession::close(ErrorCode code) { end({code}); }

void UdpSession::take(Bytes datagram) {
  last_datagram_ = context().loop.now();
  bytes_in_ += datagram.size();
  if (finished()) {
    return;
  }
  if (!ingest_) {
    if (early_.size() + datagram.size() <= kMaxEarlyBytes) {
      early_.insert(early_.end(), datagram.begin(), datagram.end());
    }
    return;
  }
  const Status status = ingest_->feed(datagram);
  if (ingest_->take_tracks_changed()) {
    tell(tracks_event(ingest_->publication().stream()));
  }
  if (!status) {
    end(status.error());
  }
}

void UdpSession::count(SessionCounters& counters) const {
  counters = counted_;
  counters.bytes_in = bytes_in_;
  if (ingest_) {
    counters.add(ingest_->publication());
  }
}

void UdpSession::on_deadline() {
  const Time due = last_datagram_ + timeout_;
  if (context().loop.now() < due) {
    context().loop.arm(deadline_, due);
    return;
  }
  end({ErrorCode::kIdleTimeout});
}

void UdpSession::end(Error error) {
  if (finished()) {
    return;
  }
  if (ingest_) {
    ingest_->finish();
    counted_.add(ingest_->publication());
    ingest_ = nullptr;
  }
  deadline_.disarm();
  if (error.code != ErrorCode::kIdleTimeout) {
    source_.on_turned_away();
  }
  finish(error, bytes_in_, 0, 0);
}

}  // namespace millrace::mpegts_udp
