#include "io/proxy_header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/testing/hex.hpp"

namespace millrace {
namespace {

using testing::hex;

std::vector<uint8_t> text(std::string_view line) { return {line.begin(), line.end()}; }

const std::string kBinary = "0d0a0d0a000d0a515549540a";

struct Case {
  const char* name;
  std::vector<uint8_t> bytes;
  const char* ip;  // empty: none is told
  uint16_t port;
};

std::vector<Case> good() {
  return {
      {"TextTcp4", text("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7", 56324},
      {"TextTcp6", text("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n"), "2001:db8::7", 1},
      {"TextUnknown", text("PROXY UNKNOWN\r\n"), "", 0},
      {"TextUnknownWithRest", text("PROXY UNKNOWN ff:: ff:: 1 x\r\n"), "", 0},
      {"BinaryTcp4", hex(kBinary + "21 11 000c c0000207 c6336401 dc04 01bb"), "192.0.2.7", 56324},
      {"BinaryTcp6",
       hex(kBinary + "21 21 0024 20010db8000000000000000000000007"
                     "20010db8000000000000000000000001 0001 ffff"),
       "2001:db8::7", 1},
      {"BinaryTlvsFollow", hex(kBinary + "21 11 0010 c0000207 c6336401 dc04 01bb 04000178"),
       "192.0.2.7", 56324},
      {"BinaryLocal", hex(kBinary + "20 00 0000"), "", 0},
      {"BinaryLocalWithAddress", hex(kBinary + "20 11 000c c0000207 c6336401 dc04 01bb"), "", 0},
      {"BinaryUnix", hex(kBinary + "21 31 0002 0000"), "", 0},
      {"BinaryUdp", hex(kBinary + "21 12 000c c0000207 c6336401 dc04 01bb"), "", 0},
  };
}

TEST(ProxyHeader, TellsTheClient) {
  for (const Case& tested : good()) {
    SCOPED_TRACE(tested.name);
    auto bytes = tested.bytes;
    const size_t size = bytes.size();
    bytes.push_back(3);  // C0 of RTMP
    const auto header = parse_proxy_header(bytes);
    ASSERT_TRUE(header.ok() && *header);
    EXPECT_EQ((*header)->size, size);
    ASSERT_EQ((*header)->source.has_value(), *tested.ip != '\0');
    if ((*header)->source) {
      EXPECT_EQ((*header)->source->ip(), tested.ip);
      EXPECT_EQ((*header)->source->port(), tested.port);
    }
  }
}

TEST(ProxyHeader, NeedsMoreAtEveryCut) {
  for (const Case& tested : good()) {
    for (size_t cut = 0; cut < tested.bytes.size(); ++cut) {
      const auto header = parse_proxy_header(Bytes(tested.bytes).first(cut));
      ASSERT_TRUE(header.ok() && !*header) << tested.name << " cut at " << cut;
    }
  }
}

TEST(ProxyHeader, IsNothingElse) {
  const std::vector<std::vector<uint8_t>> bad{
      text("GET / HTTP/1.1\r\n"),
      text("PROXYTCP4 "),
      text("PROXY\r\n"),
      text("PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n"),
      text("PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n"),
      text("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n"),
      text("PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n"),
      text("PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n"),
      text("PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n"),
      text("PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n"),
      text("PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n"),
      text("PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n"),
      text("PROXY TCP4 host 198.51.100.1 1 2\r\n"),
      text("PROXY TCP4 " + std::string(100, '1')),
      {0x03},
      {0x16, 0x03, 0x01},
      {0x0d, 0x0a, 0x0d, 0x0b},
      hex(kBinary + "11 11 000c c0000207 c6336401 dc04 01bb"),  // version 1
      hex(kBinary + "22 11 000c c0000207 c6336401 dc04 01bb"),  // command 2
      hex(kBinary + "21 11 000b c0000207 c6336401 dc04 01"),    // too short for its family
      hex(kBinary + "21 21 0023"),
      hex(kBinary + "21 11 07f1"),  // one byte beyond the limit
  };
  for (auto bytes : bad) {
    bytes.resize(bytes.size() + (bytes.size() == 16 ? 64 : 0));
    const auto header = parse_proxy_header(bytes);
    EXPECT_FALSE(header.ok()) << std::string(bytes.begin(), bytes.end());
  }
}

}  // namespace
}  // namespace millrace
