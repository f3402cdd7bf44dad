#include "protocols/http/preconditions.hpp"

#include "protocols/http/header_text.hpp"
#include "protocols/http/http_date.hpp"

namespace millrace::http {

namespace {

/// Weak comparison, RFC 9110 §8.8.3.2.
bool list_has_etag(std::string_view list, std::string_view etag) {
  if (trim(list) == "*") {
    return true;
  }
  ListReader reader(list);
  while (auto candidate = reader.next()) {
    if (candidate->starts_with("W/")) {
      candidate->remove_prefix(2);
    }
    if (*candidate == etag) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_not_modified(const Request& request, const Validators& validators) {
  if (const auto none_match = request.find_header("if-none-match")) {
    return list_has_etag(*none_match, validators.etag);
  }
  const auto since = parse_http_date(request.header("if-modified-since"));
  return since && validators.modified_unix_s != 0 && validators.modified_unix_s <= *since;
}

bool range_applies(const Request& request, const Validators& validators) {
  const auto if_range = request.find_header("if-range");
  if (!if_range || *if_range == validators.etag) {
    return true;
  }
  const auto date = parse_http_date(*if_range);
  return date && *date == validators.modified_unix_s;
}

}  // namespace millrace::http
