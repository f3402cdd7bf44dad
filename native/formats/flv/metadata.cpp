#include "formats/flv/metadata.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "formats/amf/amf0.hpp"

namespace millrace::flv {

namespace {

constexpr std::string_view kName = "onMetaData";
constexpr std::string_view kSetDataFrame = "@setDataFrame";

}  // namespace

std::optional<Bytes> metadata_values(Bytes data_message) {
  Amf0Reader in(data_message);
  for (int i = 0; i < 2; ++i) {
    const Result<AmfValue> name = in.read();
    if (!name.ok() || name->string() == nullptr) {
      return std::nullopt;
    }
    if (*name->string() == kName) {
      return data_message.subspan(in.position());
    }
    if (*name->string() != kSetDataFrame) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Result<Metadata> Metadata::parse(Bytes values, const AmfLimits& limits) {
  Result<AmfValue> object = Amf0Reader(values, limits).read();
  if (!object.ok()) {
    return object.error();
  }
  if (object->properties() == nullptr) {
    return Error{ErrorCode::kAmfTypeUnexpected, static_cast<uint32_t>(object->variant.index())};
  }
  return Metadata(std::move(object).value());
}

void Metadata::set_server(std::string_view server, std::string_view version) {
  std::vector<AmfProperty>& all = *object_.properties();
  std::erase_if(all, [](const AmfProperty& property) {
    return property.name == "duration" || property.name == "server" ||
           property.name == "server_version";
  });
  all.push_back({"server", std::string(server)});
  all.push_back({"server_version", std::string(version)});
}

std::vector<uint8_t> Metadata::values() const {
  std::vector<uint8_t> out;
  Amf0Writer(out).value(object_);
  return out;
}

std::vector<uint8_t> Metadata::message() const {
  std::vector<uint8_t> out;
  Amf0Writer(out).string(kName).value(object_);
  return out;
}

double Metadata::number_of(std::string_view name) const {
  const AmfValue* value = object_.find(name);
  double number = 0;
  if (value != nullptr && value->number() != nullptr) {
    number = *value->number();
  } else if (value != nullptr && value->string() != nullptr) {
    const std::string& text = *value->string();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return std::isfinite(number) && number > 0 ? number : 0;
}

uint32_t Metadata::whole_number_of(std::string_view name) const {
  const double number = number_of(name);
  return number <= UINT32_MAX ? static_cast<uint32_t>(number) : 0;
}

}  // namespace millrace::flv
