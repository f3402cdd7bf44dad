#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/amf/amf_value.hpp"
#include "protocols/rtmp/message.hpp"

namespace millrace::rtmp {

/// A command message: RTMP 1.0 §7.2.
struct Command {
  std::string name;
  /// 0 when the sender wants no answer, or when what it sent is not a number that can be answered.
  double transaction_id = 0;
  AmfValue object;                  // null in most commands
  std::vector<AmfValue> arguments;  // what follows the object

  /// An argument; undefined behind the last one.
  [[nodiscard]] const AmfValue& argument(size_t index) const;
};

/// Reads a message of type 20, or of type 17: there one byte precedes the AMF0 values.
/// A name or transaction id of another type than the specification's is left empty.
/// Errors are those of Amf0Reader::read().
[[nodiscard]] Result<Command> parse_command(const Message& message, const AmfLimits& limits = {});

/// A data message's AMF0 values; skips the byte that precedes them in messages of type 15.
[[nodiscard]] Bytes data_values(const Message& message);

}  // namespace millrace::rtmp
