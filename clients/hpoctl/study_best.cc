#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/study_page.h"
#include "clients/hpoctl/study_text.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  int64_t limit = 0;
};

absl::Status Run(const Options& options, Context& context) {
  const auto study = GetStudy(context.connection, options.study);
  if (!study.ok()) return study.status();
  const bool is_single = study->directions_size() == 1;
  const int64_t limit = options.limit == 0 && is_single ? 1 : options.limit;
  const auto trials = BestTrials(context.connection, options.study, limit);
  if (!trials.ok()) return trials.status();
  if (context.output == Output::kJson) {
    JsonArrayPrinter printer(context.io);
    for (const auto& trial : *trials) printer.Add(TrialJson(trial));
    printer.Finish();
  } else if (context.io.out_is_terminal && context.output == Output::kTable && is_single &&
             trials->size() == 1) {
    for (const std::string& line : BestTrialLines(*study, trials->front(), context.io)) {
      context.io.out << line << '\n';
    }
  } else {
    TrialTable(*study, *trials, TrialColumns::kRanking, context.io.now())
        .Print(context.io, context.output, "no complete trial yet");
  }
  return absl::OkStatus();
}

}  // namespace

Action BindStudyBest(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("--limit", options->limit,
                 "How many trials (1; of several objectives the whole front)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}).description(""));
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
