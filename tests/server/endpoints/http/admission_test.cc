// Hosts that are served, and pages that may ask.

#include "server/endpoints/http/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_header.h"

namespace hpod {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kHosts = {"daemon.example"};

// The status of the refusal; 0 if there is none.
unsigned RefusalOf(const HeaderFields& fields) {
  const auto refusal = RefuseOrigin(Post(fields), kHosts);
  return refusal.has_value() ? refusal->status : 0;
}

unsigned RefusalOfHost(const std::string& host) { return RefusalOf({{"Host", host}}); }

TEST(SplitHosts, TakesNamesApartInLowerCase) {
  EXPECT_THAT(SplitHosts("a.example, B.Example"), ElementsAre("a.example", "b.example"));
  EXPECT_THAT(SplitHosts("  a.example  "), ElementsAre("a.example"));
}

TEST(SplitHosts, LeavesOutEmptyNames) {
  EXPECT_THAT(SplitHosts(""), IsEmpty());
  EXPECT_THAT(SplitHosts(" , ,"), IsEmpty());
  EXPECT_THAT(SplitHosts(",a,,b,"), ElementsAre("a", "b"));
}

TEST(Host, MayBeLocalhostWithAnyPort) {
  for (const char* host : {"localhost", "LocalHost", "localhost:1", "localhost:65535"})
    EXPECT_EQ(RefusalOfHost(host), 0u) << host;
}

TEST(Host, MayBeANumber) {
  for (const char* host : {"127.0.0.1", "10.1.2.3:80", "0.0.0.0", "[::1]", "[::1]:8080",
                           "[2001:db8::7]:80", "[::ffff:10.0.0.1]"})
    EXPECT_EQ(RefusalOfHost(host), 0u) << host;
}

TEST(Host, MayBeANameThatWasGiven) {
  EXPECT_EQ(RefusalOfHost("daemon.example"), 0u);
  EXPECT_EQ(RefusalOfHost("DAEMON.example:8080"), 0u);
}

TEST(Host, OfAnotherNameIsMisdirected) {
  for (const char* host : {"evil.example", "localhost.evil.example", "daemon.example.evil.example",
                           "x.daemon.example", "localhost.", "127.0.0.1.evil.example"})
    EXPECT_EQ(RefusalOfHost(host), 421u) << host;
}

TEST(Host, ThatOnlyLooksLikeANumberIsMisdirected) {
  for (const char* host : {"127.1", "2130706433", "0x7f000001", "256.0.0.1", "1.2.3.4.5", "::1",
                           "[::1", "::1]", "[127.0.0.1]", "[localhost]", "[]", "[::1]evil"})
    EXPECT_EQ(RefusalOfHost(host), 421u) << host;
}

TEST(Host, WithAPortThatIsNoneIsMisdirected) {
  for (const char* host : {"localhost:", "localhost:x", "localhost:+1", "localhost:-1",
                           "localhost:123456", "localhost:1:2", "localhost:80@evil.example", ":80"})
    EXPECT_EQ(RefusalOfHost(host), 421u) << host;
}

TEST(Host, MustBeThereOnce) {
  EXPECT_EQ(RefusalOf({}), 400u);
  EXPECT_EQ(RefusalOf({{"Host", "localhost"}, {"Host", "localhost"}}), 400u);
  EXPECT_EQ(RefusalOf({{"Host", ""}}), 421u);
}

TEST(Host, OfTheTargetGoesBeforeTheHeader) {
  const auto refusal_of = [](const std::string& target, const HeaderFields& fields) {
    const auto refusal = RefuseOrigin(Get(target, fields), kHosts);
    return refusal.has_value() ? refusal->status : 0;
  };
  const HeaderFields served = {{"Host", "localhost"}};
  EXPECT_EQ(refusal_of("http://127.0.0.1:80/", {{"Host", "proxy.example"}}), 0u);
  EXPECT_EQ(refusal_of("http://daemon.example", {{"Host", ""}}), 0u);
  for (const char* target : {"http://evil.example/", "http://localhost@evil.example/", "http:///",
                             "http://localhost:80@evil.example/", "http://evil.example?localhost"})
    EXPECT_EQ(refusal_of(target, served), 421u) << target;
  EXPECT_EQ(refusal_of("http://localhost/", {}), 400u);
  EXPECT_EQ(refusal_of("http://localhost/", {{"Host", "a"}, {"Origin", "http://a"}}), 403u);
  EXPECT_EQ(refusal_of("http://localhost/", {{"Host", "a"}, {"Origin", "http://localhost"}}), 0u);
}

TEST(Host, ThatIsRefusedIsNamedWithWhatToDo) {
  const auto refusal = RefuseOrigin(Post({{"Host", "evil.example"}}), kHosts);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(refusal->body, HasSubstr("evil.example"));
  EXPECT_THAT(refusal->body, HasSubstr("--http-hosts"));
}

TEST(Origin, OfClientsThatAreNoBrowsersIsAbsent) {
  EXPECT_EQ(RefusalOf({{"Host", "localhost"}}), 0u);
}

TEST(Origin, MayBeTheDaemonItself) {
  EXPECT_EQ(RefusalOf({{"Host", "localhost:80"}, {"Origin", "http://localhost:80"}}), 0u);
  EXPECT_EQ(RefusalOf({{"Host", "LOCALHOST"}, {"Origin", "HTTP://localhost"}}), 0u);
  // Behind a proxy that adds TLS.
  EXPECT_EQ(RefusalOf({{"Host", "daemon.example"}, {"Origin", "https://daemon.example"}}), 0u);
}

TEST(Origin, OfAnotherPageIsForbidden) {
  for (const char* origin :
       {"http://evil.example", "http://localhost:81", "http://localhost.evil.example", "localhost",
        "ftp://localhost", "http://localhost/", "file://", "null", ""})
    EXPECT_EQ(RefusalOf({{"Host", "localhost"}, {"Origin", origin}}), 403u) << origin;
}

TEST(FetchSite, SaysWhetherThePageIsOfThisSite) {
  for (const char* own : {"same-origin", "none"})
    EXPECT_EQ(RefusalOf({{"Host", "localhost"}, {"Sec-Fetch-Site", own}}), 0u) << own;
  for (const char* other : {"cross-site", "same-site", "Same-Origin", "unheard-of"})
    EXPECT_EQ(RefusalOf({{"Host", "localhost"}, {"Sec-Fetch-Site", other}}), 403u) << other;
}

TEST(FetchSite, ThatIsEmptyLeavesItToTheOrigin) {
  const std::pair<std::string, std::string> empty = {"Sec-Fetch-Site", ""};
  EXPECT_EQ(RefusalOf({{"Host", "localhost"}, empty}), 0u);
  EXPECT_EQ(RefusalOf({{"Host", "localhost"}, empty, {"Origin", "http://evil.example"}}), 403u);
}

}  // namespace
}  // namespace hpod
