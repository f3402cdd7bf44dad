#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "formats/amf/amf_budget.hpp"
#include "formats/amf/amf_value.hpp"

namespace millrace {

/// Reads AMF3 values: what clients with objectEncoding 3 put into commands of message type 17,
/// behind the marker that switches from AMF0. Source: AMF 3 Specification (Adobe, 2013), §3.
///
/// Tables of strings, objects and traits (§2.2) are of one reader. A reference to an object is read
/// again from that object's bytes. Not supported are dictionaries (§3.16) and externalizable
/// classes (§3.12), whose format only their class knows: kAmfTypeUnknown.
class Amf3Reader {
 public:
  /// @param bytes   borrowed for the reader's life.
  /// @param budget  what is left of the limits of the message; see budget().
  Amf3Reader(Bytes bytes, const AmfBudget& budget);

  /// How far the values read so far reach.
  [[nodiscard]] size_t position() const { return in_.position(); }
  /// What is left of the limits.
  [[nodiscard]] const AmfBudget& budget() const { return budget_; }

  /// The next value. @param depth  of the value inside its message.
  /// Errors as Amf0Reader::read().
  [[nodiscard]] Result<AmfValue> read(uint32_t depth = 0);

 private:
  struct Traits {
    std::string class_name;
    bool dynamic = false;
    std::vector<std::string> names;
  };

  uint32_t u29();
  Result<std::string> read_string();
  Result<std::string> read_text(size_t size);
  Result<AmfValue> read_object(uint32_t depth, uint32_t header);
  Result<AmfValue> read_array(uint32_t depth, uint32_t count);
  Result<AmfValue> read_vector(uint32_t depth, uint8_t marker, uint32_t count);
  Result<AmfValue> read_reference(uint32_t depth, uint32_t index);
  Result<Traits> read_traits(uint32_t header);
  Status read_dynamic(std::vector<AmfProperty>& properties, uint32_t depth);

  Bytes bytes_;
  ByteReader in_;
  size_t origin_ = 0;  // of `in_` in `bytes_`
  AmfBudget budget_;
  std::vector<std::string> strings_;
  std::vector<uint32_t> objects_;  // where their markers are
  std::vector<Traits> traits_;
  bool in_reference_ = false;
};

}  // namespace millrace
