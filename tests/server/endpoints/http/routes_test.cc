// What is at which path.

#include "server/endpoints/http/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hpo/v1/study_service.pb.h"

namespace hpod {
namespace {

using boost::beast::http::verb;

// A method that is only looked up.
class NamedMethod final : public Method {
 public:
  explicit NamedMethod(const google::protobuf::Descriptor& request) : request_(request) {}
  const google::protobuf::MethodDescriptor* Descriptor() const override {
    return MethodOf(request_);
  }
  void Start() override {}
  std::unique_ptr<DirectCall> NewCall() override { return nullptr; }

 private:
  const google::protobuf::Descriptor& request_;
};

class RoutesTest : public testing::Test {
 protected:
  // The status of the refusal; 0 if there is a route.
  unsigned Refusal(verb asked, std::string_view path) const {
    const auto found = routes.Find(asked, path);
    const auto* answer = std::get_if<HttpAnswer>(&found);
    return answer == nullptr ? 0 : answer->status;
  }

  NamedMethod get_study{*hpo::v1::GetStudyRequest::descriptor()};
  NamedMethod nameless{*hpo::v1::Study::descriptor()};
  Routes routes{{&get_study, &nameless}};
};

using Routing = RoutesTest;

TEST_F(Routing, LeadsToTheMethod) {
  const auto found = routes.Find(verb::post, "/hpo.v1.StudyService/GetStudy");
  ASSERT_TRUE(std::holds_alternative<Route>(found));
  EXPECT_EQ(std::get<UnaryRoute>(std::get<Route>(found)).method, &get_study);
}

TEST_F(Routing, KnowsTheStreamAndTheDocument) {
  EXPECT_EQ(Refusal(verb::get, "/hpo.v1.StudyService/WatchStudy"), 0u);
  EXPECT_EQ(Refusal(verb::post, "/hpo.v1.StudyService/WatchStudy"), 0u);
  EXPECT_EQ(Refusal(verb::get, "/openapi.json"), 0u);
}

TEST_F(Routing, TakesAPathLetterByLetter) {
  for (const char* path : {"", "/", "*", "/hpo.v1.StudyService/getstudy", "/openapi.json/",
                           "/hpo.v1.StudyService/GetStudy/", "//hpo.v1.StudyService/GetStudy",
                           "/hpo.v1.StudyService/Get%53tudy", "/hpo.v1.StudyService/CreateStudy",
                           "hpo.v1.StudyService/GetStudy"})
    EXPECT_EQ(Refusal(verb::post, path), 404u) << path;
}

TEST_F(Routing, SaysWhichVerbsThereAre) {
  struct Row {
    verb asked;
    const char* path;
    const char* allow;
  };
  for (const Row& row :
       std::initializer_list<Row>{{verb::get, "/hpo.v1.StudyService/GetStudy", "POST"},
                                  {verb::options, "/hpo.v1.StudyService/GetStudy", "POST"},
                                  {verb::unknown, "/hpo.v1.StudyService/GetStudy", "POST"},
                                  {verb::put, "/hpo.v1.StudyService/WatchStudy", "GET, POST"},
                                  {verb::post, "/openapi.json", "GET"},
                                  {verb::head, "/openapi.json", "GET"}}) {
    const auto found = routes.Find(row.asked, row.path);
    ASSERT_TRUE(std::holds_alternative<HttpAnswer>(found)) << row.path;
    EXPECT_EQ(std::get<HttpAnswer>(found).status, 405u) << row.path;
    EXPECT_EQ(std::get<HttpAnswer>(found).allow, row.allow) << row.path;
  }
}

}  // namespace
}  // namespace hpod
