#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/study_page.h"

namespace hpod {
namespace {

constexpr int64_t kBestTrials = 10;
constexpr int64_t kRunningTrials = 50;

absl::Status ReadRunning(Connection& connection, StudyFacts& facts) {
  hpo::v1::ListTrialsRequest request;
  request.set_study(facts.study.name());
  request.add_states(hpo::v1::TRIAL_STATE_RUNNING);
  return ForEachTrial(connection, request, kRunningTrials, [&](const hpo::v1::Trial& trial) {
    facts.running.push_back(trial);
    return absl::OkStatus();
  });
}

absl::Status ReadImprovements(Connection& connection, StudyFacts& facts) {
  if (facts.study.directions_size() != 1) return absl::OkStatus();
  hpo::v1::ListImprovementsRequest request;
  request.set_study(facts.study.name());
  const auto response = connection.Call(&hpo::v1::StudyService::Stub::ListImprovements, request);
  if (!response.ok()) return response.status();
  facts.improvements.assign(response->trials().begin(), response->trials().end());
  return absl::OkStatus();
}

absl::StatusOr<StudyFacts> ReadFacts(const std::string& name, Connection& connection) {
  StudyFacts facts;
  auto study = GetStudy(connection, name);
  if (!study.ok()) return study.status();
  facts.study = *std::move(study);
  const bool is_single = facts.study.directions_size() == 1;
  auto best = BestTrials(connection, name, is_single ? kBestTrials : 0);
  if (!best.ok()) return best.status();
  facts.best = *std::move(best);
  absl::Status status = ReadImprovements(connection, facts);
  if (status.ok()) status = ReadRunning(connection, facts);
  if (!status.ok()) return status;
  return facts;
}

absl::Status Run(const std::string& name, Context& context) {
  const auto facts = ReadFacts(name, context.connection);
  if (!facts.ok()) return facts.status();
  const Json json = StudyFactsJson(*facts, context.io.now());
  if (context.output == Output::kJson) {
    PrintJson(context.io, json);
  } else if (context.output == Output::kTable && context.io.out_is_terminal) {
    for (const std::string& line : StudyPage(*facts, context.io)) context.io.out << line << '\n';
  } else {
    PrintFields(context, json);
  }
  return absl::OkStatus();
}

}  // namespace

Action BindStudyShow(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  AddStudy(app, *name);
  return [name](Context& context) { return Run(*name, context); };
}

}  // namespace hpod
