#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/amf/amf_budget.hpp"
#include "formats/amf/amf_value.hpp"

namespace millrace {

/// Reads the values of one message one after the other.
/// Source: AMF 0 File Format (Adobe, 2007); §3.1 there for the switch to AMF3.
///
/// The limits are of all values together. A reference (§2.9) is read again from the bytes of the
/// object that it means, so it costs what the object costs; one to an object that holds it is too
/// deep.
class Amf0Reader {
 public:
  /// @param bytes  the message's payload; borrowed for the reader's life.
  explicit Amf0Reader(Bytes bytes, const AmfLimits& limits = {});

  [[nodiscard]] bool at_end() const { return in_.empty(); }
  /// How far the values read so far reach.
  [[nodiscard]] size_t position() const { return in_.position(); }

  /// The next value. Errors end the message: kAmfTruncated, kAmfTooDeep, kAmfTooLarge,
  /// kAmfTypeUnknown, kAmfReferenceInvalid.
  [[nodiscard]] Result<AmfValue> read();

 private:
  Result<AmfValue> read_value(uint32_t depth);
  Result<AmfValue> read_reference(uint32_t depth);
  Result<std::string> read_text(size_t size);
  Status read_properties(std::vector<AmfProperty>& properties, uint32_t depth);
  void note_complex();

  Bytes bytes_;
  ByteReader in_;
  size_t origin_ = 0;  // of `in_` in `bytes_`
  AmfBudget budget_;
  /// Where the objects and arrays begin, in order: what references count.
  std::vector<uint32_t> complex_;
  bool in_reference_ = false;
};

/// Appends AMF0 to a vector of bytes.
class Amf0Writer {
 public:
  /// What is appended to; must outlive the writer.
  explicit Amf0Writer(std::vector<uint8_t>& out) : out_(out) {}

  Amf0Writer& number(double value);
  Amf0Writer& boolean(bool value);
  /// A long string when it has more than 65535 bytes.
  Amf0Writer& string(std::string_view text);
  Amf0Writer& null();
  Amf0Writer& undefined();
  /// Then name() and a value for each property, then end().
  Amf0Writer& begin_object();
  Amf0Writer& begin_ecma_array(uint32_t count);
  /// Cut after 65535 bytes.
  Amf0Writer& name(std::string_view text);
  Amf0Writer& end();
  /// Then `count` values.
  Amf0Writer& begin_strict_array(uint32_t count);
  Amf0Writer& value(const AmfValue& value);

 private:
  void u8(uint32_t value);
  void u16(uint32_t value);
  void u32(uint32_t value);
  void f64(double value);
  void text(std::string_view text);
  void long_text(uint32_t marker, std::string_view text);
  void properties(const std::vector<AmfProperty>& properties);

  std::vector<uint8_t>& out_;
};

}  // namespace millrace
