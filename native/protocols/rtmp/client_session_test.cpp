#include "protocols/rtmp/client_session.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

#include "protocols/rtmp/server_session.hpp"
#include "protocols/rtmp/testing/scripted_session.hpp"

namespace millrace::rtmp {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): of this module's tests

/// Carries bytes between a client and a host until both are quiet. @return the client's events.
Lines converse(ClientSession& client, Host& host) {
  Lines lines;
  for (int turn = 0; turn < 20; ++turn) {
    const ByteVector up = bytes_of(client.pending_output());
    client.consume_output(up.size());
    host.feed(up);
    const ByteVector down = std::exchange(host.output, {});
    if (up.empty() && down.empty()) {
      break;
    }
    client.feed(down);
    for (auto event = client.poll();; event = client.poll()) {
      if (!event.ok()) {
        lines.push_back("error " + std::string(error_info(event.error().code).name));
        return lines;
      }
      if (!event.value()) {
        break;
      }
      if (const auto* status = std::get_if<ServerStatus>(&*event.value())) {
        lines.push_back(status->code + (status->redirect_url.empty() ? "" : " -> ") +
                        status->redirect_url);
      } else if (std::holds_alternative<Started>(*event.value())) {
        lines.push_back("started");
      }
    }
  }
  return lines;
}

TEST(ClientSession, PublishesAndPlaysAgainstTheServer) {
  for (const auto form : {ClientHandshake::Form::kPlain, ClientHandshake::Form::kDigest}) {
    ClientOptions options;
    options.purpose = ClientOptions::Purpose::kPublish;
    options.tc_url = "rtmp://127.0.0.1/live";
    options.app = "live";
    options.stream = "a";
    options.handshake = form;
    ClientSession publisher(options, {}, 3);
    Host host;
    EXPECT_EQ(converse(publisher, host), Lines{"started"});
    publisher.write_media(MessageType::kVideo, 0x1000000, ByteVector(70000, 0x27));
    publisher.write_media(MessageType::kAudio, 10, ByteVector{0xaf, 0x00});
    EXPECT_TRUE(converse(publisher, host).empty());
    publisher.stop();
    EXPECT_EQ(converse(publisher, host), Lines{"NetStream.Unpublish.Success"});
    EXPECT_EQ(host.events,
              (Lines{"connect rtmp://127.0.0.1/live app=live fourccs=1", "publish a type=live fmle",
                     "media 9 16777216 27272727 70000", "media 8 10 af00 2", "stop publish"}));

    options.purpose = ClientOptions::Purpose::kPlay;
    ClientSession player(options, {}, 3);
    Host other;
    // Play.Reset comes before Play.Start.
    EXPECT_EQ(converse(player, other), (Lines{"NetStream.Play.Reset", "started"}));
  }
}

TEST(ClientSession, RefusalAndRedirect) {
  ClientOptions options;
  options.stream = "a";
  ClientSession client(options, {}, 3);
  ServerSession server({}, 4);
  Lines lines;
  for (int turn = 0; turn < 10; ++turn) {
    const ByteVector up = bytes_of(client.pending_output());
    client.consume_output(up.size());
    server.feed(up);
    for (auto event = server.poll(); event.ok() && event.value(); event = server.poll()) {
      if (std::holds_alternative<ConnectRequest>(*event.value())) {
        server.accept_connect(test_answer());
      } else {
        server.redirect("rtmp://192.0.2.5/live", "rtmp://192.0.2.5/live/a");
      }
    }
    const ByteVector down = bytes_of(server.pending_output());
    server.consume_output(down.size());
    client.feed(down);
    for (auto event = client.poll(); event.ok() && event.value(); event = client.poll()) {
      lines.push_back(std::get<ServerStatus>(*event.value()).redirect_url);
    }
  }
  EXPECT_EQ(lines, Lines{"rtmp://192.0.2.5/live/a"});
  EXPECT_EQ(client.poll().error().code, ErrorCode::kRtmpPeerRefused);
}

}  // namespace
}  // namespace millrace::rtmp
