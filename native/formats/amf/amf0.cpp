#include "formats/amf/amf0.hpp"

#include <array>
#include <utility>

#include "base/byte_writer.hpp"
#include "formats/amf/amf3.hpp"

namespace millrace {

namespace {

/// AMF 0 §2.1
enum Marker : uint8_t {
  kNumberMarker = 0x00,
  kBooleanMarker = 0x01,
  kStringMarker = 0x02,
  kObjectMarker = 0x03,
  kNullMarker = 0x05,
  kUndefinedMarker = 0x06,
  kReferenceMarker = 0x07,
  kEcmaArrayMarker = 0x08,
  kObjectEndMarker = 0x09,
  kStrictArrayMarker = 0x0a,
  kDateMarker = 0x0b,
  kLongStringMarker = 0x0c,
  kUnsupportedMarker = 0x0d,
  kXmlDocumentMarker = 0x0f,
  kTypedObjectMarker = 0x10,
  kAvmPlusObjectMarker = 0x11,
};

constexpr size_t kMaxShortText = 0xffff;

}  // namespace

Amf0Reader::Amf0Reader(Bytes bytes, const AmfLimits& limits)
    : bytes_(bytes), in_(bytes), budget_(limits) {}

Result<AmfValue> Amf0Reader::read() { return read_value(0); }

Result<AmfValue> Amf0Reader::read_value(uint32_t depth) {
  if (const Status allowed = budget_.take_value(depth); !allowed.ok()) {
    return allowed.error();
  }
  const uint8_t marker = in_.u8();
  if (!in_.ok()) {
    return ErrorCode::kAmfTruncated;
  }
  AmfValue value;
  switch (marker) {
    case kNumberMarker:
      value = in_.f64();
      break;
    case kBooleanMarker:
      value = in_.u8() != 0;
      break;
    case kStringMarker:
    case kLongStringMarker:
    case kXmlDocumentMarker: {
      const size_t size = marker == kStringMarker ? in_.u16() : in_.u32();
      Result<std::string> text = read_text(size);
      if (!text.ok()) {
        return text.error();
      }
      if (marker == kXmlDocumentMarker) {
        value = AmfXml{std::move(text).value()};
      } else {
        value = std::move(text).value();
      }
      break;
    }
    case kObjectMarker:
    case kTypedObjectMarker: {
      note_complex();
      AmfObject object;
      if (marker == kTypedObjectMarker) {
        Result<std::string> class_name = read_text(in_.u16());
        if (!class_name.ok()) {
          return class_name.error();
        }
        object.class_name = std::move(class_name).value();
      }
      if (const Status read = read_properties(object.properties, depth); !read.ok()) {
        return read.error();
      }
      value = std::move(object);
      break;
    }
    case kEcmaArrayMarker: {
      note_complex();
      // The count is only a hint, and encoders write wrong ones: the end marker decides.
      in_.skip(4);
      AmfEcmaArray array;
      if (const Status read = read_properties(array.properties, depth); !read.ok()) {
        return read.error();
      }
      value = std::move(array);
      break;
    }
    case kStrictArrayMarker: {
      note_complex();
      const uint32_t count = in_.u32();
      if (!in_.ok() || count > in_.remaining()) {  // each element has a byte at least
        return Error{ErrorCode::kAmfTruncated, count};
      }
      AmfStrictArray array;
      for (uint32_t i = 0; i < count; ++i) {
        Result<AmfValue> element = read_value(depth + 1);
        if (!element.ok()) {
          return element.error();
        }
        array.elements.push_back(std::move(element).value());
      }
      value = std::move(array);
      break;
    }
    case kDateMarker: {
      AmfDate date;
      date.milliseconds = in_.f64();
      date.time_zone = static_cast<int16_t>(in_.u16());
      value = date;
      break;
    }
    case kNullMarker:
      value = AmfNull{};
      break;
    case kUndefinedMarker:
    case kUnsupportedMarker:
      break;
    case kReferenceMarker:
      return read_reference(depth);
    case kAvmPlusObjectMarker: {
      Amf3Reader amf3(in_.rest(), budget_);
      Result<AmfValue> read = amf3.read(depth);
      in_.skip(amf3.position());
      budget_ = amf3.budget();
      return read;
    }
    default:
      return Error{ErrorCode::kAmfTypeUnknown, marker};
  }
  if (!in_.ok()) {
    return Error{ErrorCode::kAmfTruncated, marker};
  }
  return value;
}

/// AMF 0 §2.9. The value is read once more from where its object began.
Result<AmfValue> Amf0Reader::read_reference(uint32_t depth) {
  const uint16_t index = in_.u16();
  if (!in_.ok()) {
    return Error{ErrorCode::kAmfTruncated, kReferenceMarker};
  }
  if (index >= complex_.size()) {
    return Error{ErrorCode::kAmfReferenceInvalid, index};
  }
  const ByteReader behind = in_;
  const size_t origin = origin_;
  const bool nested = std::exchange(in_reference_, true);
  origin_ = complex_[index];
  in_ = ByteReader(bytes_.subspan(origin_));
  Result<AmfValue> value = read_value(depth + 1);
  in_ = behind;
  origin_ = origin;
  in_reference_ = nested;
  return value;
}

Result<std::string> Amf0Reader::read_text(size_t size) {
  const Bytes text = in_.bytes(size);
  if (!in_.ok()) {
    return Error{ErrorCode::kAmfTruncated, static_cast<uint32_t>(size)};
  }
  if (const Status allowed = budget_.take_text(size); !allowed.ok()) {
    return allowed.error();
  }
  return std::string(text.begin(), text.end());
}

/// AMF 0 §2.5: up to an empty name and the end marker. Some encoders leave those out at the end of
/// the message, so the end of the bytes between two properties ends the object as well.
Status Amf0Reader::read_properties(std::vector<AmfProperty>& properties, uint32_t depth) {
  if (!in_.ok()) {
    return ErrorCode::kAmfTruncated;
  }
  while (!in_.empty()) {
    const uint16_t size = in_.u16();
    if (in_.ok() && size == 0 && in_.peek() == kObjectEndMarker) {
      in_.skip(1);
      return {};
    }
    Result<std::string> name = read_text(size);
    if (!name.ok()) {
      return name.error();
    }
    Result<AmfValue> value = read_value(depth + 1);
    if (!value.ok()) {
      return value.error();
    }
    properties.push_back({std::move(name).value(), std::move(value).value()});
  }
  return {};
}

/// Called with the marker just read. A value that is read again for a reference is not a new one.
void Amf0Reader::note_complex() {
  if (!in_reference_ && complex_.size() <= UINT16_MAX) {
    complex_.push_back(static_cast<uint32_t>(origin_ + in_.position() - 1));
  }
}

Amf0Writer& Amf0Writer::number(double value) {
  u8(kNumberMarker);
  f64(value);
  return *this;
}

Amf0Writer& Amf0Writer::boolean(bool value) {
  u8(kBooleanMarker);
  u8(value ? 1 : 0);
  return *this;
}

Amf0Writer& Amf0Writer::string(std::string_view value) {
  if (value.size() > kMaxShortText) {
    long_text(kLongStringMarker, value);
    return *this;
  }
  u8(kStringMarker);
  u16(static_cast<uint32_t>(value.size()));
  text(value);
  return *this;
}

Amf0Writer& Amf0Writer::null() {
  u8(kNullMarker);
  return *this;
}

Amf0Writer& Amf0Writer::undefined() {
  u8(kUndefinedMarker);
  return *this;
}

Amf0Writer& Amf0Writer::begin_object() {
  u8(kObjectMarker);
  return *this;
}

Amf0Writer& Amf0Writer::begin_ecma_array(uint32_t count) {
  u8(kEcmaArrayMarker);
  u32(count);
  return *this;
}

Amf0Writer& Amf0Writer::name(std::string_view value) {
  value = value.substr(0, kMaxShortText);
  u16(static_cast<uint32_t>(value.size()));
  text(value);
  return *this;
}

Amf0Writer& Amf0Writer::end() {
  u16(0);
  u8(kObjectEndMarker);
  return *this;
}

Amf0Writer& Amf0Writer::begin_strict_array(uint32_t count) {
  u8(kStrictArrayMarker);
  u32(count);
  return *this;
}

Amf0Writer& Amf0Writer::value(const AmfValue& value) {
  struct Visitor {
    Amf0Writer& out;
    void operator()(const AmfUndefined& /*none*/) const { out.undefined(); }
    void operator()(const AmfNull& /*none*/) const { out.null(); }
    void operator()(bool is) const { out.boolean(is); }
    void operator()(double number) const { out.number(number); }
    void operator()(const std::string& text) const { out.string(text); }
    void operator()(const AmfObject& object) const {
      if (object.class_name.empty()) {
        out.begin_object();
      } else {
        out.u8(kTypedObjectMarker);
        out.name(object.class_name);
      }
      out.properties(object.properties);
    }
    void operator()(const AmfEcmaArray& array) const {
      out.begin_ecma_array(static_cast<uint32_t>(array.properties.size()));
      out.properties(array.properties);
    }
    void operator()(const AmfStrictArray& array) const {
      out.begin_strict_array(static_cast<uint32_t>(array.elements.size()));
      for (const AmfValue& element : array.elements) {
        out.value(element);
      }
    }
    void operator()(const AmfDate& date) const {
      out.u8(kDateMarker);
      out.f64(date.milliseconds);
      out.u16(static_cast<uint16_t>(date.time_zone));
    }
    void operator()(const AmfXml& xml) const { out.long_text(kXmlDocumentMarker, xml.text); }
  };
  std::visit(Visitor{*this}, value.variant);
  return *this;
}

void Amf0Writer::u8(uint32_t value) { out_.push_back(static_cast<uint8_t>(value)); }

void Amf0Writer::u16(uint32_t value) {
  u8(value >> 8 & 0xff);
  u8(value & 0xff);
}

void Amf0Writer::u32(uint32_t value) {
  u16(value >> 16);
  u16(value & 0xffff);
}

void Amf0Writer::f64(double value) {
  std::array<uint8_t, 8> bytes{};
  ByteWriter(bytes).f64(value);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void Amf0Writer::text(std::string_view value) {
  out_.insert(out_.end(), value.begin(), value.end());
}

void Amf0Writer::long_text(uint32_t marker, std::string_view value) {
  u8(marker);
  u32(static_cast<uint32_t>(value.size()));
  text(value);
}

void Amf0Writer::properties(const std::vector<AmfProperty>& properties) {
  for (const AmfProperty& property : properties) {
    name(property.name);
    value(property.value);
  }
  end();
}

}  // namespace millrace
