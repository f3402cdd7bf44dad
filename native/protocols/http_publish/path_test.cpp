#include "protocols/http_publish/path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace::http_publish {
namespace {

TEST(PublishedName, IsFolderAndFile) {
  const struct {
    const char* path;
    const char* named;
  } cases[] = {
      {"/live/cam.flv", "live cam"},
      {"/live/cam", "live cam"},
      {"/a/b/cam.flv", "a/b cam"},
      {"/live/cam.flv.flv", "live cam.flv"},
      {"/live/.flv", ""},
      {"/cam.flv", ""},
      {"/live/", ""},
      {"/", ""},
      {"", ""},
      {"/live/cam.ts", "live cam.ts"},
  };
  for (const auto& tested : cases) {
    const auto name = published_name(tested.path);
    EXPECT_EQ(name ? std::string(name->app) + " " + std::string(name->stream) : "", tested.named)
        << tested.path;
  }
}

}  // namespace
}  // namespace millrace::http_publish
