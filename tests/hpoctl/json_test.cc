#include <cmath>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <limits>

#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/json_write.h"
#include "clients/hpoctl/print.h"
#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

using google::protobuf::util::MessageDifferencer;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// As through a file.
Json Reread(const Json& json) {
  const auto parsed = ParseJson(Dump(json, -1), "it");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *parsed : Json();
}

hpo::v1::Trial FullTrial() {
  return Parse<hpo::v1::Trial>(R"pb(
    number: 7
    state: TRIAL_STATE_COMPLETE
    params {
      name: "lr"
      value { double_value: 0.1 }
    }
    params {
      name: "n"
      value { int_value: 9007199254740993 }
    }
    params {
      name: "c"
      value { null_value: NULL_VALUE }
    }
    params {
      name: "d"
      value { double_value: nan }
    }
    params {
      name: "e"
      value { string_value: "NaN" }
    }
    params {
      name: "f"
      value { bool_value: true }
    }
    params {
      name: "g"
      value { double_value: 3 }
    }
    values: -inf
    values: -0.0
    intermediate_values { step: 0 value: nan }
    intermediate_values { step: 9223372036854775807 value: 1e-320 }
    start_time { seconds: 1772366400 nanos: 1 }
    complete_time { seconds: 1772366460 }
    worker: "gpu\n7"
    user_attributes { key: "note" value: "{\"a\": NaN}" }
    constraints { key: "size" value: inf }
    retry_of: 0
    retry_count: 2
    failure: "none"
    fixed_params {
      name: "lr"
      value { double_value: 0.1 }
    }
    distributions {
      name: "lr"
      float_domain { low: 1e-5 high: 0.1 log: true }
    }
    distributions {
      name: "n"
      int_domain { low: -3 high: 9007199254740992 step: 5 }
    }
    distributions {
      name: "c"
      categorical_domain {
        choices { null_value: NULL_VALUE }
        choices { int_value: 1 }
        choices { double_value: 1 }
        choices { double_value: inf }
        choices { string_value: "Infinity" }
      }
      conditions {
        parent: "f"
        values { bool_value: true }
      }
      conditions {
        parent: "f"
        values { bool_value: false }
      }
    }
  )pb");
}

TEST(TrialJson, LosesNothing) {
  const hpo::v1::Trial trial = FullTrial();
  const auto back = TrialFromJson(Reread(FullTrialJson(trial)));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString().size(), trial.SerializeAsString().size());
  MessageDifferencer differencer;
  differencer.set_float_comparison(MessageDifferencer::EXACT);
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(trial, *back)) << difference;
  EXPECT_TRUE(std::signbit(back->values(1)));
}

TEST(TrialJson, HasTheDocumentedShape) {
  const auto trial = Parse<hpo::v1::Trial>(R"pb(
    number: 3
    state: TRIAL_STATE_RUNNING
    params {
      name: "lr"
      value { double_value: 0.5 }
    }
    params {
      name: "layers"
      value { int_value: 2 }
    }
    start_time { seconds: 1772366400 }
    lease {
      token: 4
      expire_time { seconds: 1772366460 }
      duration { seconds: 60 }
    }
    revision: 9
    id: 5
  )pb");
  EXPECT_EQ(Dump(TrialJson(trial), -1),
            R"({"number":3,"state":"RUNNING","params":{"lr":0.5,"layers":2},"values":[],)"
            R"("intermediate_values":[],"start_time":"2026-03-01T12:00:00Z","complete_time":null,)"
            R"("worker":"","lease":{"token":4,"expire_time":"2026-03-01T12:01:00Z",)"
            R"("duration_ms":60000},"user_attributes":{},"constraints":{},"retry_of":null,)"
            R"("retry_count":0,"failure":"","revision":9,"id":5,"fixed_params":{}})");
}

TEST(StudyJson, LosesNothingThatASpecificationHolds) {
  const auto study = Parse<hpo::v1::Study>(R"pb(
    name: "größe/1"
    directions: DIRECTION_MINIMIZE
    directions: DIRECTION_MAXIMIZE
    sampler {
      name: "tpe"
      options { key: "multivariate" value: "true" }
    }
    pruner { name: "none" }
    seed: 18446744073709551615
    space {
      name: "lr"
      float_domain { low: 0 high: 1 step: 0.25 }
    }
    space {
      name: "n"
      int_domain { low: 1 high: 8 log: true }
      conditions {
        parent: "lr"
        values { double_value: 0.5 }
      }
    }
    budget {
      max_trials: 100
      max_running: 4
      max_duration { seconds: 3600 nanos: 500 }
    }
    lease { seconds: 60 }
    max_retries: 0
    metric_names: "loss"
    metric_names: "accuracy"
    user_attributes { key: "team" value: "\"vision\"" }
    stopped: true
  )pb");
  const auto back = StudyFromJson(Reread(StudyJson(study)));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(MessageDifferencer::Equals(study, *back)) << back->DebugString();
}

TEST(StudyJson, NamesStatesWithoutTheirPrefix) {
  hpo::v1::Study study;
  EXPECT_TRUE(StudyJson(study)["stop_reason"].is_null());
  study.set_stop_reason(hpo::v1::STOP_REASON_MAX_TRIALS);
  EXPECT_EQ(StudyJson(study)["stop_reason"], "MAX_TRIALS");
}

TEST(TrialFromJson, RefusesAnUnknownField) {
  const auto trial = TrialFromJson(Json::parse(R"({"state": "COMPLETE", "vaules": [1]})"));
  ASSERT_FALSE(trial.ok());
  EXPECT_THAT(std::string(trial.status().message()),
              testing::StartsWith("trial: unknown key 'vaules' (known: number, state, "));
}

TEST(TrialFromJson, NeedsAKnownState) {
  const auto trial = TrialFromJson(Json::parse(R"({"state": "DONE"})"));
  ASSERT_FALSE(trial.ok());
  EXPECT_EQ(std::string(trial.status().message()),
            "unknown state 'DONE' (known: complete, fail, pruned, running, waiting)");
}

TEST(PrintFields, FlattensADocument) {
  TestIo test;
  Io io = test.Pipe();
  Connection connection("127.0.0.1:1", std::chrono::milliseconds(1));
  PrintFields(Context{io, Output::kTable, connection},
              Json::parse(R"({"a": {"b": "x y", "c": [1, null, 2.5]}, "d": [], "e": true})"));
  EXPECT_EQ(test.out.str(), "a.b\tx y\na.c.0\t1\na.c.1\t\na.c.2\t2.5\nd\t\ne\ttrue\n");
}

TEST(JsonArrayPrinter, WritesOneDocument) {
  TestIo test;
  const Io io = test.Pipe();
  JsonArrayPrinter none(io);
  none.Finish();
  EXPECT_EQ(test.out.str(), "[]\n");
  JsonArrayPrinter two(io);
  two.Add({{"a", 1}});
  two.Add(2);
  two.Finish();
  EXPECT_EQ(test.out.str(), "[]\n[\n {\"a\":1},\n 2\n]\n");
}

}  // namespace
}  // namespace hpod
