#include "protocols/http/request.hpp"

#include "protocols/http/header_text.hpp"

namespace millrace::http {

std::optional<std::string_view> Request::find_header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

}  // namespace millrace::http
