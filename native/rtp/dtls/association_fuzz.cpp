#include <algorithm>

#include "rtp/dtls/association.hpp"

// Datagrams of a peer, each with its length before it: in the clear, as a stranger makes them, or
// with the right keys, as a peer does who means harm.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using dtls::RecordKeys;
  if (size == 0) {
    return 0;
  }
  const auto cipher = static_cast<RecordKeys::Cipher>(data[0] % 3);
  const bool protects = (data[0] & 4) != 0;
  const RecordKeys keys(cipher, {}, {});
  std::array<uint8_t, 2048> room;
  std::array<uint8_t, 24> finished{20};
  dtls::SentRecords sent;
  sent.note(Bytes(room).first(keys.seal(22, uint64_t{1} << 48, 7, finished, room)));
  dtls::Association association(keys, sent, dtls::Association::Flight::kOurs);
  std::vector<uint8_t> output;
  uint64_t number = uint64_t{1} << 48;
  for (size_t at = 1; at + 2 <= size;) {
    const size_t length = std::min<size_t>(size - at - 2, size_t{data[at]} << 8 | data[at + 1]);
    Bytes datagram(data + at + 2, length);
    at += 2 + length;
    if (protects && !datagram.empty() && datagram.size() <= room.size() - 64) {
      ++number;
      datagram =
          Bytes(room).first(keys.seal(datagram[0], number, number, datagram.subspan(1), room));
    }
    association.receive(datagram, output);
  }
  association.close(output);
  if (output.size() > 2048) {
    std::abort();  // a few records at most
  }
  return 0;
}
