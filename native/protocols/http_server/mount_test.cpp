#include "protocols/http_server/mount.hpp"

#include <gtest/gtest.h>

namespace millrace::http_server {
namespace {

struct Case {
  const char* text;
  const char* path;
  const char* named;  // "app stream"; empty = no match
};

std::string named(const MountTemplate& mount, std::string_view path) {
  const auto name = mount.match(path);
  return name ? name->app + " " + name->stream : "";
}

TEST(MountTemplate, NamesAppAndStream) {
  const Case cases[] = {
      {"[vhost]/[app]/[stream].flv", "/live/cam.flv", "live cam"},
      {"[vhost]/[app]/[stream].flv", "/live/room/1/cam.flv", "live/room/1 cam"},
      {"[vhost]/[app]/[stream].flv", "/live/cam.a.flv", "live cam.a"},
      {"[vhost]/[app]/[stream].flv", "/live/.flv", ""},
      {"[vhost]/[app]/[stream].flv", "/cam.flv", ""},
      {"[vhost]/[app]/[stream].flv", "//cam.flv", ""},
      {"[vhost]/[app]/[stream].flv", "/live/cam.ts", ""},
      {"[vhost]/[app]/[stream].flv", "/", ""},
      {"[vhost]/[app]/[stream].flv", "", ""},
      {"[app]/[stream]", "/live/cam", "live cam"},
      {"/flv/[app]/[stream].flv", "/flv/live/cam.flv", "live cam"},
      {"/flv/[app]/[stream].flv", "/live/cam.flv", ""},
      {"/[app]-[stream].flv", "/a-b-c.flv", "a-b c"},
      {"/[app][stream].flv", "/ab.flv", ""},
      {"/[stream].flv", "/cam.flv", "__defaultApp__ cam"},
      {"/[stream].flv", "/live/cam.flv", ""},
      {"/[stream]/[app].flv", "/cam/live.flv", "live cam"},
      {"/[stream]/[app].flv", "/cam/live/room.flv", "live/room cam"},
      {"/[stream]/[app].flv", "/cam/.flv", ""},
      {"/[stream]/[app].flv", "//live.flv", ""},
      {"/x/[stream]@[app].ts", "/x/cam@live@1.ts", "live@1 cam"},
      {"/fixed.flv", "/fixed.flv", ""},
  };
  for (const Case& tested : cases) {
    EXPECT_EQ(named(MountTemplate(tested.text, "__defaultVhost__"), tested.path), tested.named)
        << tested.text << " " << tested.path;
  }
}

TEST(MountTemplate, VhostInThePathIsTheVhostsName) {
  EXPECT_EQ(named(MountTemplate("/x/[vhost]/[app]/[stream].flv", "a.com"), "/x/a.com/live/cam.flv"),
            "live cam");
  EXPECT_EQ(named(MountTemplate("/x/[vhost]/[app]/[stream].flv", "a.com"), "/x/b.com/live/cam.flv"),
            "");
}

}  // namespace
}  // namespace millrace::http_server
