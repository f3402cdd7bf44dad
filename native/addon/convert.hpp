#pragma once

#include <napi.h>

#include "control/value.hpp"

namespace millrace {

/// @return the JavaScript form of `value`. Bytes are copied into a Buffer: they are request bodies,
/// never media.
Napi::Value to_js(Napi::Env env, const Value& value);
Napi::Object to_js(Napi::Env env, const Fields& fields);

/// Reads plain data out of JavaScript: booleans, numbers, strings, typed arrays, arrays and
/// objects, at most 8 deep. Anything else (undefined, functions) becomes null.
Value from_js(const Napi::Value& value);
Fields fields_from_js(const Napi::Value& value);

}  // namespace millrace
