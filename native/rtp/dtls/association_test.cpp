#include "rtp/dtls/association.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "rtp/dtls/endpoint.hpp"

namespace millrace::dtls {
namespace {

using State = Endpoint::State;
using Role = Endpoint::Role;
using Datagram = std::vector<uint8_t>;

/// OpenSSL alone, as peers have it all through an association.
class OpenSslPeer {
 public:
  OpenSslPeer(const Certificate& certificate, Role role)
      : ssl_(SSL_new(certificate.context()), &SSL_free) {
    BIO* in = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out_, -1);
    SSL_set_bio(ssl_.get(), in, out_);
    SSL_set_mtu(ssl_.get(), kMtu);
    // The least that its clock tells from nothing.
    DTLS_set_timer_cb(ssl_.get(), [](SSL* /*ssl*/, unsigned /*last_us*/) { return 20'000U; });
    role == Role::kClient ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  }

  void advance() {
    std::array<uint8_t, 2048> ignored;
    (void)SSL_read(ssl_.get(), ignored.data(), static_cast<int>(ignored.size()));
  }
  void receive(Bytes datagram) {
    (void)BIO_reset(SSL_get_rbio(ssl_.get()));
    BIO_write(SSL_get_rbio(ssl_.get()), datagram.data(), static_cast<int>(datagram.size()));
    advance();
  }
  /// Waits for its timer: its clock is OpenSSL's own.
  void time_out() {
    timeval left{};
    ASSERT_EQ(DTLSv1_get_timeout(ssl_.get(), &left), 1);
    std::this_thread::sleep_for(std::chrono::microseconds(left.tv_usec));
    (void)DTLSv1_handle_timeout(ssl_.get());
  }
  void write(std::string_view text) {
    EXPECT_GT(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())), 0);
  }
  void close() { (void)SSL_shutdown(ssl_.get()); }
  [[nodiscard]] Datagram sent() {
    Datagram datagram(BIO_ctrl_pending(out_));
    BIO_read(out_, datagram.data(), static_cast<int>(datagram.size()));
    return datagram;
  }
  [[nodiscard]] bool is_connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] bool was_closed() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  BIO* out_ = nullptr;
};

