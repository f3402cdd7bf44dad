#include "protocols/http/http_date.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "protocols/http/header_text.hpp"

namespace millrace::http {

namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr int64_t kLastSecond = 253402300799;  // 9999-12-31 23:59:59

class DateWriter {
 public:
  explicit DateWriter(HttpDate& out) : out_(out) {}
  void text(std::string_view text) {
    std::copy(text.begin(), text.end(), out_.begin() + static_cast<ptrdiff_t>(at_));
    at_ += text.size();
  }
  void number(unsigned value, size_t digits) {
    for (size_t i = digits; i > 0; --i) {
      out_[at_ + i - 1] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    at_ += digits;
  }

 private:
  HttpDate& out_;
  size_t at_ = 0;
};

}  // namespace

HttpDate format_http_date(int64_t unix_s) {
  using namespace std::chrono;
  const sys_seconds time{seconds(std::clamp<int64_t>(unix_s, 0, kLastSecond))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  HttpDate out;
  DateWriter writer(out);
  writer.text(kDays.substr(weekday(day).c_encoding() * 3, 3));
  writer.text(", ");
  writer.number(static_cast<unsigned>(date.day()), 2);
  writer.text(" ");
  writer.text(kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  writer.text(" ");
  writer.number(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  writer.text(" ");
  writer.number(static_cast<unsigned>(clock.hours().count()), 2);
  writer.text(":");
  writer.number(static_cast<unsigned>(clock.minutes().count()), 2);
  writer.text(":");
  writer.number(static_cast<unsigned>(clock.seconds().count()), 2);
  writer.text(" GMT");
  return out;
}

std::optional<int64_t> parse_http_date(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kHttpDateSize || text.substr(3, 2) != ", " || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' ||
      text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto number = [&](size_t at, size_t size) { return parse_decimal(text.substr(at, size)); };
  const size_t month = kMonths.find(text.substr(8, 3));
  const auto day = number(5, 2);
  const auto in_year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !in_year || !hour || !minute ||
      !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const year_month_day date(year(static_cast<int>(*in_year)),
                            std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) {
    return std::nullopt;
  }
  const auto days_s = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  return days_s + static_cast<int64_t>(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace millrace::http
