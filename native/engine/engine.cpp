#include "engine/engine.hpp"

#include <sched.h>

#include <algorithm>
#include <future>

#include "control/session_counters.hpp"
#include "protocols/registry.hpp"

namespace millrace {

namespace {

#ifdef MILLRACE_HTTP2
constexpr bool kHttp2Built = true;
#else
constexpr bool kHttp2Built = false;
#endif

constexpr int64_t kMaxLoops = 256;  // session ids have 8 bits for the loop

Identity identity_from(const Fields& fields) {
  Identity identity;
  identity.server = fields.text("server", identity.server);
  identity.version = fields.text("version");
  identity.ip = fields.text("ip");
  identity.pid = fields.integer("pid", 0);
  return identity;
}

/// Cores that this process may run on: a service pinned to two of 64 wants two loops.
unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  return count > 0 ? static_cast<unsigned>(count)
                   : std::max(1U, std::thread::hardware_concurrency());
}

BufferRef bytes_of(const std::vector<double>& numbers) {
  return Buffer::copy_of(
      Bytes{reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size() * sizeof(double)});
}

}  // namespace

Engine::Worker::Worker(unsigned index, Engine& engine)
    : loop(index),
      second([&engine] { engine.loop_every_second(); }),
      sessions(loop),
      troubles(loop, engine.events_),
      hub(loop, engine.directory_, &engine.transcoders_),
      report(loop, sessions, hub),
      context{loop,
              hub,
              sessions,
              engine.events_,
              troubles,
              engine.modules_,
              modules,
              engine.limits_,
              engine.identity_,
              engine.connections_,
              engine.max_connections_,
              engine.addresses_} {
  hub.report_to([this](std::string_view area, Error error) { troubles.note(area, error); });
  hub.tell_transcoding_to([&engine](const std::string& key, Transcoding state) {
    engine.events_.send(
        {{"type", "transcoding"}, {"stream", key}, {"works", state == Transcoding::kWorks}});
  });
}

Engine::Engine(const Fields& options, std::function<void()> wake)
    : limits_(Limits::from(options.fields("limits"))),
      identity_(identity_from(options.fields("identity"))),
      max_connections_(limits_.max_connections),
      events_(std::move(wake)) {
  const int64_t wanted = options.integer("loops", 0);
  const auto loops = static_cast<unsigned>(
      std::clamp<int64_t>(wanted > 0 ? wanted : usable_cores(), 1, kMaxLoops));
  for (unsigned i = 0; i < loops; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, *this));
  }
  workers_.front()->loop.post([this] { loop_every_second(); });
  for (const auto& worker : workers_) {
    worker->loop.post([report = &worker->report] { report->start(); });
  }
  for (const auto& worker : workers_) {
    worker->thread = std::thread([loop = &worker->loop] { loop->run(); });
  }
}

Engine::~Engine() { stop(); }

void Engine::loop_every_second() {
  Worker& worker = *workers_.front();
  for (const ProtocolModule* module : protocol_modules()) {
    if (module->every_second != nullptr) {
      module->every_second(worker.context);
    }
  }
  worker.loop.arm_in(worker.second, seconds(1));
}

Result<Engine::Listening> Engine::listen(const Fields& what) {
  const ProtocolModule* module = find_protocol(what.text("protocol"));
  const int64_t port = what.integer("port", -1);
  if (stopped_ || module == nullptr || port < 0 || port > 65535) {
    return ErrorCode::kInvalidArgument;
  }
  if (module->listen != nullptr && what.text("transport") != "tcp") {
    return listen_by_module(*module, what);
  }
  if (module->accept == nullptr) {
    return ErrorCode::kInvalidArgument;
  }
  const auto address = Address::parse(what.text("ip", "0.0.0.0"), static_cast<uint16_t>(port));
  if (!address) {
    return ErrorCode::kInvalidArgument;
  }
  std::shared_ptr<ReloadableTls> tls;
  if (const std::string certificate = what.text("certificate_file"); !certificate.empty()) {
    auto loaded = ReloadableTls::load(
        certificate, what.text("key_file"),
        kHttp2Built && what.boolean("http2", false) ? OfferHttp2::kYes : OfferHttp2::kNo);
    if (!loaded.ok()) {
      return loaded.error();
    }
    tls = *loaded;
  }
  auto sockets = TcpListener::bind_all(*address, workers_.size());
  if (!sockets.ok()) {
    return sockets.error();
  }
  const Listening listening{next_listener_++, Address::local_of(sockets->front().get())};
  if (tls != nullptr) {
    certificates_.emplace(listening.id, tls);
  }
  const ListenerSettings settings{module, listening.address.port(), std::move(tls),
                                  what.boolean("proxy_protocol", false)};
  for (size_t i = 0; i < workers_.size(); ++i) {
    Worker* worker = workers_[i].get();
    worker->loop.post([worker, id = listening.id, settings,
                       fd = std::move((*sockets)[i])]() mutable {
      auto acceptor =
          std::make_unique<Acceptor>(worker->context, std::move(settings), std::move(fd));
      if (acceptor->start()) {
        worker->acceptors.emplace_back(id, std::move(acceptor));
      } else {
        worker->troubles.note("listen", {ErrorCode::kListenFailed, static_cast<uint32_t>(errno)});
      }
    });
  }
  return listening;
}

