#include "protocols/http/query.hpp"

#include <algorithm>

#include "protocols/http/percent.hpp"

namespace millrace::http {

std::optional<QueryPair> QueryReader::next() {
  while (!rest_.empty() && read_ < kMaxPairs) {
    const size_t end = std::min(rest_.find('&'), rest_.size());
    const std::string_view pair = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (pair.empty()) {
      continue;
    }
    ++read_;
    const size_t equals = std::min(pair.find('='), pair.size());
    return QueryPair{pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))};
  }
  return std::nullopt;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  QueryReader reader(query);
  while (const auto pair = reader.next()) {
    if (pair->name == name) {
      return pair->value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> decode_query_value(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (size_t at = 0; at < value.size(); ++at) {
    char byte = value[at];
    if (byte == '%') {
      const auto decoded = decode_percent(value.substr(at));
      if (!decoded) {
        return std::nullopt;
      }
      byte = *decoded;
      at += 2;
    }
    if (byte == '\0') {
      return std::nullopt;
    }
    out.push_back(byte);
  }
  return out;
}

}  // namespace millrace::http
