#include "engine/acceptor.hpp"

namespace millrace {

Acceptor::Acceptor(LoopContext& context, ListenerSettings settings, Fd socket)
    : context_(context),
      settings_(std::move(settings)),
      proxied_(context.loop, context.limits.handshake_timeout,
               static_cast<ProxyReceiver::Owner&>(*this)),
      listener_(
          context.loop, std::move(socket),
          [this](Fd fd, const Address& peer) { on_accept(std::move(fd), peer); },
          [this](Error error) { context_.troubles.note(settings_.module->name, error); }) {}

Acceptor::~Acceptor() {
  context_.connections.fetch_sub(proxied_.waiting(), std::memory_order_relaxed);
}

void Acceptor::on_accept(Fd fd, const Address& peer) {
  const size_t limit = context_.max_connections.load(std::memory_order_relaxed);
  if (context_.connections.fetch_add(1, std::memory_order_relaxed) >= limit) {
    return refuse(fd, peer, {ErrorCode::kLimitConnections, static_cast<uint32_t>(limit)});
  }
  if (settings_.proxy_protocol && context_.limits.trusted_proxies.contains(peer)) {
    proxied_.take(std::move(fd), peer);
  } else {
    begin(std::move(fd), peer);
  }
}

void Acceptor::on_proxied(Fd fd, const Address& client) { begin(std::move(fd), client); }

void Acceptor::on_proxy_failed(Error error) {
  context_.connections.fetch_sub(1, std::memory_order_relaxed);
  // A proxy that looks whether the port is open says nothing.
  if (error.code != ErrorCode::kPeerClosed) {
    context_.troubles.note(settings_.module->name, error);
  }
}

void Acceptor::begin(Fd fd, const Address& client) {
  auto place = context_.addresses.take(client);
  if (!place) {
    return refuse(
        fd, client,
        {ErrorCode::kLimitAddressConnections, static_cast<uint32_t>(context_.addresses.limit())});
  }
  auto session = settings_.module->accept(
      context_, {std::move(fd), client, settings_.local_port,
                 settings_.tls != nullptr ? settings_.tls->get() : nullptr});
  Session& added = *session;
  added.keep_place(std::move(*place));
  context_.sessions.add(std::move(session));
  added.start();
}

void Acceptor::refuse(const Fd& fd, const Address& client, Error error) {
  context_.connections.fetch_sub(1, std::memory_order_relaxed);
  context_.troubles.note(settings_.module->name, error, client);
  // Over TLS an answer would cost a handshake, which is what the limit is to spare.
  if (settings_.module->refuse != nullptr && settings_.tls == nullptr) {
    settings_.module->refuse(fd.get(), error.code);
  }
}

}  // namespace millrace
