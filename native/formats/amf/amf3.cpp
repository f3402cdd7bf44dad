#include "formats/amf/amf3.hpp"

#include <utility>

namespace millrace {

namespace {

/// AMF 3 §3.1
enum Marker : uint8_t {
  kUndefinedMarker = 0x00,
  kNullMarker = 0x01,
  kFalseMarker = 0x02,
  kTrueMarker = 0x03,
  kIntegerMarker = 0x04,
  kDoubleMarker = 0x05,
  kStringMarker = 0x06,
  kXmlDocumentMarker = 0x07,
  kDateMarker = 0x08,
  kArrayMarker = 0x09,
  kObjectMarker = 0x0a,
  kXmlMarker = 0x0b,
  kByteArrayMarker = 0x0c,
  kVectorIntMarker = 0x0d,
  kVectorUintMarker = 0x0e,
  kVectorDoubleMarker = 0x0f,
  kVectorObjectMarker = 0x10,
};

/// §3.6: 29 bits, two's complement.
double integer_of(uint32_t u29) {
  constexpr uint32_t kSign = 1U << 28;
  return static_cast<double>(u29) - ((u29 & kSign) != 0 ? static_cast<double>(kSign) * 2 : 0);
}

}  // namespace

Amf3Reader::Amf3Reader(Bytes bytes, const AmfBudget& budget)
    : bytes_(bytes), in_(bytes), budget_(budget) {}

Result<AmfValue> Amf3Reader::read(uint32_t depth) {
  if (const Status allowed = budget_.take_value(depth); !allowed.ok()) {
    return allowed.error();
  }
  const size_t start = origin_ + in_.position();
  const uint8_t marker = in_.u8();
  if (!in_.ok()) {
    return ErrorCode::kAmfTruncated;
  }
  switch (marker) {
    case kUndefinedMarker:
      return AmfValue(AmfUndefined{});
    case kNullMarker:
      return AmfValue(AmfNull{});
    case kFalseMarker:
    case kTrueMarker:
      return AmfValue(marker == kTrueMarker);
    case kIntegerMarker: {
      const double value = integer_of(u29());
      return in_.ok() ? Result<AmfValue>(AmfValue(value)) : ErrorCode::kAmfTruncated;
    }
    case kDoubleMarker: {
      const double value = in_.f64();
      return in_.ok() ? Result<AmfValue>(AmfValue(value)) : ErrorCode::kAmfTruncated;
    }
    case kStringMarker: {
      Result<std::string> text = read_string();
      if (!text.ok()) {
        return text.error();
      }
      return AmfValue(std::move(text).value());
    }
    default:
      break;
  }
  if (marker > kVectorObjectMarker) {
    return Error{ErrorCode::kAmfTypeUnknown, marker};
  }

  // All the others begin with a number whose lowest bit says whether a reference follows (0).
  const uint32_t header = u29();
  if (!in_.ok()) {
    return Error{ErrorCode::kAmfTruncated, marker};
  }
  if ((header & 1U) == 0) {
    return read_reference(depth, header >> 1);
  }
  if (!in_reference_) {
    objects_.push_back(static_cast<uint32_t>(start));
  }
  const uint32_t size = header >> 1;
  switch (marker) {
    case kDateMarker: {
      AmfDate date;
      date.milliseconds = in_.f64();
      return in_.ok() ? Result<AmfValue>(AmfValue(date)) : ErrorCode::kAmfTruncated;
    }
    case kXmlDocumentMarker:
    case kXmlMarker:
    case kByteArrayMarker: {
      Result<std::string> text = read_text(size);
      if (!text.ok()) {
        return text.error();
      }
      if (marker == kByteArrayMarker) {
        return AmfValue(std::move(text).value());
      }
      return AmfValue(AmfXml{std::move(text).value()});
    }
    case kArrayMarker:
      return read_array(depth, size);
    case kObjectMarker:
      return read_object(depth, header);
    default:
      return read_vector(depth, marker, size);
  }
}

/// §1.3.1: seven bits in each of the first three bytes, eight in the fourth.
uint32_t Amf3Reader::u29() {
  uint32_t value = 0;
  for (int i = 0; i < 3; ++i) {
    const uint8_t byte = in_.u8();
    value = value << 7 | (byte & 0x7fU);
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
  return value << 8 | in_.u8();
}

/// §1.3.2: a new string, or the number of one before it. The empty one is never numbered.
Result<std::string> Amf3Reader::read_string() {
  const uint32_t header = u29();
  if (!in_.ok()) {
    return ErrorCode::kAmfTruncated;
  }
  const uint32_t value = header >> 1;
  if ((header & 1U) == 0) {
    if (value >= strings_.size()) {
      return Error{ErrorCode::kAmfReferenceInvalid, value};
    }
    if (const Status allowed = budget_.take_text(strings_[value].size()); !allowed.ok()) {
      return allowed.error();
    }
    return strings_[value];
  }
  Result<std::string> text = read_text(value);
  if (text.ok() && value != 0 && !in_reference_) {
    strings_.push_back(text.value());
  }
  return text;
}

Result<std::string> Amf3Reader::read_text(size_t size) {
  const Bytes text = in_.bytes(size);
  if (!in_.ok()) {
    return Error{ErrorCode::kAmfTruncated, static_cast<uint32_t>(size)};
  }
  if (const Status allowed = budget_.take_text(size); !allowed.ok()) {
    return allowed.error();
  }
  return std::string(text.begin(), text.end());
}

/// §3.11: named members up to an empty name, then `count` numbered ones.
Result<AmfValue> Amf3Reader::read_array(uint32_t depth, uint32_t count) {
  AmfEcmaArray named;
  if (const Status read = read_dynamic(named.properties, depth); !read.ok()) {
    return read.error();
  }
  if (count > in_.remaining()) {
    return Error{ErrorCode::kAmfTruncated, count};
  }
  AmfStrictArray numbered;
  for (uint32_t i = 0; i < count; ++i) {
    Result<AmfValue> value = read(depth + 1);
    if (!value.ok()) {
      return value.error();
    }
    if (named.properties.empty()) {
      numbered.elements.push_back(std::move(value).value());
    } else {
      named.properties.push_back({std::to_string(i), std::move(value).value()});
    }
  }
  return named.properties.empty() ? AmfValue(std::move(numbered)) : AmfValue(std::move(named));
}

/// §3.12
Result<AmfValue> Amf3Reader::read_object(uint32_t depth, uint32_t header) {
  Result<Traits> traits = read_traits(header);
  if (!traits.ok()) {
    return traits.error();
  }
  AmfObject object;
  object.class_name = traits->class_name;
  for (std::string& name : traits->names) {
    Result<AmfValue> value = read(depth + 1);
    if (!value.ok()) {
      return value.error();
    }
    object.properties.push_back({std::move(name), std::move(value).value()});
  }
  if (traits->dynamic) {
    if (const Status read = read_dynamic(object.properties, depth); !read.ok()) {
      return read.error();
    }
  }
  return AmfValue(std::move(object));
}

/// §3.12, U29O-traits: class name and names of the sealed members, or the number of earlier ones.
Result<Amf3Reader::Traits> Amf3Reader::read_traits(uint32_t header) {
  const auto pay_for = [this](const Traits& traits) -> Status {
    size_t bytes = traits.class_name.size();
    for (const std::string& name : traits.names) {
      bytes += name.size() + sizeof name;
    }
    return budget_.take_text(bytes);
  };
  if ((header & 2U) == 0) {
    const uint32_t index = header >> 2;
    if (index >= traits_.size()) {
      return Error{ErrorCode::kAmfReferenceInvalid, index};
    }
    if (const Status allowed = pay_for(traits_[index]); !allowed.ok()) {
      return allowed.error();
    }
    return traits_[index];
  }
  if ((header & 4U) != 0) {
    return Error{ErrorCode::kAmfTypeUnknown, kObjectMarker};
  }
  Traits traits;
  traits.dynamic = (header & 8U) != 0;
  Result<std::string> class_name = read_string();
  if (!class_name.ok()) {
    return class_name.error();
  }
  traits.class_name = std::move(class_name).value();
  const uint32_t count = header >> 4;
  if (count > in_.remaining()) {
    return Error{ErrorCode::kAmfTruncated, count};
  }
  for (uint32_t i = 0; i < count; ++i) {
    Result<std::string> name = read_string();
    if (!name.ok()) {
      return name.error();
    }
    traits.names.push_back(std::move(name).value());
  }
  if (const Status allowed = pay_for(traits); !allowed.ok()) {
    return allowed.error();
  }
  if (!in_reference_) {
    traits_.push_back(traits);
  }
  return traits;
}

/// Names and values up to an empty name.
Status Amf3Reader::read_dynamic(std::vector<AmfProperty>& properties, uint32_t depth) {
  for (;;) {
    Result<std::string> name = read_string();
    if (!name.ok()) {
      return name.error();
    }
    if (name->empty()) {
      return {};
    }
    Result<AmfValue> value = read(depth + 1);
    if (!value.ok()) {
      return value.error();
    }
    properties.push_back({std::move(name).value(), std::move(value).value()});
  }
}

/// §3.15
Result<AmfValue> Amf3Reader::read_vector(uint32_t depth, uint8_t marker, uint32_t count) {
  in_.skip(1);  // whether its length is fixed
  if (marker == kVectorObjectMarker) {
    Result<std::string> type_name = read_string();
    if (!type_name.ok()) {
      return type_name.error();
    }
  }
  const size_t least = marker == kVectorObjectMarker ? 1 : marker == kVectorDoubleMarker ? 8 : 4;
  if (!in_.ok() || count > in_.remaining() / least) {
    return Error{ErrorCode::kAmfTruncated, count};
  }
  AmfStrictArray array;
  for (uint32_t i = 0; i < count; ++i) {
    if (marker == kVectorObjectMarker) {
      Result<AmfValue> value = read(depth + 1);
      if (!value.ok()) {
        return value.error();
      }
      array.elements.push_back(std::move(value).value());
      continue;
    }
    if (const Status allowed = budget_.take_value(depth + 1); !allowed.ok()) {
      return allowed.error();
    }
    const double number = marker == kVectorDoubleMarker ? in_.f64()
                          : marker == kVectorUintMarker
                              ? static_cast<double>(in_.u32())
                              : static_cast<double>(static_cast<int32_t>(in_.u32()));
    array.elements.emplace_back(number);
  }
  return AmfValue(std::move(array));
}

/// The value is read once more from where its object began.
Result<AmfValue> Amf3Reader::read_reference(uint32_t depth, uint32_t index) {
  if (index >= objects_.size()) {
    return Error{ErrorCode::kAmfReferenceInvalid, index};
  }
  const ByteReader behind = in_;
  const size_t origin = origin_;
  const bool nested = std::exchange(in_reference_, true);
  origin_ = objects_[index];
  in_ = ByteReader(bytes_.subspan(origin_));
  Result<AmfValue> value = read(depth + 1);
  in_ = behind;
  origin_ = origin;
  in_reference_ = nested;
  return value;
}

}  // namespace millrace
