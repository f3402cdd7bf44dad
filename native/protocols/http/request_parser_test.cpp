#include "protocols/http/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::http {
namespace {

using std::string_view_literals::operator""sv;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Everything that came out, as text: one line per request, then the error if there is one. Body
/// pieces are joined, so that it is the same for every cut.
std::string drain(RequestParser& parser, std::string_view first, std::string_view second = {}) {
  std::string out;
  for (const std::string_view piece : {first, second}) {
    parser.feed(bytes_of(piece));
    while (true) {
      const auto event = parser.poll();
      if (!event.ok()) {
        return out + "error " + std::string(error_info(event.error().code).name);
      }
      if (!*event) {
        break;
      }
      const Request& request = parser.request();
      switch ((*event)->kind) {
        case RequestEvent::Kind::kHead:
          out.append(request.method_name).append(" ").append(request.path);
          out.append("?").append(request.query).append(" host=").append(request.host);
          out.append(request.keep_alive ? " keep [" : " close [");
          break;
        case RequestEvent::Kind::kBody:
          out.append(reinterpret_cast<const char*>((*event)->body.data()), (*event)->body.size());
          break;
        case RequestEvent::Kind::kComplete:
          out.append("]\n");
          break;
      }
    }
  }
  return out;
}

std::string parse(std::string_view text) {
  RequestParser parser;
  return drain(parser, text);
}

struct Case {
  const char* name;
  std::string_view text;
  std::string_view result;
};

class RequestTable : public testing::TestWithParam<Case> {};

TEST_P(RequestTable, Whole) { EXPECT_EQ(parse(GetParam().text), GetParam().result); }

TEST_P(RequestTable, EveryCut) {
  const std::string_view text = GetParam().text;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    RequestParser parser;
    EXPECT_EQ(drain(parser, text.substr(0, cut), text.substr(cut)), GetParam().result) << cut;
  }
}

