#include "formats/amf/amf_value.hpp"

namespace millrace {

AmfValue::AmfValue() = default;
AmfValue::AmfValue(const AmfValue&) = default;
AmfValue::AmfValue(AmfValue&&) noexcept = default;
AmfValue& AmfValue::operator=(const AmfValue&) = default;
AmfValue& AmfValue::operator=(AmfValue&&) noexcept = default;
AmfValue::~AmfValue() = default;

const std::vector<AmfProperty>* AmfValue::properties() const {
  if (const auto* object = std::get_if<AmfObject>(&variant)) {
    return &object->properties;
  }
  const auto* array = std::get_if<AmfEcmaArray>(&variant);
  return array != nullptr ? &array->properties : nullptr;
}

std::vector<AmfProperty>* AmfValue::properties() {
  return const_cast<std::vector<AmfProperty>*>(std::as_const(*this).properties());
}

const std::vector<AmfValue>* AmfValue::elements() const {
  const auto* array = std::get_if<AmfStrictArray>(&variant);
  return array != nullptr ? &array->elements : nullptr;
}

const AmfValue* AmfValue::find(std::string_view name) const {
  if (const auto* all = properties()) {
    for (const AmfProperty& property : *all) {
      if (property.name == name) {
        return &property.value;
      }
    }
  }
  return nullptr;
}

std::string AmfValue::text_of(std::string_view name) const {
  const AmfValue* value = find(name);
  const std::string* text = value != nullptr ? value->string() : nullptr;
  return text != nullptr ? *text : std::string();
}

double AmfValue::number_of(std::string_view name, double otherwise) const {
  const AmfValue* value = find(name);
  const double* number = value != nullptr ? value->number() : nullptr;
  return number != nullptr ? *number : otherwise;
}

}  // namespace millrace
