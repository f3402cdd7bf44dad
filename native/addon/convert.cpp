#include "addon/convert.hpp"

#include <type_traits>

namespace millrace {

namespace {

constexpr int kMaxDepth = 8;

Value read(const Napi::Value& value, int depth);

Fields read_fields(const Napi::Object& object, int depth) {
  Fields fields;
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    fields.set(name, read(object.Get(name), depth + 1));
  }
  return fields;
}

Value read(const Napi::Value& value, int depth) {
  if (depth > kMaxDepth) {
    return {};
  }
  if (value.IsBoolean()) {
    return value.As<Napi::Boolean>().Value();
  }
  if (value.IsNumber()) {
    return value.As<Napi::Number>().DoubleValue();
  }
  if (value.IsString()) {
    return value.As<Napi::String>().Utf8Value();
  }
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    const auto* data = static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    return Buffer::copy_of(Bytes{data, array.ByteLength()});
  }
  if (value.IsArray()) {
    const auto array = value.As<Napi::Array>();
    Value::List list;
    list.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) {
      list.push_back(read(array.Get(i), depth + 1));
    }
    return list;
  }
  if (value.IsObject() && !value.IsFunction()) {
    return read_fields(value.As<Napi::Object>(), depth);
  }
  return {};
}

}  // namespace

Napi::Value to_js(Napi::Env env, const Value& value) {
  return std::visit(
      [env](const auto& data) -> Napi::Value {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return env.Null();
        } else if constexpr (std::is_same_v<T, bool>) {
          return Napi::Boolean::New(env, data);
        } else if constexpr (std::is_same_v<T, double>) {
          return Napi::Number::New(env, data);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return Napi::String::New(env, data);
        } else if constexpr (std::is_same_v<T, BufferRef>) {
          return data ? Napi::Buffer<uint8_t>::Copy(env, data->data(), data->size()) : env.Null();
        } else if constexpr (std::is_same_v<T, Value::List>) {
          auto array = Napi::Array::New(env, data.size());
          for (size_t i = 0; i < data.size(); ++i) {
            array.Set(static_cast<uint32_t>(i), to_js(env, data[i]));
          }
          return array;
        } else {
          return to_js(env, data);
        }
      },
      value.data());
}

Napi::Object to_js(Napi::Env env, const Fields& fields) {
  auto object = Napi::Object::New(env);
  for (const auto& [name, value] : fields.entries()) {
    object.Set(name, to_js(env, value));
  }
  return object;
}

Value from_js(const Napi::Value& value) { return read(value, 0); }

Fields fields_from_js(const Napi::Value& value) {
  return value.IsObject() ? read_fields(value.As<Napi::Object>(), 0) : Fields{};
}

}  // namespace millrace
