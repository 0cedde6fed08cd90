// The OpenAPI document, apart from what a validator says of it (tests/e2e/test_http_openapi.py).

#include "server/endpoints/http/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

#include "server/endpoints/http/openapi_schema.h"

namespace hpod {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const json& Document() {
  static const json document = json::parse(OpenApiDocument("1.2.3"));
  return document;
}

const json& Property(std::string_view message, std::string_view field) {
  return Document()
      .at("components")
      .at("schemas")
      .at(std::string(message))
      .at("properties")
      .at(std::string(field));
}

TEST(OpenApi, HasTheDaemonsVersion) { EXPECT_EQ(Document().at("info").at("version"), "1.2.3"); }

TEST(OpenApi, HasCommentsOfTheProtosAsDescriptions) {
  const json& get = Document().at("paths").at("/hpo.v1.StudyService/GetStudy").at("post");
  EXPECT_THAT(get.at("description").get<std::string>(), HasSubstr("NOT_FOUND"));
  EXPECT_EQ(get.at("operationId"), "StudyService.GetStudy");
}

TEST(OpenApi, HasAStreamForBothVerbs) {
  const json& watch = Document().at("paths").at("/hpo.v1.StudyService/WatchStudy");
  EXPECT_EQ(watch.at("get").at("parameters").at(0).at("name"), "study");
  EXPECT_EQ(watch.at("get").at("parameters").at(1).at("name"), "after_revision");
  for (const char* verb : {"get", "post"})
    EXPECT_TRUE(
        watch.at(verb).at("responses").at("200").at("content").contains("text/event-stream"));
}

TEST(OpenApi, ListsTheCodesOfErrors) {
  const json& codes =
      Document().at("components").at("schemas").at("Error").at("properties").at("code").at("enum");
  EXPECT_EQ(codes.size(), 16u);
  EXPECT_EQ(codes.front(), "canceled");
  EXPECT_EQ(codes.back(), "unauthenticated");
}

TEST(OpenApi, LeavesOutOtherPackages) {
  for (const auto& [name, schema] : Document().at("components").at("schemas").items())
    EXPECT_TRUE(name == "Error" || name.starts_with("hpo.v1.")) << name;
  for (const auto& [path, item] : Document().at("paths").items())
    EXPECT_TRUE(path.starts_with("/hpo.v1.")) << path;
}

TEST(Schema, OfA64BitIntegerTakesBothForms) {
  EXPECT_EQ(Property("hpo.v1.Trial", "number").at("type"), json({"string", "integer"}));
}

TEST(Schema, OfARealTakesWhatJsonHasNoNumberFor) {
  const json& real = Property("hpo.v1.ReportValueRequest", "value").at("oneOf");
  EXPECT_EQ(real.at(0).at("type"), "number");
  EXPECT_EQ(real.at(1).at("enum"), json({"NaN", "Infinity", "-Infinity"}));
}

TEST(Schema, OfAMapHasItsValues) {
  const json& attributes = Property("hpo.v1.Trial", "userAttributes");
  EXPECT_EQ(attributes.at("type"), "object");
  EXPECT_EQ(attributes.at("additionalProperties").at("type"), "string");
}

TEST(Schema, OfAListHasItsItems) {
  const json& params = Property("hpo.v1.Trial", "params");
  EXPECT_EQ(params.at("type"), "array");
  EXPECT_EQ(params.at("items").at("$ref"), "#/components/schemas/hpo.v1.Assignment");
}

TEST(Schema, OfAWellKnownTypeIsItsJson) {
  EXPECT_EQ(Property("hpo.v1.Trial", "startTime").at("format"), "date-time");
  EXPECT_THAT(Property("hpo.v1.Study", "lease").at("pattern").get<std::string>(), HasSubstr("s$"));
  EXPECT_EQ(Property("hpo.v1.UpdateStudyRequest", "updateMask").at("type"), "string");
}

TEST(Schema, OfAChoiceNamesTheOthers) {
  EXPECT_THAT(Property("hpo.v1.Value", "boolValue").at("description").get<std::string>(),
              HasSubstr("One of: nullValue, boolValue, intValue, doubleValue, stringValue."));
}

TEST(Schema, OfAnEnumHasItsNames) {
  const json& states = Document().at("components").at("schemas").at("hpo.v1.TrialState");
  EXPECT_EQ(states.at("type"), "string");
  EXPECT_THAT(states.at("enum").get<std::vector<std::string>>(),
              testing::Contains("TRIAL_STATE_COMPLETE"));
}

TEST(JoinLines, KeepsParagraphs) {
  EXPECT_EQ(JoinLines(" one\n two\n\n three\n"), "one two\n\nthree");
  EXPECT_EQ(JoinLines(""), "");
  EXPECT_EQ(JoinLines("\n \n"), "");
  EXPECT_EQ(JoinLines("\n one"), "one");
}

}  // namespace
}  // namespace hpod
