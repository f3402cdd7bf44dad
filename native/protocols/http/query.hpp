#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::http {

/// One `name=value` of a query, as sent.
struct QueryPair {
  std::string_view name;
  std::string_view value;
};

/// Reads the pairs of a query one by one: separated by `&`, empty ones skipped, a pair without `=`
/// has an empty value. At most kMaxPairs are read; what follows is as if it were not there.
class QueryReader {
 public:
  static constexpr size_t kMaxPairs = 100;

  explicit QueryReader(std::string_view query) : rest_(query) {}
  /// @return the next pair, or nullopt at the end.
  [[nodiscard]] std::optional<QueryPair> next();

 private:
  std::string_view rest_;
  size_t read_ = 0;
};

/// The first value of `name`, as sent: for values that are numbers and tokens.
/// @return nullopt when the query has no such name.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query,
                                                          std::string_view name);

/// Decodes percent-encoding; `+` stays `+`, as tokens in base64 have it.
/// @return nullopt for a `%` without two hexadecimal digits, and for NUL.
[[nodiscard]] std::optional<std::string> decode_query_value(std::string_view value);

}  // namespace millrace::http
