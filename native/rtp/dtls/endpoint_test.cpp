#include "rtp/dtls/endpoint.hpp"

#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <deque>
#include <functional>
#include <set>
#include <thread>

namespace millrace::dtls {
namespace {

using State = Endpoint::State;
using Role = Endpoint::Role;
using Datagram = std::vector<uint8_t>;

Fingerprint fingerprint_of(const Certificate& certificate) {
  const std::string& text = certificate.fingerprint();
  const size_t space = text.find(' ');
  return {text.substr(0, space), text.substr(space + 1)};
}

/// Two endpoints and the way between them.
struct Pair {
  explicit Pair(bool trusts = true)
      : client(a, Role::kClient, {trusts ? fingerprint_of(b) : Fingerprint{"sha-256", "AB"}}),
        server(b, Role::kServer, {fingerprint_of(a)}) {}

  /// Carries datagrams to and fro until nothing moves and nothing is waited for.
  /// @param passes  whether the network delivers; told who sends.
  void run(const std::function<bool(Role, const Datagram&)>& passes, int timeouts = 40) {
    client.start(Clock::now());
    for (;;) {
      bool moved = false;
      for (Endpoint* from : {&client, &server}) {
        Endpoint& to = from == &client ? server : client;
        for (Bytes out = from->poll_output(); !out.empty(); out = from->poll_output()) {
          EXPECT_LE(out.size(), kMtu);
          const Datagram datagram(out.begin(), out.end());
          EXPECT_TRUE(
              records.insert({from, Datagram(datagram.begin() + 3, datagram.begin() + 11)}).second)
              << "a record was sent twice with the same number";
          moved = true;
          if (passes(from == &client ? Role::kClient : Role::kServer, datagram)) {
            to.receive(datagram, Clock::now());
          }
        }
      }
      if (moved) {
        continue;
      }
      Endpoint* next = nullptr;
      for (Endpoint* end : {&client, &server}) {
        if (end->deadline() && (next == nullptr || *end->deadline() < *next->deadline())) {
          next = end;
        }
      }
      if (next == nullptr || timeouts-- == 0) {
        return;
      }
      std::this_thread::sleep_until(*next->deadline());
      next->on_timeout(Clock::now());
    }
  }

