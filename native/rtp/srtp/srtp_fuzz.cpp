#include <cstdlib>
#include <vector>

#include "rtp/srtp/srtp.hpp"

// First byte: profile. Nothing that a stranger sends is authentic; what we protect comes back.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using namespace millrace::srtp;
  if (size < 2 || size > 1500) {
    return 0;
  }
  const Profile profile = data[0] % 2 == 0 ? Profile::kAes128CmSha1_80 : Profile::kAeadAes128Gcm;
  const MasterKey key{};
  Receiver receiver(profile, key);
  Sender sender(profile, key);
  const std::vector<uint8_t> plain(data + 1, data + size);
  std::vector<uint8_t> packet = plain;
  (void)receiver.unprotect_rtp(packet);
  packet = plain;
  (void)receiver.unprotect_rtcp(packet);
  const auto header = rtp_header_size(plain);
  if (!header) {
    return 0;
  }
  Receiver other(profile, key);
  packet = plain;
  packet.resize(plain.size() + kMaxOverhead);
  const uint32_t ssrc = ByteReader(Bytes(plain).subspan(8)).u32();
  const auto number = static_cast<uint64_t>(plain[2] << 8 | plain[3]);
  packet.resize(sender.protect_rtp(packet, plain.size(), *header, ssrc, number));
  const auto back = other.unprotect_rtp(packet);
  if (!back.ok() || *back != plain.size() ||
      !std::equal(plain.begin(), plain.end(), packet.begin())) {
    std::abort();
  }
  return 0;
}
