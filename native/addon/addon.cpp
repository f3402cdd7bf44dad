// The only door between JavaScript and the engine: commands in, events out, no logic.
#include <napi.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>

#include "addon/convert.hpp"
#include "engine/engine.hpp"

namespace millrace {

namespace {

Napi::Error js_error(Napi::Env env, Error error) {
  const ErrorInfo& info = error_info(error.code);
  auto made = Napi::Error::New(env, std::string(info.text));
  made.Set("code", Napi::String::New(env, std::string(info.name)));
  made.Set("number", Napi::Number::New(env, static_cast<double>(info.code)));
  made.Set("detail", Napi::Number::New(env, error.detail));
  return made;
}

ErrorCode code_from(const std::string& name, ErrorCode otherwise) {
  const auto found = std::find_if(kErrorTable.begin(), kErrorTable.end(),
                                  [&name](const ErrorInfo& info) { return info.name == name; });
  return found != kErrorTable.end() ? found->code : otherwise;
}

Napi::Array events_to_js(Napi::Env env, const std::vector<Fields>& events) {
  auto array = Napi::Array::New(env, events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), to_js(env, events[i]));
  }
  return array;
}

SessionId session_from(const Napi::Value& value) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
  return number > 0 && number < 9007199254740992.0 ? static_cast<SessionId>(number) : 0;
}

}  // namespace