Datagram sent_by(Endpoint& endpoint) {
  Datagram all;
  for (Bytes out = endpoint.poll_output(); !out.empty(); out = endpoint.poll_output()) {
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

struct Pairing {
  explicit Pairing(const std::string& suite, Role role = Role::kServer)
      : endpoint(ours, role, {fingerprint()}),
        peer((SSL_CTX_set_cipher_list(theirs.context(), suite.c_str()), theirs),
             role == Role::kServer ? Role::kClient : Role::kServer) {}

  Fingerprint fingerprint() const {
    const std::string& text = theirs.fingerprint();
    return {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
  }
  /// @param lost  how often the last flight of the endpoint does not arrive.
  void connect(int lost = 0) {
    endpoint.start(Clock::now());
    peer.advance();
    for (int i = 0; i < 20; ++i) {
      if (const Datagram to_endpoint = peer.sent(); !to_endpoint.empty()) {
        endpoint.receive(to_endpoint, Clock::now());
        last_of_peer = to_endpoint;
      }
      const Datagram to_peer = sent_by(endpoint);
      if (endpoint.state() == State::kConnected && lost > 0) {
        EXPECT_FALSE(to_peer.empty());
        --lost;
        peer.time_out();
      } else if (!to_peer.empty()) {
        peer.receive(to_peer);
      }
    }
    ASSERT_EQ(endpoint.state(), State::kConnected);
    ASSERT_TRUE(peer.is_connected());
  }

  Certificate ours;
  Certificate theirs;
  Endpoint endpoint;
  OpenSslPeer peer;
  Datagram last_of_peer;
};

std::string name_of(const testing::TestParamInfo<const char*>& named) {
  std::string name = named.param;
  std::erase(name, '-');
  return name;
}

/// With all kinds of records: those for which OpenSSL's object is given up, and CBC.
class DtlsAssociation : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Suites, DtlsAssociation,
                         testing::Values("ECDHE-ECDSA-AES128-GCM-SHA256",
                                         "ECDHE-ECDSA-AES256-GCM-SHA384",
                                         "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA"),
                         name_of);

class DtlsRecords : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Suites, DtlsRecords,
                         testing::Values("ECDHE-ECDSA-AES128-GCM-SHA256",
                                         "ECDHE-ECDSA-AES256-GCM-SHA384",
                                         "ECDHE-ECDSA-CHACHA20-POLY1305"),
                         name_of);

TEST_P(DtlsAssociation, PeerHearsCloseNotify) {
  for (const Role role : {Role::kServer, Role::kClient}) {
    Pairing pair(GetParam(), role);
    pair.connect();
    EXPECT_FALSE(pair.peer.was_closed());
    pair.endpoint.close();
    pair.peer.receive(sent_by(pair.endpoint));
    EXPECT_TRUE(pair.peer.was_closed());
  }
}

TEST_P(DtlsAssociation, CloseNotifyOfThePeerIsHeard) {
  for (const Role role : {Role::kServer, Role::kClient}) {
    Pairing pair(GetParam(), role);
    pair.connect();
    pair.peer.close();
    pair.endpoint.receive(pair.peer.sent(), Clock::now());
    EXPECT_EQ(pair.endpoint.state(), State::kClosed);
  }
}

/// RFC 6347 §4.2.4: the server, whose flight is the last, sends it again when the client does.
TEST_P(DtlsAssociation, LastFlightIsSentAgainWhenItWasLost) {
  for (int lost = 1; lost < 5; ++lost) {
    Pairing pair(GetParam());
    pair.connect(lost);
    pair.endpoint.close();
    pair.peer.receive(sent_by(pair.endpoint));
    EXPECT_TRUE(pair.peer.was_closed());
  }
}

TEST_P(DtlsAssociation, ApplicationDataIsIgnored) {
  Pairing pair(GetParam());
  pair.connect();
  pair.peer.write("of a data channel");
  pair.endpoint.receive(pair.peer.sent(), Clock::now());
  EXPECT_EQ(pair.endpoint.state(), State::kConnected);
  EXPECT_TRUE(sent_by(pair.endpoint).empty());
}

TEST_P(DtlsRecords, OnlyAuthenticOnesCount) {
  Pairing pair(GetParam());
  pair.connect();
  pair.peer.close();
  const Datagram genuine = pair.peer.sent();
  const auto expect_ignored = [&pair](const Datagram& datagram) {
    pair.endpoint.receive(datagram, Clock::now());
    EXPECT_EQ(pair.endpoint.state(), State::kConnected);
    EXPECT_TRUE(sent_by(pair.endpoint).empty());
  };
  for (size_t at = 0; at < genuine.size(); ++at) {
    Datagram broken = genuine;
    broken[at] ^= 1;
    expect_ignored(broken);
    expect_ignored(Datagram(genuine.begin(), genuine.begin() + static_cast<ptrdiff_t>(at)));
  }
  expect_ignored({21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 0});  // in the clear
  expect_ignored({21, 254, 253, 0, 1, 0, 0, 0, 0, 0, 99, 0, 2, 2, 0});  // not protected
  expect_ignored({21, 254, 253, 0, 1, 0, 0, 0, 0, 0, 99, 0, 0});
  Datagram behind_others{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 99, 0, 1, 1};
  behind_others.insert(behind_others.end(), genuine.begin(), genuine.end());
  pair.endpoint.receive(behind_others, Clock::now());
  EXPECT_EQ(pair.endpoint.state(), State::kClosed);
}

TEST(DtlsAssociationLimits, SameFinishedAgainIsNotAnsweredForEver) {
  Pairing pair("ECDHE-ECDSA-AES128-GCM-SHA256");
  pair.connect();
  size_t answers = 0;
  for (int i = 0; i < 100; ++i) {
    pair.endpoint.receive(pair.last_of_peer, Clock::now());
    answers += sent_by(pair.endpoint).empty() ? 0 : 1;
  }
  EXPECT_GE(answers, 8U);
  EXPECT_LE(answers, 16U);
  EXPECT_EQ(pair.endpoint.state(), State::kConnected);
}

/// A client's flight is not the last: what the server repeats needs no answer.
TEST(DtlsAssociationLimits, ClientHasNothingToRepeat) {
  Pairing pair("ECDHE-ECDSA-AES128-GCM-SHA256", Role::kClient);
  pair.connect();
  pair.endpoint.receive(pair.last_of_peer, Clock::now());
  EXPECT_TRUE(sent_by(pair.endpoint).empty());
}

}  // namespace
}  // namespace millrace::dtls
