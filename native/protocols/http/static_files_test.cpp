#include "protocols/http/static_files.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "protocols/http/flv_seek.hpp"
#include "protocols/http/target.hpp"

namespace millrace::http {
namespace {

namespace fs = std::filesystem;
using Octets = std::vector<uint8_t>;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    std::string name = (fs::temp_directory_path() / "static_files_XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    fs::create_directories(top_ / "html/players");
    fs::create_directories(top_ / "other");
    write("html/index.html", "home");
    write("html/players/index.html", "players");
    write("html/a.mp4", "0123456789");
    write("html/live.m3u8", "#EXTM3U\n");
    write("other/index.html", "other home");
    files_ = std::make_unique<StaticFiles>(std::vector<StaticMount>{
        {"", "/", (top_ / "html").string()},
        {"other.example", "/", (top_ / "other").string()},
        {"", "/deep/", (top_ / "other").string()},
    });
  }
  ~StaticFilesTest() override { fs::remove_all(top_); }

  void write(const char* name, std::string_view text) {
    std::ofstream(top_ / name, std::ios::binary) << text;
  }

  Result<FileAnswer> open(std::string_view target, std::vector<Header> headers = {},
                          std::string_view host = "h") {
    headers_ = std::move(headers);
    const auto parsed = parse_target(target, path_);
    EXPECT_TRUE(parsed.ok());
    Request request;
    request.method = Method::kGet;
    request.path = parsed->path;
    request.query = parsed->query;
    request.headers = headers_;
    return files_->open(request, host);
  }
  /// Status and the bytes that would be sent.
  std::string get(std::string_view target, std::vector<Header> headers = {},
                  std::string_view host = "h") {
    const auto answer = open(target, std::move(headers), host);
    if (!answer.ok()) {
      return std::string(error_info(answer.error().code).name);
    }
    std::string out =
        std::to_string(answer->status) + " " + answer->location + answer->content_range + " ";
    out.append(answer->before.begin(), answer->before.end());
    std::string text(static_cast<size_t>(answer->size), '\0');
    if (answer->size > 0) {
      EXPECT_EQ(
          ::pread(answer->file.get(), text.data(), text.size(), static_cast<off_t>(answer->offset)),
          static_cast<ssize_t>(text.size()));
    }
    return out + text;
  }

