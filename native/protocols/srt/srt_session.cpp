#include "protocols/srt/srt_session.hpp"

#include "protocols/srt/reject_reason.hpp"

namespace millrace::srt {

SrtSession::SrtSession(LoopContext& context, Caller caller)
    : Session(context, "srt"),
      peer_(caller.peer),
      local_port_(caller.local_port),
      id_(std::move(caller.id)),
      gate_(std::move(caller.gate)) {}

SrtSession::~SrtSession() = default;

void SrtSession::begin(LoopContext& context, Driver& driver, Caller caller) {
  const auto refuse = [&context, &caller](ErrorCode code, size_t limit) {
    context.connections.fetch_sub(1, std::memory_order_relaxed);
    context.troubles.note("srt", {code, static_cast<uint32_t>(limit)}, caller.peer);
    const SRTSOCKET handle = caller.socket.get();
    caller.gate->refuse(handle, reject_reason(code));
    caller.socket.close();
    caller.gate->forget(handle);
  };
  const size_t limit = context.max_connections.load(std::memory_order_relaxed);
  if (context.connections.fetch_add(1, std::memory_order_relaxed) >= limit) {
    return refuse(ErrorCode::kLimitConnections, limit);
  }
  auto place = context.addresses.take(caller.peer);
  if (!place) {
    return refuse(ErrorCode::kLimitAddressConnections, context.addresses.limit());
  }
  Socket socket = std::move(caller.socket);
  auto session = std::make_unique<SrtSession>(context, std::move(caller));
  SrtSession& added = *session;
  added.keep_place(std::move(*place));
  context.sessions.add(std::move(session));
  added.link_ = std::make_unique<Link>(context, driver, std::move(socket), added.Session::id(),
                                       static_cast<Link::Owner&>(added));
  added.start();
}

void SrtSession::start() {
  tell_opened(peer_, local_port_, false);
  if (!link_->start()) {
    on_reject(ErrorCode::kOutOfDescriptors, {}, 0);
    return;
  }
  const bool publish = id_.mode == Mode::kPublish;
  const std::string host = id_.vhost.empty() ? context().identity.ip : id_.vhost;
  Fields question{{"type", publish ? "publish_requested" : "play_requested"},
                  {"protocol", protocol()},
                  {"tc_url", "srt://" + host + "/" + id_.app},
                  {"page_url", ""},
                  {"vhost", host},
                  {"app", id_.app},
                  {"stream", id_.stream},
                  {"param", id_.param}};
  if (publish) {
    question.set("form", "srt");
  } else {
    question.set("format", "mpegts");
  }
  ask(std::move(question));
}

void SrtSession::on_accept(const Fields& options) {
  if (id_.mode == Mode::kPublish) {
    const auto to_hub = options.boolean("srt_to_rtmp", true) ? Link::ToHub::kYes : Link::ToHub::kNo;
    const Status status = link_->publish(PublishOptions::from(options, context().limits), to_hub);
    if (!status) {
      on_reject(status.error().code, {}, 0);
      return;
    }
  } else {
    link_->play(PlayOptions::from(options, context().limits));
  }
  answered_ = true;
  gate_->release(link_->socket().get());
}

void SrtSession::on_reject(ErrorCode code, std::string_view /*text*/, int /*http_status*/) {
  gate_->refuse(link_->socket().get(), reject_reason(code));
  end({code});
}

void SrtSession::close(ErrorCode code) {
  if (!answered_) {
    gate_->refuse(link_->socket().get(), reject_reason(code));
  }
  end({code});
}

void SrtSession::count(SessionCounters& counters) const { link_->count(counters); }

void SrtSession::on_link_ended(Error error) { end(error); }

void SrtSession::on_tracks(const Stream& stream) { tell(tracks_event(stream)); }

void SrtSession::end(Error error) {
  if (finished()) {
    return;
  }
  const SRTSOCKET handle = link_->socket().get();
  link_->close();
  gate_->forget(handle);
  finish(error, link_->bytes_in(), link_->bytes_out(), link_->skips());
}

}  // namespace millrace::srt
