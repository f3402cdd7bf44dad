#include "protocols/rtmp/command.hpp"

#include <cmath>
#include <utility>

#include "formats/amf/amf0.hpp"

namespace millrace::rtmp {

namespace {

/// Types 15 and 17 begin with a format selector, 0: AMF0 values that may switch to AMF3. Some
/// encoders use the types without it; no AMF0 value that can stand first begins with 0 but a
/// number.
Bytes skip_format_selector(Bytes payload) {
  return !payload.empty() && payload[0] == 0 ? payload.subspan(1) : payload;
}

}  // namespace

const AmfValue& Command::argument(size_t index) const {
  static const AmfValue kUndefined;
  return index < arguments.size() ? arguments[index] : kUndefined;
}

Result<Command> parse_command(const Message& message, const AmfLimits& limits) {
  const bool amf3 = message.type == MessageType::kCommandAmf3;
  Amf0Reader in(amf3 ? skip_format_selector(message.payload) : message.payload, limits);
  Command command;
  for (size_t i = 0; !in.at_end(); ++i) {
    Result<AmfValue> value = in.read();
    if (!value.ok()) {
      return value.error();
    }
    if (i == 0) {
      command.name = value->string() != nullptr ? *value->string() : std::string();
    } else if (i == 1) {
      const double id = value->number() != nullptr ? *value->number() : 0;
      command.transaction_id = std::isfinite(id) && id > 0 ? id : 0;
    } else if (i == 2) {
      command.object = std::move(value).value();
    } else {
      command.arguments.push_back(std::move(value).value());
    }
  }
  return command;
}

Bytes data_values(const Message& message) {
  return message.type == MessageType::kDataAmf3 ? skip_format_selector(message.payload)
                                                : message.payload;
}

}  // namespace millrace::rtmp