/// `new Engine(options, onEvents)`: one engine; see src/native/engine.ts for the typed face.
class EngineObject final : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Engine",
        {
            InstanceMethod<&EngineObject::listen>("listen"),
            InstanceMethod<&EngineObject::unlisten>("unlisten"),
            InstanceMethod<&EngineObject::reload_certificate>("reload_certificate"),
            InstanceMethod<&EngineObject::stop_listening>("stop_listening"),
            InstanceMethod<&EngineObject::accept>("accept"),
            InstanceMethod<&EngineObject::reject>("reject"),
            InstanceMethod<&EngineObject::close>("close"),
            InstanceMethod<&EngineObject::respond>("respond"),
            InstanceMethod<&EngineObject::configure_http>("configure_http"),
            InstanceMethod<&EngineObject::set_max_connections>("set_max_connections"),
            InstanceMethod<&EngineObject::webrtc_certificate>("webrtc_certificate"),
            InstanceMethod<&EngineObject::webrtc_create>("webrtc_create"),
            InstanceMethod<&EngineObject::webrtc_restart_ice>("webrtc_restart_ice"),
            InstanceMethod<&EngineObject::webrtc_choose_layer>("webrtc_choose_layer"),
            InstanceMethod<&EngineObject::stats>("stats"),
            InstanceMethod<&EngineObject::report>("report"),
            InstanceMethod<&EngineObject::stop>("stop"),
            InstanceMethod<&EngineObject::connect>("connect"),
        });
  }

  explicit EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
    const Napi::Env env = info.Env();
    if (info.Length() < 2 || !info[0].IsObject() || !info[1].IsFunction()) {
      Napi::TypeError::New(env, "Engine(options, onEvents)").ThrowAsJavaScriptException();
      return;
    }
    on_events_ = Events::New(env, info[1].As<Napi::Function>(), "millrace events", 0, 1, this);
    engine_ =
        std::make_unique<Engine>(fields_from_js(info[0]), [this] { on_events_.NonBlockingCall(); });
    // Joins the loops before the environment goes: an event after that would touch freed memory.
    napi_add_env_cleanup_hook(env, &EngineObject::on_environment_end, this);
  }

  ~EngineObject() override { end(); }

 private:
  static void deliver(Napi::Env env, Napi::Function callback, EngineObject* self, void* /*data*/) {
    if (env == nullptr || callback == nullptr || self->engine_ == nullptr) {
      return;
    }
    const std::vector<Fields> events = self->engine_->take_events();
    if (events.empty()) {
      return;
    }
    const Napi::HandleScope scope(env);
    callback.Call({events_to_js(env, events)});
  }
  using Events = Napi::TypedThreadSafeFunction<EngineObject, void, &EngineObject::deliver>;

  static void on_environment_end(void* self) {
    static_cast<EngineObject*>(self)->cleanup_hooked_ = false;
    static_cast<EngineObject*>(self)->end();
  }

  void end() {
    if (engine_ != nullptr) {
      engine_->stop();
      engine_ = nullptr;
      on_events_.Release();
      if (cleanup_hooked_) {
        napi_remove_env_cleanup_hook(Env(), &EngineObject::on_environment_end, this);
      }
    }
  }

  bool running(Napi::Env env) {
    if (engine_ == nullptr) {
      js_error(env, {ErrorCode::kNotRunning}).ThrowAsJavaScriptException();
    }
    return engine_ != nullptr;
  }

  Napi::Value listen(const Napi::CallbackInfo& info) {
    if (!running(info.Env())) {
      return info.Env().Undefined();
    }
    const auto listening = engine_->listen(fields_from_js(info[0]));
    if (!listening.ok()) {
      js_error(info.Env(), listening.error()).ThrowAsJavaScriptException();
      return info.Env().Undefined();
    }
    return to_js(info.Env(), Fields{{"id", listening->id},
                                    {"ip", listening->address.ip()},
                                    {"port", listening->address.port()}});
  }

  void connect(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      if (const Status status = engine_->connect(fields_from_js(info[0])); !status.ok()) {
        js_error(info.Env(), status.error()).ThrowAsJavaScriptException();
      }
    }
  }

  void unlisten(const Napi::CallbackInfo& info) {
    if (running(info.Env()) && info[0].IsNumber()) {
      engine_->unlisten(info[0].As<Napi::Number>().Uint32Value());
    }
  }

  void reload_certificate(const Napi::CallbackInfo& info) {
    if (running(info.Env()) && info[0].IsNumber()) {
      const Status status = engine_->reload_certificate(info[0].As<Napi::Number>().Uint32Value());
      if (!status.ok()) {
        js_error(info.Env(), status.error()).ThrowAsJavaScriptException();
      }
    }
  }

  void stop_listening(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      engine_->stop_listening();
    }
  }

  void accept(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      engine_->accept(session_from(info[0]), fields_from_js(info[1]));
    }
  }

  void reject(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      const Fields reason = fields_from_js(info[1]);
      const ErrorCode code = code_from(reason.text("code"), ErrorCode::kAdmissionRefused);
      engine_->reject(
          session_from(info[0]), code, reason.text("text", error_info(code).text),
          static_cast<int>(reason.integer("http_status", error_info(code).http_status)));
    }
  }

  void close(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      const std::string code = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : "";
      engine_->close(session_from(info[0]), code_from(code, ErrorCode::kKicked));
    }
  }

  void respond(const Napi::CallbackInfo& info) { accept(info); }

  void configure_http(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      if (const Status status = engine_->configure("http", fields_from_js(info[0])); !status.ok()) {
        js_error(info.Env(), status.error()).ThrowAsJavaScriptException();
      }
    }
  }

  void set_max_connections(const Napi::CallbackInfo& info) {
    if (running(info.Env()) && info[0].IsNumber()) {
      const int64_t limit = info[0].As<Napi::Number>().Int64Value();
      engine_->set_max_connections(static_cast<size_t>(std::max<int64_t>(limit, 0)));
    }
  }

  Napi::Value webrtc_certificate(const Napi::CallbackInfo& info) {
    if (!running(info.Env())) {
      return info.Env().Undefined();
    }
    Fields what;
    what.set("certificate", info[0].ToString().Utf8Value());
    return to_js(info.Env(), engine_->describe("webrtc", what));
  }

  Napi::Value webrtc_create(const Napi::CallbackInfo& info) {
    if (!running(info.Env())) {
      return info.Env().Undefined();
    }
    const auto session = engine_->create("webrtc", fields_from_js(info[0]));
    if (!session.ok()) {
      js_error(info.Env(), session.error()).ThrowAsJavaScriptException();
      return info.Env().Undefined();
    }
    return Napi::Number::New(info.Env(), static_cast<double>(*session));
  }

  void webrtc_restart_ice(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      engine_->command(session_from(info[0]), fields_from_js(info[1]));
    }
  }

  void webrtc_choose_layer(const Napi::CallbackInfo& info) {
    if (running(info.Env())) {
      engine_->command(session_from(info[0]), {{"layer", info[1].ToString().Utf8Value()}});
    }
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    return running(info.Env()) ? Napi::Value(to_js(info.Env(), engine_->stats()))
                               : info.Env().Undefined();
  }

  /// The records of sessions come as one typed array: see SessionReport in boundary.ts.
  Napi::Value report(const Napi::CallbackInfo& info) {
    return running(info.Env()) ? Napi::Value(to_js(info.Env(), engine_->report()))
                               : info.Env().Undefined();
  }

  /// @return the events of the sessions that ended, as an array: none come later.
  Napi::Value stop(const Napi::CallbackInfo& info) {
    if (engine_ == nullptr) {
      return Napi::Array::New(info.Env(), 0);
    }
    engine_->stop();
    const Napi::Value last = events_to_js(info.Env(), engine_->take_events());
    end();
    return last;
  }

  Events on_events_;
  std::unique_ptr<Engine> engine_;
  bool cleanup_hooked_ = true;
};

/// All state of one Node.js environment: one per worker thread, never static.
class Addon final : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    DefineAddon(exports, {InstanceMethod<&Addon::versions>("versions")});
    exports.Set("Engine", EngineObject::define(env));
  }

 private:
  Napi::Value versions(const Napi::CallbackInfo& info) {
    return to_js(info.Env(), Fields{{"millrace", MILLRACE_VERSION},
                                    {"openssl", OpenSSL_version(OPENSSL_VERSION)}});
  }
};

NODE_API_ADDON(Addon)

}  // namespace millrace