  fs::path top_;
  std::unique_ptr<StaticFiles> files_;
  std::string path_;
  std::vector<Header> headers_;
};

TEST_F(StaticFilesTest, Mounts) {
  EXPECT_EQ(get("/"), "200  home");
  EXPECT_EQ(get("/players/"), "200  players");
  EXPECT_EQ(get("/", {}, "OTHER.example"), "200  other home");
  EXPECT_EQ(get("/deep/"), "200  other home");
  EXPECT_EQ(get("/missing"), "HTTP_NOT_FOUND");
  EXPECT_EQ(get("/index.html/"), "HTTP_NOT_FOUND");
}

TEST_F(StaticFilesTest, FolderWithoutSlashIsRedirectedWithinTheServer) {
  EXPECT_EQ(get("/players"), "301 /players/ ");
  EXPECT_EQ(get("/players?a=b"), "301 /players/?a=b ");
  EXPECT_EQ(get("//players"), "301 /players/ ");
  fs::create_directories(top_ / "html/evil.example");
  EXPECT_EQ(get("//evil.example"), "301 /evil.example/ ");
  fs::create_directories(top_ / "html/sp ace");
  EXPECT_EQ(get("/sp%20ace"), "301 /sp%20ace/ ");
}

TEST_F(StaticFilesTest, FolderWithoutIndexIsNotListed) {
  fs::create_directories(top_ / "html/empty");
  EXPECT_EQ(get("/empty/"), "HTTP_NOT_FOUND");
}

TEST_F(StaticFilesTest, Types) {
  EXPECT_EQ(open("/a.mp4")->content_type, "video/mp4");
  EXPECT_EQ(open("/a.mp4")->cache_control, "");
  EXPECT_EQ(open("/live.m3u8")->content_type, "application/vnd.apple.mpegurl");
  EXPECT_EQ(open("/live.m3u8")->cache_control, "no-cache");
}

TEST_F(StaticFilesTest, Ranges) {
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=2-4"}}), "206 bytes 2-4/10 234");
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=-3"}}), "206 bytes 7-9/10 789");
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=10-"}}), "416 bytes */10 ");
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=0-1,4-5"}}), "200  0123456789");
  EXPECT_EQ(get("/a.mp4?range=2-4"), "206 bytes 2-4/10 234");
  EXPECT_EQ(get("/a.mp4?bytes=8-"), "206 bytes 8-9/10 89");
  EXPECT_EQ(get("/index.html?bytes=1-2"), "200  home");
}

TEST_F(StaticFilesTest, Preconditions) {
  const std::string etag = open("/a.mp4")->etag;
  EXPECT_EQ(get("/a.mp4", {{"If-None-Match", etag}}), "304  ");
  EXPECT_EQ(get("/a.mp4", {{"If-None-Match", "\"x\""}}), "200  0123456789");
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=0-0"}, {"If-Range", etag}}), "206 bytes 0-0/10 0");
  EXPECT_EQ(get("/a.mp4", {{"Range", "bytes=0-0"}, {"If-Range", "\"x\""}}), "200  0123456789");
  write("html/a.mp4", "9876543210");
  EXPECT_NE(open("/a.mp4")->etag, etag);
}

TEST_F(StaticFilesTest, LinksDoNotLeadOut) {
  write("secret", "secret");
  fs::create_symlink("../secret", top_ / "html/link");
  fs::create_directory_symlink("..", top_ / "html/up");
  EXPECT_EQ(get("/link"), "HTTP_NOT_FOUND");
  EXPECT_EQ(get("/up/secret"), "HTTP_NOT_FOUND");
}

const Octets kFlvHeader{'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0};
const Octets kScript{18, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x05, 0, 0, 0, 12};
const Octets kVideoStart{9, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0x17, 0, 0, 0, 0, 0, 0, 0, 16};
const Octets kAudioStart{8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 0x12, 0x10, 0, 0, 0, 15};
const Octets kVideoFrame{9, 0, 0, 6, 0, 0, 9, 0, 0, 0, 0, 0x27, 1, 0, 0, 0, 0xaa, 0, 0, 0, 17};

Octets join(std::initializer_list<Octets> parts) {
  Octets out;
  for (const Octets& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

TEST(FlvSeek, HeaderAndSequenceHeaders) {
  EXPECT_EQ(flv_seek_head(
                join({kFlvHeader, kScript, kVideoStart, kVideoFrame, kAudioStart, kVideoFrame})),
            join({kFlvHeader, kVideoStart, kAudioStart}));
  EXPECT_EQ(flv_seek_head(join({kFlvHeader, kVideoStart, kVideoStart})),
            join({kFlvHeader, kVideoStart}));
  EXPECT_EQ(flv_seek_head(kFlvHeader), kFlvHeader);
  EXPECT_EQ(flv_seek_head({}), Octets{});
  EXPECT_EQ(flv_seek_head(Octets{'G', 'I', 'F', '8', 0, 0, 0, 0, 0, 0, 0, 0, 0}), Octets{});
}

TEST(FlvSeek, EveryCutOfTheBeginning) {
  const Octets whole = join({kFlvHeader, kVideoStart, kAudioStart});
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const Octets head = flv_seek_head(Bytes(whole).first(cut));
    EXPECT_LE(head.size(), std::max(cut, size_t{0}));
  }
}

TEST_F(StaticFilesTest, FlvFromTheMiddle) {
  const Octets file =
      join({kFlvHeader, kScript, kVideoStart, kAudioStart, kVideoFrame, kVideoFrame});
  const size_t start = file.size() - kVideoFrame.size();
  write("html/a.flv", {reinterpret_cast<const char*>(file.data()), file.size()});
  const Octets expected = join({kFlvHeader, kVideoStart, kAudioStart, kVideoFrame});
  EXPECT_EQ(get("/a.flv?start=" + std::to_string(start)),
            "200  " + std::string(expected.begin(), expected.end()));
  const std::string whole = "200  " + std::string(file.begin(), file.end());
  EXPECT_EQ(get("/a.flv?start=0"), whole);
  EXPECT_EQ(get("/a.flv?start=-1"), whole);
  EXPECT_EQ(get("/a.flv?start=99999999"), whole);
}

}  // namespace
}  // namespace millrace::http
