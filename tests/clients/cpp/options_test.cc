#include "hpod/options.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hpod/client.h"

namespace hpod {
namespace {

using ::testing::HasSubstr;

// The environment without variables of hpod but those that the test sets.
class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() { Clear(); }
  ~OptionsTest() override { Clear(); }

  static void Clear() {
    for (const char* name : {"HPOD_SERVER", "HPOD_TOKEN", "HPOD_TLS_CA", "HPOD_TLS_CERT",
                             "HPOD_TLS_KEY", "HPOD_RETRY_SECONDS"}) {
      ::unsetenv(name);
    }
  }

  static std::string ConnectError(const Options& options) {
    return std::string(Client::Connect(options).status().message());
  }
};

TEST_F(OptionsTest, HaveDefaultsWithoutAnEnvironment) {
  const auto options = Options::FromEnvironment();
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->server, "127.0.0.1:13000");
  EXPECT_EQ(options->token, "");
  EXPECT_EQ(options->retry_for, std::chrono::seconds(120));
}

TEST_F(OptionsTest, AreTakenFromTheEnvironment) {
  ::setenv("HPOD_SERVER", "host:1", 1);
  ::setenv("HPOD_TOKEN", "secret", 1);
  ::setenv("HPOD_TLS_CA", "", 1);
  ::setenv("HPOD_RETRY_SECONDS", "1.5", 1);
  const auto options = Options::FromEnvironment();
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->server, "host:1");
  EXPECT_EQ(options->token, "secret");
  EXPECT_EQ(options->tls_ca, "");
  EXPECT_EQ(options->retry_for, std::chrono::milliseconds(1500));
}

TEST_F(OptionsTest, AreRefusedByNameWhenTheyAreWrong) {
  for (const char* text : {"soon", "-1", "nan"}) {
    ::setenv("HPOD_RETRY_SECONDS", text, 1);
    EXPECT_THAT(std::string(Options::FromEnvironment().status().message()),
                HasSubstr("HPOD_RETRY_SECONDS is '" + std::string(text) + "'"));
  }
  for (const char* server : {"", "localhost", "localhost:", "localhost:http", ":13000", "::1",
                             "::1:13000", "http://localhost:13000", "localhost:123456"}) {
    EXPECT_EQ(ConnectError({.server = server}),
              "the server is '" + std::string(server) + "', but must be host:port");
  }
  EXPECT_THAT(ConnectError({.tls_ca = "/none.pem"}),
              HasSubstr("tls_ca '/none.pem' cannot be read"));
  EXPECT_THAT(ConnectError({.tls_cert = "c.pem"}), HasSubstr("one is missing"));
  EXPECT_THAT(ConnectError({.tls_cert = "c.pem", .tls_key = "k.pem"}), HasSubstr("need tls_ca"));
}

TEST_F(OptionsTest, MayNameAServerByNameOrNumber) {
  for (const char* server : {"localhost:1", "127.0.0.1:13000", "[::1]:65535"})
    EXPECT_TRUE(Client::Connect({.server = server}).ok()) << server;
}

}  // namespace
}  // namespace hpod