std::vector<LoopContext*> Engine::contexts() {
  std::vector<LoopContext*> contexts;
  for (const auto& worker : workers_) {
    contexts.push_back(&worker->context);
  }
  return contexts;
}

Status Engine::connect(const Fields& what) {
  const ProtocolModule* module = find_protocol(what.text("protocol"));
  if (stopped_ || module == nullptr || module->connect == nullptr) {
    return ErrorCode::kInvalidArgument;
  }
  module->connect(contexts(), what);
  return {};
}

Result<Engine::Listening> Engine::listen_by_module(const ProtocolModule& module,
                                                   const Fields& what) {
  auto listener = module.listen(contexts(), what);
  if (!listener.ok()) {
    return listener.error();
  }
  const Listening listening{next_listener_++, (*listener)->address()};
  module_listeners_.emplace_back(listening.id, std::move(*listener));
  return listening;
}

Status Engine::reload_certificate(uint32_t id) {
  const auto found = certificates_.find(id);
  return found != certificates_.end() ? found->second->reload() : Status(ErrorCode::kNotFound);
}

void Engine::unlisten(uint32_t id) {
  if (stopped_) {
    return;
  }
  std::erase_if(module_listeners_, [id](const auto& entry) { return entry.first == id; });
  certificates_.erase(id);
  std::vector<std::future<void>> closed;
  for (const auto& worker : workers_) {
    auto done = std::make_shared<std::promise<void>>();
    closed.push_back(done->get_future());
    worker->loop.post([at = worker.get(), id, done] {
      for (auto& [listener_id, acceptor] : at->acceptors) {
        if (listener_id == id) {
          at->loop.dispose(std::move(acceptor));
        }
      }
      std::erase_if(at->acceptors, [](const auto& entry) { return entry.second == nullptr; });
      // Disposed of at the end of this turn, so that the next one finds the port closed.
      at->loop.post([done] { done->set_value(); });
    });
  }
  for (auto& future : closed) {
    future.wait();
  }
}

void Engine::stop_listening() {
  module_listeners_.clear();
  certificates_.clear();
  for (const auto& worker : workers_) {
    worker->loop.post([at = worker.get()] {
      for (auto& entry : at->acceptors) {
        at->loop.dispose(std::move(entry.second));
      }
      at->acceptors.clear();
    });
  }
}

Engine::Worker* Engine::worker_of(SessionId session) {
  const unsigned index = SessionTable::loop_of(session);
  return !stopped_ && index < workers_.size() ? workers_[index].get() : nullptr;
}

void Engine::accept(SessionId session, Fields options) {
  if (Worker* worker = worker_of(session)) {
    worker->loop.post([worker, session, options = std::move(options)] {
      if (Session* found = worker->sessions.find(session)) {
        found->decide_accept(options);
      }
    });
  }
}

void Engine::reject(SessionId session, ErrorCode code, std::string text, int http_status) {
  if (Worker* worker = worker_of(session)) {
    worker->loop.post([worker, session, code, text = std::move(text), http_status] {
      if (Session* found = worker->sessions.find(session)) {
        found->decide_reject(code, text, http_status);
      }
    });
  }
}

void Engine::close(SessionId session, ErrorCode code) {
  if (Worker* worker = worker_of(session)) {
    worker->loop.post([worker, session, code] {
      if (Session* found = worker->sessions.find(session)) {
        found->close(code);
      }
    });
  }
}

Result<SessionId> Engine::create(std::string_view protocol, Fields options) {
  const ProtocolModule* module = find_protocol(protocol);
  if (stopped_ || module == nullptr || module->create == nullptr) {
    return ErrorCode::kInvalidArgument;
  }
  const size_t limit = max_connections_.load(std::memory_order_relaxed);
  if (connections_.fetch_add(1, std::memory_order_relaxed) >= limit) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return Error{ErrorCode::kLimitConnections, static_cast<uint32_t>(limit)};
  }
  const auto peer = Address::parse(options.text("peer_ip"), 0);
  auto place = peer ? addresses_.take(*peer) : AddressCounts::Place();
  if (!place) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return Error{ErrorCode::kLimitAddressConnections, static_cast<uint32_t>(addresses_.limit())};
  }
  Worker* worker = workers_[next_home_++ % workers_.size()].get();
  const SessionId id = worker->sessions.reserve();
  worker->loop.post(
      [worker, module, id, place = std::move(*place), options = std::move(options)]() mutable {
        auto session = module->create(worker->context, options);
        Session& added = *session;
        added.keep_place(std::move(place));
        worker->sessions.add(std::move(session), id);
        added.start();
      });
  return id;
}

