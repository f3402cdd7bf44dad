#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/amf/amf_value.hpp"

namespace millrace::flv {

/// Finds the values of onMetaData in a data message's AMF0 values (MediaMessage::payload), with or
/// without "@setDataFrame" before it. @return the bytes behind the name; nullopt for other data
/// messages (onTextData, onCuePoint) and for what is not AMF0.
[[nodiscard]] std::optional<Bytes> metadata_values(Bytes data_message);

/// What a publisher says of its stream: FLV 10.1 §E.5. The object or ECMA array behind the name
/// "onMetaData", its properties in their order.
class Metadata {
 public:
  /// @param values  what metadata_values() gives, or the payload of a kAmfMetadata frame.
  /// kAmfTypeUnexpected when that is neither an object nor an ECMA array; errors of
  /// Amf0Reader::read().
  [[nodiscard]] static Result<Metadata> parse(Bytes values, const AmfLimits& limits = {});

  /// Makes it what players get from SRS: without `duration`, which is that of the publisher's file,
  /// and with `server` and `server_version` at the end.
  void set_server(std::string_view server, std::string_view version);

  /// AMF0 of the object alone, and of a whole onMetaData message.
  [[nodiscard]] std::vector<uint8_t> values() const;
  [[nodiscard]] std::vector<uint8_t> message() const;

  /// A number, also where an encoder wrote it as text; 0 when it is missing, not finite or
  /// negative.
  [[nodiscard]] double number_of(std::string_view name) const;
  [[nodiscard]] uint32_t width() const { return whole_number_of("width"); }    // pixels
  [[nodiscard]] uint32_t height() const { return whole_number_of("height"); }  // pixels
  [[nodiscard]] double frame_rate() const { return number_of("framerate"); }   // per second
  [[nodiscard]] double video_rate_kbps() const { return number_of("videodatarate"); }
  [[nodiscard]] double audio_rate_kbps() const { return number_of("audiodatarate"); }
  /// Asks for absolute timestamps where the configuration says atc_auto.
  [[nodiscard]] bool bravo_atc() const { return object_.text_of("bravo_atc") == "true"; }

  /// All properties, in their order.
  [[nodiscard]] const std::vector<AmfProperty>& properties() const { return *object_.properties(); }

 private:
  explicit Metadata(AmfValue object) : object_(std::move(object)) {}
  [[nodiscard]] uint32_t whole_number_of(std::string_view name) const;

  AmfValue object_;  // object or ECMA array
};

}  // namespace millrace::flv
