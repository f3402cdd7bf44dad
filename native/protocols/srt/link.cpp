#include "protocols/srt/link.hpp"

#include <algorithm>
#include <utility>

#include "hub/loop_hub.hpp"

namespace millrace::srt {
namespace {

// Payloads that one socket may bring in a turn: 170 KB, so that a fast one does not hold up others.
constexpr int kPayloadsPerTurn = 128;
// Less than so many round trips leaves no time for a packet that was lost to be missed, asked for
// and sent again: the SRT deployment guide's rule.
constexpr double kRoundTripsOfLatency = 3;

}  // namespace

Link::Link(LoopContext& context, Driver& driver, Socket socket, SessionId session, Owner& owner)
    : context_(context),
      driver_(driver),
      port_(context.loop_modules.get<LoopPort>()),
      outputs_(context.loop_modules.get<TsOutputs>()),
      socket_(std::move(socket)),
      session_(session),
      owner_(owner),
      second_([this] { on_second(); }),
      end_([this] { owner_.on_link_ended(ending_); }) {}

Link::~Link() { close(); }

bool Link::start() {
  if (!port_.start(context_.loop)) {
    return false;
  }
  port_.add(socket_.get(), *this);
  driver_.watch(socket_.get(), port_);
  watched_ = true;
  return true;
}

void Link::close() {
  if (ingest_) {
    ingest_->finish();
    counted_.add(ingest_->publication());
    ingest_ = nullptr;
  }
  if (publishing_) {
    output_->end_source();
  }
  if (playing_) {
    output_->remove(*this);
  }
  if (output_ != nullptr) {
    output_ = nullptr;
    outputs_.release(key_);
  }
  publishing_ = playing_ = false;
  if (watched_) {
    watched_ = false;
    driver_.unwatch(socket_.get());
    port_.remove(socket_.get());
  }
  second_.disarm();
  end_.disarm();
  socket_.close();
}

Status Link::publish(PublishOptions options, ToHub to_hub) {
  key_ = options.stream;
  if (to_hub == ToHub::kYes) {
    options.publication.clock_wrap = TsIngest::kClockWrap;
    auto publication = begin_publication(context_, options);
    if (!publication) {
      return publication.error();
    }
    ingest_ = std::make_unique<TsIngest>(context_, "srt", session_, std::move(*publication));
  }
  output_ = &outputs_.get(context_, key_);
  output_->begin_source();
  publishing_ = true;
  normal_timeout_ = options.normal_timeout;
  last_payload_ = context_.loop.now();
  deadline_ = last_payload_ + options.first_packet_timeout;
  context_.loop.arm_in(second_, seconds(1));
  read();
  return {};
}

void Link::play(const PlayOptions& options) {
  key_ = options.stream;
  output_ = &outputs_.get(context_, key_);
  playing_ = true;
  context_.loop.arm_in(second_, seconds(1));
  output_->add(*this);
}

void Link::end_soon(Error error) {
  if (!end_.armed()) {
    ending_ = error;
    context_.loop.arm_in(end_, Duration::zero());
  }
}

void Link::on_socket_ready(int events) {
  if ((events & SRT_EPOLL_OUT) != 0) {
    blocked_ = false;
    if (!std::exchange(connected_, true)) {
      owner_.on_connected();
    }
  }
  // The owner may have closed the link.
  if (watched_ && (events & SRT_EPOLL_IN) != 0) {
    read();
  }
  if (watched_ && (events & SRT_EPOLL_ERR) != 0) {
    end_soon({ErrorCode::kPeerClosed});
  }
}

void Link::read() {
  const auto room = context_.loop.read_buffer();
  for (int i = 0; i < kPayloadsPerTurn; ++i) {
    const int size = socket_.receive(room);
    if (size == 0) {
      return;
    }
    if (size < 0) {
      end_soon({ErrorCode::kPeerClosed});
      return;
    }
    bytes_in_ += static_cast<uint64_t>(size);
    take(Bytes(room.data(), static_cast<size_t>(size)));
  }
  // The next event comes only after all has been read.
  port_.notify(socket_.get(), SRT_EPOLL_IN);
}

void Link::take(Bytes payload) {
  if (!publishing_ || end_.armed()) {
    return;  // a player has nothing to say
  }
  last_payload_ = context_.loop.now();
  deadline_ = last_payload_ + normal_timeout_;
  output_->pass_on(payload);
  if (!ingest_) {
    return;
  }
  if (const Status status = ingest_->feed(payload); !status) {
    end_soon(status.error());
  }
  if (ingest_->take_tracks_changed()) {
    owner_.on_tracks(ingest_->publication().stream());
  }
}

bool Link::send(Bytes payload) {
  if (blocked_) {
    return false;
  }
  switch (socket_.send(payload)) {
    case Socket::Sent::kYes:
      bytes_out_ += payload.size();
      return true;
    case Socket::Sent::kFull:
      blocked_ = true;  // until it is writable
      ++skips_;
      return false;
    case Socket::Sent::kBroken:
      blocked_ = true;
      end_soon({ErrorCode::kPeerClosed});
      return false;
  }
  return false;
}

void Link::count(SessionCounters& counters) const {
  counters = counted_;
  counters.bytes_in = bytes_in_;
  counters.bytes_out = bytes_out_;
  counters.packets_lost = statistics_.packets_lost;
  counters.packets_resent = statistics_.packets_retransmitted;
  counters.dropped = statistics_.packets_dropped;
  counters.queued_bytes = statistics_.send_buffer_bytes;
  counters.skips = skips_;
  counters.transport = statistics_.transport;
  if (ingest_) {
    counters.add(ingest_->publication());
  }
}

void Link::on_second() {
  context_.loop.arm_in(second_, seconds(1));
  if (publishing_ && context_.loop.now() >= deadline_) {
    end_soon({ErrorCode::kIdleTimeout});
    return;
  }
  const auto statistics =
      socket_.statistics(publishing_ ? Socket::Direction::kReceiving : Socket::Direction::kSending);
  if (!statistics) {
    return;
  }
  statistics_ = *statistics;
  const double latency_ms = statistics_.transport.latency_ms.value_or(0);
  const double rtt_ms = statistics_.transport.rtt_ms.value_or(0);
  if (!latency_noted_ && latency_ms != 0 && latency_ms < kRoundTripsOfLatency * rtt_ms) {
    latency_noted_ = true;
    context_.troubles.note("srt", {ErrorCode::kSrtLatencyLow, static_cast<uint32_t>(rtt_ms)},
                           session_);
  }
}

}  // namespace millrace::srt