void Engine::command(SessionId session, Fields command) {
  if (Worker* worker = worker_of(session)) {
    worker->loop.post([worker, session, command = std::move(command)] {
      if (Session* found = worker->sessions.find(session)) {
        found->on_command(command);
      }
    });
  }
}

Fields Engine::describe(std::string_view protocol, const Fields& what) {
  const ProtocolModule* module = find_protocol(protocol);
  return !stopped_ && module != nullptr && module->describe != nullptr
             ? module->describe(modules_, what)
             : Fields{};
}

Status Engine::configure(std::string_view protocol, const Fields& settings) {
  const ProtocolModule* module = find_protocol(protocol);
  if (module == nullptr || module->configure == nullptr) {
    return ErrorCode::kNotFound;
  }
  module->configure(modules_, settings);
  return {};
}

namespace {

std::string_view availability_name(transcode::Workers::Availability availability) {
  switch (availability) {
    case transcode::Workers::Availability::kUnknown:
      return "unknown";
    case transcode::Workers::Availability::kAvailable:
      return "available";
    case transcode::Workers::Availability::kUnavailable:
      return "unavailable";
  }
  return "unknown";
}

}  // namespace

Fields Engine::stats() {
  Value::List loops;
  uint64_t dropped = 0;
  for (const auto& worker : workers_) {
    loops.emplace_back(Fields{{"index", worker->loop.index()},
                              {"turns", worker->loop.turns()},
                              {"busy_ns", worker->loop.busy_ns()},
                              {"longest_turn_ns", worker->loop.take_longest_turn_ns()}});
    dropped += worker->hub.dropped_for_loop();
  }
  Fields stats;
  stats.set("loops", std::move(loops));
  stats.set("connections", connections_.load(std::memory_order_relaxed));
  stats.set("dropped_for_loop", dropped);
  stats.set("transcoding", availability_name(transcoders_.availability()));
  return stats;
}

Fields Engine::report() {
  Value::List loops;
  std::vector<double> records;
  std::vector<double> transports;
  for (const auto& worker : workers_) {
    const LoopReport::View view = worker->report.read();
    loops.emplace_back(fields_of(*worker, view.figures));
    records.insert(records.end(), view.records.begin(), view.records.end());
    transports.insert(transports.end(), view.transports.begin(), view.transports.end());
  }
  Value::List columns{"session", "at_ms"};
  for (const SessionColumn& column : kSessionColumns) {
    columns.emplace_back(column.name);
  }
  Value::List transport_columns{"session"};
  for (const TransportColumn& column : kTransportColumns) {
    transport_columns.emplace_back(column.name);
  }
  Fields report;
  report.set("loops", std::move(loops));
  report.set("columns", std::move(columns));
  report.set("sessions", bytes_of(records));
  report.set("transport_columns", std::move(transport_columns));
  report.set("transports", bytes_of(transports));
  return report;
}

Fields Engine::fields_of(Worker& worker, const LoopFigures& figures) {
  Value::List turns;
  for (const uint64_t count : figures.turns_by_length) {
    turns.emplace_back(count);
  }
  return {{"index", worker.loop.index()},
          {"at_ms", figures.at_ms},
          {"turns_by_length", std::move(turns)},
          {"busy_ns", worker.loop.busy_ns()},
          {"late_ns", figures.late.count()},
          {"sessions", figures.sessions},
          {"streams", figures.streams},
          {"frames_waiting", figures.frames_waiting},
          {"dropped_for_loop", worker.hub.dropped_for_loop()},
          {"pool_blocks", figures.pool_blocks},
          {"pool_free_bytes", figures.pool_free_bytes}};
}

void Engine::on_all_loops(void (*call)(Worker&)) {
  std::vector<std::future<void>> done;
  for (const auto& worker : workers_) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    worker->loop.post([at = worker.get(), promise, call] {
      call(*at);
      promise->set_value();
    });
  }
  for (auto& future : done) {
    future.wait();
  }
}

void Engine::stop() {
  if (stopped_) {
    return;
  }
  stop_listening();
  on_all_loops([](Worker& worker) { worker.sessions.close_all(ErrorCode::kShuttingDown); });
  // What the end of a session asks of another loop is done before this returns, and its answer too.
  on_all_loops([](Worker& /*worker*/) {});
  on_all_loops([](Worker& /*worker*/) {});
  for (const auto& worker : workers_) {
    worker->loop.stop();
  }
  for (const auto& worker : workers_) {
    worker->thread.join();
  }
  stopped_ = true;
  modules_.stop();
  transcoders_.stop();
  // Loops hold each other's frames in tasks and queues: all let go before the first pool is freed.
  for (const auto& worker : workers_) {
    worker->loop.discard();
    worker->hub.discard();
  }
  workers_.clear();
}

}  // namespace millrace