TEST_P(RequestTable, ByteByByte) {
  RequestParser parser;
  std::string out;
  for (const char& byte : GetParam().text) {
    const std::string step = drain(parser, {&byte, 1});
    out += step;
    if (step.find("error") != std::string::npos) {
      break;
    }
  }
  EXPECT_EQ(out, GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    Accepted, RequestTable,
    testing::Values(
        Case{"Get", "GET /live/a.flv?token=1 HTTP/1.1\r\nHost: example.com:8080\r\n\r\n",
             "GET /live/a.flv?token=1 host=example.com:8080 keep []\n"},
        Case{"BlanksAroundValue", "GET / HTTP/1.1\r\nHost:\t a.b \t\r\nEmpty:\r\n\r\n",
             "GET /? host=a.b keep []\n"},
        Case{"Http10Closes", "GET / HTTP/1.0\r\n\r\n", "GET /? host= close []\n"},
        Case{"Http10KeepAlive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
             "GET /? host= keep []\n"},
        Case{"ConnectionClose", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
             "GET /? host=a close []\n"},
        Case{"AbsoluteFormReplacesHost", "GET http://b:80/x HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /x? host=b:80 keep []\n"},
        Case{"AsteriskForm", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
             "OPTIONS *? host=a keep []\n"},
        Case{"EmptyLinesBefore", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /? host=a keep []\n"},
        Case{"LengthBody", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
             "POST /x? host=a keep [hello]\n"},
        Case{"LengthZero", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
             "POST /x? host=a keep []\n"},
        Case{"ChunkedBody",
             "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
             "Chunked\r\n\r\n5\r\nhello\r\n0a;x=\"y\"\r\n1234567890\r\n0\r\n"
             "Trailer: 1\r\n\r\n",
             "POST /x? host=a keep [hello1234567890]\n"},
        Case{"BodyIsNotText",
             "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\0\x01\n\xff"sv,
             "POST /x? host=a keep [\0\x01\n\xff]\n"sv},
        Case{"Pipelined",
             "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: "
             "2\r\n\r\nok"
             "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
             "GET /1? host=a keep []\nPOST /2? host=a keep [ok]\nGET /3? host=a close []\n"},
        Case{"UnfinishedHead", "GET / HTTP/1.1\r\nHost: a\r\n", ""},
        Case{"UnfinishedBody", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
             "POST /? host=a keep [abc"},
        Case{"Ipv6Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
             "GET /? host=[::1]:80 keep []\n"}),
    [](const auto& info) { return info.param.name; });

constexpr std::string_view kMalformed = "error HTTP_MALFORMED";
constexpr std::string_view kAmbiguous = "error HTTP_LENGTH_AMBIGUOUS";

// RFC 9112 §11.2, and the forms of CVE-2022-32213, -32214, -32215, CVE-2021-40346, CVE-2023-30589.
INSTANTIATE_TEST_SUITE_P(
    Smuggling, RequestTable,
    testing::Values(
        Case{"TwoContentLengths",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
             kAmbiguous},
        Case{"TwoEqualContentLengths",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
             kAmbiguous},
        Case{"LengthAndChunked",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\n",
             kAmbiguous},
        Case{"TwoTransferEncodings",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
             "identity\r\n\r\n0\r\n\r\n",
             kMalformed},
        Case{"LengthList", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
             kMalformed},
        Case{"LengthPlus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
             kMalformed},
        Case{"LengthMinus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
             kMalformed},
        Case{"LengthHex", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
             kMalformed},
        Case{"LengthEmpty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello",
             kMalformed},
        Case{"LengthBlankInside", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nhello",
             kMalformed},
        Case{"LengthOver64Bits",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello",
             kMalformed},
        Case{"LengthName255", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\x01: 5\r\n\r\nhello",
             kMalformed},
        Case{"BlankBeforeColon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
             kMalformed},
        Case{"BlankBeforeName", "POST / HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\nhello",
             kMalformed},
        Case{"ObsFold", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", kMalformed},
        Case{"ObsFoldTab", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n",
             kMalformed},
        Case{"BareLfInHead", "GET / HTTP/1.1\nHost: a\n\n", kMalformed},
        Case{"BareLfAfterField", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", kMalformed},
        Case{"BareCrInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rContent-Length: 5\r\n\r\n",
             kMalformed},
        Case{"CrCrLf", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", kMalformed},
        Case{"NulInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\0002\r\n\r\n"sv, kMalformed},
        Case{"ControlInValue",
             "GET / HTTP/1.1\r\nHost: a\r\nX: \x0b"
             "chunked\r\n\r\n",
             kMalformed},
        Case{"ChunkedNotLast",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
             kMalformed},
        Case{"ChunkedTwice",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
             kMalformed},
        Case{"ChunkedMisspelt",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
             kMalformed},
        Case{"ChunkedQuoted",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
             kMalformed},
        Case{"ChunkedIdentity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
             kMalformed},
        Case{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             kAmbiguous},
        Case{"NoHost", "GET / HTTP/1.1\r\n\r\n", kMalformed},
        Case{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", kMalformed},
        Case{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", kMalformed},
        Case{"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", kMalformed},
        Case{"HostPortTooLarge", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", kMalformed},
        Case{"NoColon", "GET / HTTP/1.1\r\nHost: a\r\nNonsense\r\n\r\n", kMalformed},
        Case{"EmptyName", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", kMalformed},
        Case{"TwoBlanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", kMalformed},
        Case{"TabInRequestLine", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", kMalformed},
        Case{"NoVersion", "GET /\r\n\r\n", kMalformed},
        Case{"BlankAfterVersion", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", kMalformed},
        Case{"RtspVersion", "OPTIONS * RTSP/1.0\r\nHost: a\r\n\r\n", kMalformed},
        Case{"NonAsciiTarget", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", kMalformed},
        Case{"TlsClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", kMalformed},
        Case{"ThreeEmptyLines", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kMalformed}),
    [](const auto& info) { return info.param.name; });

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct ChunkCase {
  const char* name;
  std::string_view body;
  std::string_view error = "HTTP_MALFORMED";
};

class ChunkTable : public testing::TestWithParam<ChunkCase> {};

TEST_P(ChunkTable, Refused) {
  const std::string text = std::string(kChunkedHead) + std::string(GetParam().body);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    RequestParser parser;
    const std::string out =
        drain(parser, std::string_view(text).substr(0, cut), std::string_view(text).substr(cut));
    EXPECT_TRUE(out.ends_with("error " + std::string(GetParam().error))) << cut << ": " << out;
  }
}

INSTANTIATE_TEST_SUITE_P(
    BadChunks, ChunkTable,
    testing::Values(ChunkCase{"NoSize", "\r\nhello"}, ChunkCase{"SizeNotHex", "g\r\n"},
                    ChunkCase{"SizeSign", "+5\r\nhello\r\n"},
                    ChunkCase{"SizePrefix", "0x5\r\nhello\r\n"},
                    ChunkCase{"SizeBlankBefore", " 5\r\nhello\r\n"},
                    ChunkCase{"SizeBlankAfter", "5 \r\nhello\r\n"},
                    ChunkCase{"SizeBareLf", "5\nhello\r\n"},
                    ChunkCase{"SizeCrOnly", "5\rhello\r\n"},
                    ChunkCase{"SizeTooManyDigits", "00000000000000005\r\nhello\r\n"},
                    ChunkCase{"SizeHuge", "ffffffffffffffff\r\n", "HTTP_BODY_TOO_LARGE"},
                    ChunkCase{"SizeOverLimit", "100001\r\n", "HTTP_BODY_TOO_LARGE"},
                    ChunkCase{"DataEndMissing", "5\r\nhello0\r\n\r\n"},
                    ChunkCase{"DataEndBareLf", "5\r\nhello\n0\r\n\r\n"},
                    ChunkCase{"DataEndBareCr", "5\r\nhello\r0\r\n\r\n"},
                    ChunkCase{"DataEndOther", "5\r\nhelloXX0\r\n\r\n"},
                    ChunkCase{"ExtensionBareLf", "5;a=b\nhello\r\n"},
                    ChunkCase{"ExtensionControl", "5;a\x01\r\n"},
                    ChunkCase{"TrailerFold", "0\r\nA: b\r\n c\r\n\r\n"},
                    ChunkCase{"TrailerBareLf", "0\r\nA: b\n\r\n"},
                    ChunkCase{"TrailerNoColon", "0\r\nAbc\r\n\r\n"},
                    ChunkCase{"EndBareCr", "0\r\n\rGET"}, ChunkCase{"EndBareLf", "0\r\n\n"}),
    [](const auto& info) { return info.param.name; });

TEST(ChunkedDecoder, ExtensionsAndTrailersAreBounded) {
  EXPECT_TRUE(parse(std::string(kChunkedHead) + "5;" + std::string(300, 'x') + "\r\n")
                  .ends_with(kMalformed));
  EXPECT_TRUE(parse(std::string(kChunkedHead) + "0\r\nA: " + std::string(9000, 'x'))
                  .ends_with("error HTTP_HEAD_TOO_LARGE"));
}

TEST(RequestParser, RefusedWithTheRightCode) {
  EXPECT_EQ(parse("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), "error UNSUPPORTED");
  EXPECT_EQ(parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), "error HTTP_VERSION_UNSUPPORTED");
  EXPECT_EQ(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "error HTTP_VERSION_UNSUPPORTED");
  EXPECT_EQ(parse("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), "error HTTP_VERSION_UNSUPPORTED");
  EXPECT_EQ(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "error HTTP_VERSION_UNSUPPORTED");
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            "error UNSUPPORTED");
  EXPECT_EQ(parse("GET /../x HTTP/1.1\r\nHost: a\r\n\r\n"), "error HTTP_PATH_INVALID");
  EXPECT_EQ(parse("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), "error HTTP_PATH_INVALID");
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"),
            "POST /? host=a keep [error HTTP_BODY_TOO_LARGE");
}

TEST(RequestParser, HeadLimits) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  // A target that does not end is refused before its line does.
  EXPECT_EQ(parse("GET /" + std::string(9000, 'a')), "error HTTP_URL_TOO_LONG");
  EXPECT_EQ(parse("GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            "error HTTP_URL_TOO_LONG");
  EXPECT_EQ(parse(head + "X: " + std::string(70000, 'a')), "error HTTP_HEAD_TOO_LARGE");
  std::string lines;
  for (int i = 0; i < 99; ++i) {
    lines += "X: y\r\n";
  }
  EXPECT_EQ(parse(head + lines + "\r\n"), "GET /? host=a keep []\n");
  EXPECT_EQ(parse(head + lines + "X: y\r\n"), "error HTTP_HEAD_TOO_LARGE");
  EXPECT_EQ(parse(std::string(200000, 'A')), "error HTTP_URL_TOO_LONG");
}

TEST(RequestParser, ErrorsStay) {
  RequestParser parser;
  EXPECT_EQ(drain(parser, "GET / HTTP/1.1\r\n\r\n"), kMalformed);
  EXPECT_EQ(drain(parser, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), kMalformed);
}

TEST(RequestParser, ThePresentRequestOutlivesFeeding) {
  RequestParser parser;
  parser.feed(
      bytes_of("POST /body HTTP/1.1\r\nHost: a\r\nX-A: b\r\nContent-Length: 200000\r\n\r\n"));
  ASSERT_TRUE(parser.poll().value().has_value());
  for (int i = 0; i < 100; ++i) {
    parser.feed(bytes_of(std::string(2000, 'x')));
    ASSERT_EQ(parser.poll().value()->body.size(), 2000U);
  }
  EXPECT_EQ(parser.request().path, "/body");
  EXPECT_EQ(parser.request().header("x-a"), "b");
  EXPECT_EQ(parser.poll().value()->kind, RequestEvent::Kind::kComplete);
  EXPECT_FALSE(parser.in_request());
}

TEST(RequestParser, EndlessBody) {
  RequestParser parser;
  parser.feed(bytes_of(kChunkedHead));
  ASSERT_EQ(parser.poll().value()->kind, RequestEvent::Kind::kHead);
  parser.set_body_limit(UINT64_MAX);
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  size_t received = 0;
  for (int i = 0; i < 32; ++i) {
    parser.feed(bytes_of(chunk));
    for (auto event = parser.poll(); *event; event = parser.poll()) {
      received += (*event)->body.size();
    }
  }
  EXPECT_EQ(received, 32U * 0x10000);
  EXPECT_EQ(parser.buffered_bytes(), 0U);
}

TEST(RequestParser, FieldsOfTheRequest) {
  RequestParser parser;
  parser.feed(bytes_of(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
      "Expect: 100-Continue\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n\r\nrest"));
  ASSERT_TRUE(parser.poll().value().has_value());
  EXPECT_TRUE(parser.request().wants_upgrade);
  EXPECT_TRUE(parser.request().expect_continue);
  EXPECT_EQ(parser.request().method, Method::kGet);
  EXPECT_EQ(parser.request().header("x-forwarded-for"), "192.0.2.7, 10.0.0.1");
  EXPECT_EQ(parser.poll().value()->kind, RequestEvent::Kind::kComplete);
  const auto rest = parser.take_rest();
  EXPECT_EQ(std::string(rest.begin(), rest.end()), "rest");
  EXPECT_EQ(parser.buffered_bytes(), 0U);
}

TEST(RequestParser, MemoryOfALargeHeadIsGivenBack) {
  RequestParser parser;
  const std::string large =
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(60000, 'x') + "\r\n\r\n";
  EXPECT_EQ(drain(parser, large), "GET /? host=a keep []\n");
  EXPECT_EQ(drain(parser, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /2? host=a keep []\n");
}

}  // namespace
}  // namespace millrace::http
