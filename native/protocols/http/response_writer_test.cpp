#include "protocols/http/response_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace millrace::http {
namespace {

TEST(ResponseWriter, Head) {
  ResponseWriter writer("Millrace/1.0");
  writer.set_time(784111777);
  std::string out;
  const std::array fields{Header{"Cache-Control", "no-cache"}};
  writer.write_head(out, {.content_type = "video/x-flv",
                          .content_length = 12,
                          .keep_alive = KeepAlive::kYes,
                          .fields = fields});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nServer: Millrace/1.0\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: video/x-flv\r\nContent-Length: 12\r\nConnection: "
            "keep-alive\r\nCache-Control: no-cache\r\n\r\n");
}

TEST(ResponseWriter, LiveStreamWithCors) {
  const ResponseWriter writer("M");
  std::string out;
  writer.write_head(
      out,
      {.content_type = "video/x-flv", .framing = Response::Framing::kChunked, .cors = Cors::kYes});
  EXPECT_EQ(
      out,
      "HTTP/1.1 200 OK\r\nServer: M\r\nContent-Type: video/x-flv\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n"
      "Access-Control-Allow-Methods: *\r\nAccess-Control-Expose-Headers: *\r\n"
      "Access-Control-Allow-Credentials: false\r\nAccess-Control-Request-Private-Network: "
      "true\r\n\r\n");
}

TEST(ResponseWriter, ErrorsRepeatNothingOfTheRequest) {
  const ResponseWriter writer("M");
  std::string out;
  writer.write_error(out, 404, KeepAlive::kYes, Cors::kNo, Method::kGet);
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nServer: M\r\nContent-Type: text/plain; "
            "charset=utf-8\r\nContent-Length: 10\r\n"
            "Connection: keep-alive\r\nX-Content-Type-Options: nosniff\r\n\r\nNot Found\n");
  out.clear();
  writer.write_error(out, 404, KeepAlive::kNo, Cors::kNo, Method::kHead);
  EXPECT_TRUE(out.ends_with(
      "Content-Length: 10\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"));
}

TEST(ResponseWriter, Rfc9110UnauthorizedNamesTheScheme) {
  const ResponseWriter writer("M");
  std::string out;
  writer.write_error(out, 401, KeepAlive::kNo, Cors::kNo, Method::kGet);
  EXPECT_NE(out.find("WWW-Authenticate: Bearer realm=\"millrace\"\r\n"), std::string::npos);
}

TEST(ResponseWriter, FieldsCannotForgeLines) {
  const ResponseWriter writer("M\r\nX: 1");
  std::string out;
  const std::array fields{Header{"A", "b\r\nSet-Cookie: x"}, Header{"B\r\nC", "d"},
                          Header{"D", "e"}};
  writer.write_head(
      out, {.content_type = "a\nb", .framing = Response::Framing::kNone, .fields = fields});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nConnection: close\r\nD: e\r\n\r\n");
  out.clear();
  writer.write_redirect(out, 302, "/x\r\nSet-Cookie: y", KeepAlive::kNo, Cors::kNo);
  EXPECT_TRUE(out.starts_with("HTTP/1.1 400 "));
}

TEST(ResponseWriter, Options) {
  const ResponseWriter writer("M");
  std::string out;
  writer.write_options(out, KeepAlive::kYes, Cors::kYes);
  EXPECT_TRUE(out.starts_with("HTTP/1.1 200 OK\r\nServer: M\r\nContent-Length: 0\r\n"));
  out.clear();
  writer.write_options(out, KeepAlive::kYes, Cors::kNo);
  EXPECT_TRUE(out.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_NE(out.find("Allow: GET, HEAD\r\n"), std::string::npos);
}

TEST(ResponseWriter, ChunkHeads) {
  std::array<char, kChunkHeadRoom> room;
  EXPECT_EQ(std::string(room.data(), write_chunk_head(room, 0x1a2b)), "1a2b\r\n");
  EXPECT_EQ(std::string(room.data(), write_chunk_head(room, UINT64_MAX)), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace millrace::http
