#include "protocols/srt/reject_reason.hpp"

#include <srt/access_control.h>
#include <srt/srt.h>

namespace millrace::srt {

int reject_reason(ErrorCode code) {
  if (code == ErrorCode::kVhostUnknown) {
    return SRT_REJX_HOSTNOTFOUND;
  }
  switch (error_info(code).http_status) {
    case 401:
      return SRT_REJX_UNAUTHORIZED;
    case 403:
      return SRT_REJX_FORBIDDEN;
    case 404:
      return SRT_REJX_NOTFOUND;
    case 405:
      return SRT_REJX_BAD_MODE;
    case 409:
      return SRT_REJX_CONFLICT;
    case 415:
      return SRT_REJX_NOTSUP_MEDIA;
    case 423:
      return SRT_REJX_LOCKED;
    case 500:
      return SRT_REJX_ISE;
    case 501:
      return SRT_REJX_UNIMPLEMENTED;
    case 502:
      return SRT_REJX_GW;
    case 429:
    case 503:
      return SRT_REJX_OVERLOAD;
    case 504:
      return SRT_REJX_DOWN;
    default:
      return SRT_REJX_BAD_REQUEST;
  }
}

const char* reject_reason_text(int reason) { return srt_rejectreason_str(reason); }

}  // namespace millrace::srt