  Certificate a;
  Certificate b;
  Endpoint client;
  Endpoint server;
  std::set<std::pair<Endpoint*, Datagram>> records;  // epoch and sequence number
};

bool deliver(Role /*from*/, const Datagram& /*datagram*/) { return true; }

TEST(Dtls, KeysOfBothEndsFit) {
  Pair pair;
  pair.run(deliver);
  ASSERT_EQ(pair.client.state(), State::kConnected);
  ASSERT_EQ(pair.server.state(), State::kConnected);
  const auto& client = *pair.client.srtp_keys();
  const auto& server = *pair.server.srtp_keys();
  EXPECT_EQ(client.profile, srtp::Profile::kAeadAes128Gcm);
  EXPECT_EQ(client.send.key, server.receive.key);
  EXPECT_EQ(client.send.salt, server.receive.salt);
  EXPECT_EQ(client.receive.key, server.send.key);
  EXPECT_NE(client.send.key, client.receive.key);
}

TEST(Dtls, EachLostDatagramIsSentAgain) {
  for (size_t lost = 0; lost < 8; ++lost) {
    Pair pair;
    size_t number = 0;
    pair.run([&](Role, const Datagram&) { return number++ != lost; });
    EXPECT_EQ(pair.client.state(), State::kConnected) << lost;
    EXPECT_EQ(pair.server.state(), State::kConnected) << lost;
  }
}

TEST(Dtls, DuplicatesAreHarmless) {
  Pair pair;
  pair.run([&](Role from, const Datagram& datagram) {
    (from == Role::kClient ? pair.server : pair.client).receive(datagram, Clock::now());
    return true;
  });
  EXPECT_EQ(pair.client.state(), State::kConnected);
  EXPECT_EQ(pair.server.state(), State::kConnected);
}

TEST(Dtls, SilenceEndsInAFailure) {
  Pair pair;
  size_t sent = 0;
  pair.run([&](Role, const Datagram&) {
    ++sent;
    return false;
  });
  EXPECT_EQ(pair.client.state(), State::kFailed);
  EXPECT_EQ(pair.client.error().code, ErrorCode::kWebrtcDtlsTimeout);
  EXPECT_GE(sent, 6U);
}

TEST(Dtls, AnotherCertificateIsRefused) {
  Pair pair(false);
  pair.run(deliver);
  EXPECT_EQ(pair.client.state(), State::kFailed);
  EXPECT_EQ(pair.client.error().code, ErrorCode::kWebrtcFingerprintMismatch);
  EXPECT_FALSE(pair.client.srtp_keys().has_value());
}

TEST(Dtls, GarbageDoesNotDisturb) {
  Pair pair;
  size_t number = 0;
  pair.run([&](Role from, const Datagram& datagram) {
    Endpoint& to = from == Role::kClient ? pair.server : pair.client;
    Datagram garbage(datagram.size(), static_cast<uint8_t>(number++));
    garbage[0] = 22;
    to.receive(garbage, Clock::now());
    to.receive(Bytes(datagram).first(datagram.size() / 2), Clock::now());
    Datagram lying = datagram;
    lying[11] = 0xff;  // a record longer than the datagram
    to.receive(lying, Clock::now());
    return true;
  });
  EXPECT_EQ(pair.client.state(), State::kConnected);
  EXPECT_EQ(pair.server.state(), State::kConnected);
}

/// Records of the next epoch wait in OpenSSL, which must not become many.
TEST(Dtls, EarlyRecordsAreFewOrLeftOut) {
  const Datagram early{23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4};
  Pair pair;
  for (int i = 0; i < 20; ++i) {
    pair.server.receive(early, Clock::now());
  }
  pair.run(deliver);
  EXPECT_EQ(pair.server.state(), State::kConnected);
  Pair flooded;
  Datagram many;
  for (int i = 0; i < 50; ++i) {
    many.insert(many.end(), early.begin(), early.end());
    many[static_cast<size_t>(i) * early.size() + 10] = static_cast<uint8_t>(i);
  }
  for (int i = 0; i < 200; ++i) {
    flooded.server.receive(many, Clock::now());
  }
  EXPECT_TRUE(flooded.server.poll_output().empty());
  EXPECT_EQ(flooded.server.state(), State::kHandshaking);
  EXPECT_EQ(flooded.client.state(), State::kWaiting);
}

/// Fragments that declare the longest message, many messages ahead, none of them whole.
TEST(Dtls, FragmentFloodEnds) {
  Pair pair;
  Datagram fragment{22, 254, 253,  0,    0, 0, 0, 0, 0, 0, 0, 0, 13,  // record
                    11, 0,   0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  uint32_t number = 0;
  while (pair.server.state() != State::kFailed && number < 100'000) {
    fragment[8] = static_cast<uint8_t>(number >> 16);
    fragment[9] = static_cast<uint8_t>(number >> 8);
    fragment[10] = static_cast<uint8_t>(number);
    fragment[18] = static_cast<uint8_t>(number % 12);   // message sequence
    fragment[20] = static_cast<uint8_t>(number % 251);  // offset
    pair.server.receive(fragment, Clock::now());
    ++number;
  }
  EXPECT_EQ(pair.server.state(), State::kFailed);
  EXPECT_LT(number, 100'000U);
}

TEST(Dtls, CloseIsTold) {
  Pair pair;
  pair.run(deliver);
  pair.client.close();
  for (Bytes out = pair.client.poll_output(); !out.empty(); out = pair.client.poll_output()) {
    for (int copies = 0; copies < 3; ++copies) {
      pair.server.receive(out, Clock::now());
    }
  }
  EXPECT_EQ(pair.server.state(), State::kClosed);
}

TEST(Dtls, LongHandshakesAreCutOff) {
  Pair pair;
  Datagram record{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0x04, 0x00};
  record.resize(13 + 1024, 1);
  for (int i = 0; i < 1100 && pair.server.state() != State::kFailed; ++i) {
    pair.server.receive(record, Clock::now());
    record[10] = static_cast<uint8_t>(i);
    record[9] = static_cast<uint8_t>(i >> 8);
  }
  EXPECT_EQ(pair.server.state(), State::kFailed);
}

/// A peer with a certificate of 4096 bits RSA and a long name, which takes several datagrams.
TEST(Dtls, LargeRsaCertificate) {
  Pair pair;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(4096), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  for (int i = 0; i < 30; ++i) {
    X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
                               reinterpret_cast<const uint8_t*>(std::string(60, 'x').c_str()), -1,
                               -1, 0);
  }
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  ASSERT_EQ(SSL_CTX_use_certificate(pair.a.context(), certificate.get()), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey(pair.a.context(), key.get()), 1);
  std::array<uint8_t, 32> digest{};
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), nullptr);
  for (const Role role : {Role::kClient, Role::kServer}) {
    if (role == Role::kServer) {
      // It has the certificate of P-256 too.
      SSL_CTX_set_cipher_list(pair.a.context(), "ECDHE-RSA-AES128-GCM-SHA256");
    }
    Endpoint large(pair.a, role, {fingerprint_of(pair.b)});
    Endpoint other(pair.b, role == Role::kClient ? Role::kServer : Role::kClient,
                   {{"SHA-256", colon_hex(digest)}});
    large.start(Clock::now());
    other.start(Clock::now());
    for (int i = 0; i < 20; ++i) {
      for (auto [from, to] : {std::pair{&large, &other}, std::pair{&other, &large}}) {
        for (Bytes out = from->poll_output(); !out.empty(); out = from->poll_output()) {
          EXPECT_LE(out.size(), kMtu);
          to->receive(out, Clock::now());
        }
      }
    }
    EXPECT_EQ(large.state(), State::kConnected);
    EXPECT_EQ(other.state(), State::kConnected);
  }
}

}  // namespace
}  // namespace millrace::dtls
