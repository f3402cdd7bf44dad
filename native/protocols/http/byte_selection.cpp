#include "protocols/http/byte_selection.hpp"

namespace millrace::http {

ByteSelection select_bytes(const Request& request, const Validators& validators, uint64_t size) {
  if (is_not_modified(request, validators)) {
    return {304, 0, 0, {}};
  }
  return select_bytes(range_applies(request, validators)
                          ? select_range(request.header("range"), size)
                          : RangeSelection{},
                      size);
}

ByteSelection select_bytes(const RangeSelection& selection, uint64_t size) {
  switch (selection.kind) {
    case RangeSelection::Kind::kPart:
      return {206, selection.range.first, selection.range.size(),
              "bytes " + std::to_string(selection.range.first) + "-" +
                  std::to_string(selection.range.last) + "/" + std::to_string(size)};
    case RangeSelection::Kind::kUnsatisfiable:
      return {416, 0, 0, "bytes */" + std::to_string(size)};
    case RangeSelection::Kind::kWhole:
      break;
  }
  return {200, 0, size, {}};
}

}  // namespace millrace::http
