#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/curve.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/study_page.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

constexpr size_t kCurveRows = 8;

struct Options {
  std::string study;
  int64_t number = 0;
};

std::string LifeText(const hpo::v1::Trial& trial, Time now) {
  if (!trial.has_start_time()) return "";
  const Time start = FromProto(trial.start_time());
  if (!trial.has_complete_time()) return RelativeTime(start, now);
  return fmt::format("{}, took {}", RelativeTime(start, now),
                     ShortDuration(FromProto(trial.complete_time()) - start));
}

// Those that are not empty.
std::vector<Field> FieldsOf(const hpo::v1::Trial& trial, Time now) {
  std::vector<std::string> values;
  for (const double value : trial.values()) values.push_back(ExactNumber(value));
  std::vector<Field> fields = {{"value", fmt::format("{}", fmt::join(values, ", "))},
                               {"started", LifeText(trial, now)},
                               {"worker", Printable(trial.worker())},
                               {"failure", Printable(trial.failure())}};
  if (!trial.intermediate_values().empty()) {
    const auto& last = *trial.intermediate_values().rbegin();
    fields.push_back(
        {"reported", fmt::format("{} at step {}", ExactNumber(last.value()), last.step())});
  }
  if (trial.has_lease()) {
    fields.push_back(
        {"lease",
         fmt::format("ends {}, token {}", RelativeTime(FromProto(trial.lease().expire_time()), now),
                     trial.lease().token())});
  }
  if (trial.has_retry_of()) {
    fields.push_back({"repeats", fmt::format("trial {}, after {} lost with their worker",
                                             trial.retry_of(), trial.retry_count())});
  }
  std::erase_if(fields, [](const Field& field) { return field.text.empty(); });
  return fields;
}

void AddSection(std::string_view title, const std::vector<Field>& fields, const Io& io,
                Lines& lines) {
  if (fields.empty()) return;
  if (!lines.back().empty()) lines.push_back("");
  lines.push_back(Heading(io, title));
  Append(lines, FlowingFields(io, fields));
}

void AddReports(const hpo::v1::Trial& trial, const Io& io, Lines& lines) {
  std::vector<CurvePoint> points;
  for (const auto& entry : trial.intermediate_values())
    points.push_back({entry.step(), entry.value()});
  if (points.size() < 2) return;  // one is in the table of fields
  const Curve curve = DrawCurve(points, points.back().x, "step", io.width, kCurveRows);
  lines.push_back("");
  lines.push_back(Heading(io, fmt::format("{} intermediate values{}", points.size(),
                                          curve.is_log ? " (log scale)" : "")));
  for (const std::string& line : curve.lines) lines.push_back(io.Paint(Style::kCyan, line));
}

Lines Page(const Options& options, const hpo::v1::Trial& trial, const Io& io) {
  const Cell state = StateCell(trial.state());
  Lines lines = {TitleLine(io, PathOf(options.study, trial.number()), state.shown, state.style),
                 ""};
  Append(lines, FieldLines(io, FieldsOf(trial, io.now()), 0));
  AddSection("Parameters", ParameterFields(trial.params()), io, lines);
  if (trial.params().empty()) AddSection("Fixed", ParameterFields(trial.fixed_params()), io, lines);
  std::vector<Field> constraints;
  for (const auto& [name, value] :
       std::map(trial.constraints().begin(), trial.constraints().end())) {
    constraints.push_back({Printable(name), ExactNumber(value)});
  }
  AddSection("Constraints (above 0 is violated)", constraints, io, lines);
  std::vector<Field> attributes;
  for (const auto& [key, json] :
       std::map(trial.user_attributes().begin(), trial.user_attributes().end())) {
    attributes.push_back({Printable(key), Printable(json)});
  }
  AddSection("Attributes", attributes, io, lines);
  AddReports(trial, io, lines);
  return lines;
}

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::GetTrialRequest request;
  request.set_study(options.study);
  request.set_number(options.number);
  const auto response = context.connection.Call(&hpo::v1::TrialService::Stub::GetTrial, request);
  if (!response.ok()) return response.status();
  const Json json = FullTrialJson(response->trial());
  if (context.output == Output::kJson) {
    PrintJson(context.io, json);
  } else if (context.output == Output::kTable && context.io.out_is_terminal) {
    for (const std::string& line : Page(options, response->trial(), context.io)) {
      context.io.out << line << '\n';
    }
  } else {
    PrintFields(context, json);
  }
  return absl::OkStatus();
}

}  // namespace

Action BindTrialShow(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddTrial(app, options->study, options->number);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
