#include "rtp/payload/payload_info.hpp"

#include "rtp/payload/av1.hpp"
#include "rtp/payload/h264.hpp"
#include "rtp/payload/h265.hpp"
#include "rtp/payload/vp8.hpp"
#include "rtp/payload/vp9.hpp"

namespace millrace::rtp {

PayloadInfo inspect_payload(CodecId codec, Bytes payload) {
  switch (codec) {
    case CodecId::kH264:
      return inspect_h264_payload(payload);
    case CodecId::kH265:
      return inspect_h265_payload(payload);
    case CodecId::kAv1:
      return inspect_av1_payload(payload);
    case CodecId::kVp8:
      return inspect_vp8_payload(payload);
    case CodecId::kVp9:
      return inspect_vp9_payload(payload);
    default: {
      PayloadInfo info;
      info.starts_random_access = kind_of(codec) == TrackKind::kAudio;
      info.starts_frame = true;
      return info;
    }
  }
}

}  // namespace millrace::rtp
