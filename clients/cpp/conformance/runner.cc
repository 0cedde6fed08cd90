// Does the steps of tests/conformance: one JSON object a line in, one out. See the README there.

#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <unordered_map>

#include "absl/status/statusor.h"

#include "clients/cpp/conformance/forms.h"

namespace conformance {
namespace {

class Runner {
 public:
  explicit Runner(hpod::Client client) : client_(std::move(client)) {}

  Json Answer(const Json& step) {
    const absl::StatusOr<Json> result = kSteps.at(step.at("do"))(*this, step);
    if (!result.ok()) return {{"error", ToJson(result.status())}};
    return {{"ok", *result}};
  }

 private:
  using Result = absl::StatusOr<Json>;

  static Result Done(const absl::Status& status) {
    if (!status.ok()) return status;
    return Json::object();
  }

  template <class Message>
  static Result AsJson(const absl::StatusOr<Message>& message) {
    if (!message.ok()) return message.status();
    return ToJson(*message);
  }

  Result CreateStudy(const Json& step) {
    const hpod::StudySpec spec = ToSpec(step);
    return Keep(step.value("load_if_exists", false) ? client_.CreateOrLoadStudy(spec)
                                                    : client_.CreateStudy(spec));
  }

  Result Keep(absl::StatusOr<hpod::Study> study) {
    if (!study.ok()) return study.status();
    studies_.insert_or_assign(study->name(), *study);
    return Json::object();
  }

  Result Enqueue(const Json& step) {
    std::map<std::string, hpod::Value> params;
    for (const auto& [name, value] : step.at("params").items()) params[name] = ToValue(value);
    const auto number =
        StudyOf(step).Enqueue(params, {.user_attributes = JsonTexts(step),
                                       .skip_if_exists = step.value("skip_if_exists", false)});
    if (!number.ok()) return number.status();
    return Json{{"number", *number}};
  }

  Result Suggest(const Json& step) {
    auto suggestion = StudyOf(step).Suggest();
    if (!suggestion.ok()) return suggestion.status();
    if (const auto* none = std::get_if<hpod::NoTrial>(&*suggestion)) {
      return Json{
          {"number", nullptr}, {"stop_reason", NameOf(none->reason)}, {"final", none->is_final}};
    }
    auto& trial = std::get<hpod::Trial>(*suggestion);
    Json params = Json::object();
    for (const auto& [name, value] : trial.params()) params[name] = ToJson(value);
    Json result = {{"number", trial.number()}, {"params", params}, {"retry_of", nullptr}};
    if (trial.retry_of()) result["retry_of"] = *trial.retry_of();
    trials_.insert_or_assign(step.at("trial").get<std::string>(), std::move(trial));
    return result;
  }

  Result SuggestParameter(const Json& step) {
    const hpod::Parameter parameter = ToParameter(step.at("parameter"));
    const auto value = TrialOf(step).Suggest(parameter.name, parameter.domain);
    if (!value.ok()) return value.status();
    return Json{{"value", ToJson(*value)}};
  }

  Result Report(const Json& step) {
    const auto report = TrialOf(step).ReportValue(step.at("step"), ToDouble(step.at("value")));
    if (!report.ok()) return report.status();
    return Json{{"should_prune", report->should_prune}};
  }

  Result Complete(const Json& step) {
    std::vector<double> values;
    for (const Json& value : step.at("values")) values.push_back(ToDouble(value));
    return Done(TrialOf(step).Complete(values));
  }

  Result AwaitLeaseLoss(const Json& step) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, TrialOf(step).lease_lost(), [] { return false; });
    return Json::object();
  }

  Result ListTrials(const Json& step) {
    std::vector<hpo::v1::TrialState> states;
    for (const Json& state : step.value("states", Json::array())) states.push_back(ToState(state));
    const auto trials = StudyOf(step).Trials(states);
    if (!trials.ok()) return trials.status();
    Json listed = Json::array();
    for (const auto& trial : *trials) listed.push_back(ToJson(trial));
    return Json{{"trials", listed}};
  }

  Result BestTrial(const Json& step) {
    const auto best = StudyOf(step).BestTrials();
    if (!best.ok()) return best.status();
    return Json{{"number", best->empty() ? Json(nullptr) : Json(best->front().number())}};
  }

  hpod::Study& StudyOf(const Json& step) { return studies_.at(step.at("study")); }
  hpod::Trial& TrialOf(const Json& step) { return trials_.at(step.at("trial")); }

  using Step = Result (*)(Runner&, const Json&);
  static const std::unordered_map<std::string, Step> kSteps;

  hpod::Client client_;
  std::unordered_map<std::string, hpod::Study> studies_;
  // By the names that the steps give them.
  std::unordered_map<std::string, hpod::Trial> trials_;
};

const std::unordered_map<std::string, Runner::Step> Runner::kSteps = {
    {"create_study", [](Runner& run, const Json& step) { return run.CreateStudy(step); }},
    {"load_study",
     [](Runner& run, const Json& step) {
       return run.Keep(run.client_.LoadStudy(step.at("study").get<std::string>()));
     }},
    {"get_study", [](Runner& run, const Json& step) { return AsJson(run.StudyOf(step).Get()); }},
    {"set_study_attributes",
     [](Runner& run, const Json& step) {
       return Done(run.StudyOf(step).SetAttributes(JsonTexts(step)));
     }},
    {"stop_study", [](Runner& run, const Json& step) { return Done(run.StudyOf(step).Stop()); }},
    {"resume_study",
     [](Runner& run, const Json& step) { return Done(run.StudyOf(step).Resume()); }},
    {"delete_study",
     [](Runner& run, const Json& step) {
       return Done(run.client_.DeleteStudy(step.at("study").get<std::string>()));
     }},
    {"enqueue", [](Runner& run, const Json& step) { return run.Enqueue(step); }},
    {"suggest", [](Runner& run, const Json& step) { return run.Suggest(step); }},
    {"suggest_parameter", [](Runner& run, const Json& step) { return run.SuggestParameter(step); }},
    {"report", [](Runner& run, const Json& step) { return run.Report(step); }},
    {"complete", [](Runner& run, const Json& step) { return run.Complete(step); }},
    {"prune", [](Runner& run, const Json& step) { return Done(run.TrialOf(step).Prune()); }},
    {"fail", [](Runner& run,
                const Json& step) { return Done(run.TrialOf(step).Fail(step.at("failure"))); }},
    {"set_attributes",
     [](Runner& run, const Json& step) {
       return Done(run.TrialOf(step).SetAttributes(JsonTexts(step), Constraints(step)));
     }},
    {"await_lease_loss", [](Runner& run, const Json& step) { return run.AwaitLeaseLoss(step); }},
    {"get_trial",
     [](Runner& run, const Json& step) {
       return AsJson(run.StudyOf(step).GetTrial(step.at("number")));
     }},
    {"list_trials", [](Runner& run, const Json& step) { return run.ListTrials(step); }},
    {"best_trial", [](Runner& run, const Json& step) { return run.BestTrial(step); }},
};

}  // namespace
}  // namespace conformance

int main() {
  auto client = hpod::Client::Connect();
  if (!client.ok()) {
    std::cerr << client.status().message() << "\n";
    return 1;
  }
  conformance::Runner runner(*std::move(client));
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << runner.Answer(conformance::Json::parse(line)).dump() << std::endl;
  }
}
