#include "clients/hpoctl/study_page.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clients/hpoctl/curve.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

using hpo::v1::Study;
using hpo::v1::Trial;

constexpr size_t kLabelWidth = 9;  // of `objective`, the longest
constexpr size_t kFrontRows = 20;
constexpr size_t kWideTerminal = 100;

Lines SettingsLines(const Study& study, const Io& io) {
  const std::string retries =
      study.max_retries() == 0
          ? "lost trials are not repeated"
          : fmt::format("{} retr{}", study.max_retries(), study.max_retries() == 1 ? "y" : "ies");
  const std::string space =
      study.space().empty() ? "defined by run" : Counted(study.space_size(), "parameter");
  return TwoColumns(
      io,
      {{"objective", DirectionsText(study)},
       {"sampler", AlgorithmText(study.sampler())},
       {"pruner", AlgorithmText(study.pruner())},
       {"space", space}},
      {{"created", RelativeTime(FromProto(study.create_time()), io.now())},
       {"seed", fmt::format("{}", study.seed())},
       {"lease", fmt::format("{}, {}", ShortDuration(FromProto(study.lease())), retries)}});
}

struct StateCount {
  int64_t count;
  std::string_view name;
  std::string_view glyph;
  Style style;
};

std::vector<StateCount> CountsOf(const hpo::v1::TrialCounts& counts) {
  return {{counts.complete(), "complete", "█", Style::kGreen},
          {counts.pruned(), "pruned", "▓", Style::kYellow},
          {counts.failed(), "failed", "▒", Style::kRed},
          {counts.running(), "running", "░", Style::kCyan},
          {counts.waiting(), "waiting", "▁", Style::kDim}};
}

// What the glyphs of the bar mean, in lines of at most `width` columns.
Lines LegendLines(const std::vector<StateCount>& states, size_t width, const Io& io) {
  constexpr std::string_view kGap = "   ";
  Lines lines;
  size_t used = 0;
  for (const StateCount& state : states) {
    if (state.count == 0) continue;
    const std::string text = fmt::format(" {} {}", state.count, state.name);
    const size_t needed = kGap.size() + 1 + text.size();
    if (lines.empty() || used + needed > width) {
      lines.emplace_back();
      used = 0;
    } else {
      lines.back() += kGap;
    }
    lines.back() += io.Paint(state.style, state.glyph) + text;
    used += needed;
  }
  return lines;
}

// A bar of all trials by state, out of max_trials if that is limited, and its legend.
Lines CountsLines(const Study& study, const Io& io) {
  const int64_t total = std::max(TotalTrials(study.counts()), study.budget().max_trials());
  const std::string indent(kLabelWidth + 2, ' ');
  const std::vector<StateCount> states = CountsOf(study.counts());
  std::vector<BarPart> parts;
  for (const StateCount& state : states) parts.push_back({state.count, state.glyph, state.style});
  const std::string label = io.Paint(Style::kDim, PadRight("trials", kLabelWidth)) + "  ";
  if (TotalTrials(study.counts()) == 0) return {label + "none yet"};
  Lines lines = {label + StackedBar(io, parts, total, io.width - indent.size())};
  for (const std::string& line : LegendLines(states, io.width - indent.size(), io)) {
    lines.push_back(indent + line);
  }
  return lines;
}

Lines BudgetLines(const StudyFacts& facts, const Io& io) {
  const Study& study = facts.study;
  const BudgetLeft left = LeftOf(facts, io.now());
  std::vector<std::string> parts;
  if (left.trials) {
    parts.push_back(fmt::format("{} of {} trials left", *left.trials, study.budget().max_trials()));
  }
  if (left.running) {
    parts.push_back(
        fmt::format("{} of {} workers free", *left.running, study.budget().max_running()));
  }
  if (left.time) {
    parts.push_back(fmt::format("{} of {} left", ShortDuration(*left.time),
                                ShortDuration(FromProto(study.budget().max_duration()))));
  }
  const std::string text = parts.empty() ? "no limit" : fmt::format("{}", fmt::join(parts, ", "));
  Lines lines = FieldLines(io, {{"budget", text}}, kLabelWidth);
  if (study.stop_reason() != hpo::v1::STOP_REASON_UNSPECIFIED) {
    const std::string reason = "hands out no trial: " + ReasonText(study, study.stop_reason());
    Append(lines, FieldLines(io, {{StudyState(study), reason}}, kLabelWidth));
  }
  return lines;
}

Lines CurveLines(const StudyFacts& facts, const Io& io) {
  std::vector<CurvePoint> points;
  int64_t x = 0;
  for (const Trial& trial : facts.improvements) {
    x = std::max(
        x,
        trial.number());  // a trial may finish, as the best so far, after one with a higher number
    if (trial.values_size() == 1) points.push_back({x, trial.values(0)});
  }
  const int64_t last = std::max(x, TotalTrials(facts.study.counts()) - 1);
  const size_t rows = io.width >= kWideTerminal ? 10 : 8;
  const Curve curve = DrawCurve(points, last, "trial", io.width, rows);
  if (curve.lines.empty()) return {};
  Lines lines = {"", Heading(io, curve.is_log ? "Best so far (log scale)" : "Best so far")};
  for (const std::string& line : curve.lines) lines.push_back(io.Paint(Style::kCyan, line));
  return lines;
}

Lines BestLines(const StudyFacts& facts, const Io& io) {
  Lines lines;
  if (facts.best.empty()) return lines;
  const bool is_single = facts.study.directions_size() == 1;
  if (is_single) {
    lines.push_back("");
    Append(lines, BestTrialLines(facts.study, facts.best.front(), io));
    Append(lines, CurveLines(facts, io));
  }
  const size_t rows = std::min(facts.best.size(), kFrontRows);
  lines.push_back("");
  lines.push_back(Heading(
      io, is_single
              ? (rows == 1 ? "Best trial" : fmt::format("Best {} trials", rows))
              : "Pareto front: " + Counted(static_cast<int64_t>(facts.best.size()), "trial")));
  const std::vector<Trial> shown(facts.best.begin(), facts.best.begin() + static_cast<long>(rows));
  Append(lines, TrialTable(facts.study, shown, TrialColumns::kRanking, io.now()).Lines(io));
  if (rows < facts.best.size()) {
    lines.push_back(io.Paint(
        Style::kDim, Ellipsize(fmt::format("and {} more: hpoctl study best {}",
                                           facts.best.size() - rows, Printable(facts.study.name())),
                               io.width)));
  }
  return lines;
}

std::vector<Cell> RunningRow(const Trial& trial, Time now) {
  const Time ends = FromProto(trial.lease().expire_time());
  const auto length = FromProto(trial.lease().duration());
  // Optuna's clients hold trials without a lease.
  Cell lease = trial.has_lease() ? TimeCell(ends, now) : EmptyCell();
  if (trial.has_lease() && ends - now < length / 3)
    lease.style = Style::kYellow;  // should have been renewed by now
  const bool has_report = !trial.intermediate_values().empty();
  return {CountCell(trial.number()),
          trial.worker().empty() ? EmptyCell() : TextCell(trial.worker()),
          TimeCell(FromProto(trial.start_time()), now),
          trial.has_lease() ? TimeCell(ends - length, now) : EmptyCell(),
          lease,
          has_report ? CountCell(trial.intermediate_values().rbegin()->step()) : EmptyCell(),
          has_report ? NumberCell(trial.intermediate_values().rbegin()->value()) : EmptyCell()};
}

Lines RunningLines(const StudyFacts& facts, const Io& io) {
  if (facts.running.empty()) return {};
  using Fit = Column::Fit;
  Table table({{"number", "TRIAL", Fit::kFixed, true},
               {"worker", "WORKER", Fit::kFlexible},
               {"start_time", "STARTED", Fit::kOptional},
               {"renew_time", "LEASE RENEWED", Fit::kOptional},
               {"expire_time", "ENDS"},
               {"step", "STEP", Fit::kOptional, true},
               {"value", "LAST VALUE", Fit::kOptional, true}});
  for (const Trial& trial : facts.running) table.Add(RunningRow(trial, io.now()));
  Lines lines = {"", Heading(io, fmt::format("Running: {}", facts.study.counts().running()))};
  Append(lines, table.Lines(io));
  return lines;
}

Json TrialsJson(const std::vector<Trial>& trials) {
  Json json = Json::array();
  for (const Trial& trial : trials) json.push_back(TrialJson(trial));
  return json;
}

// A point of the curve of best-so-far.
Json ImprovementJson(const Trial& trial) {
  const Json full = TrialJson(trial);
  return {{"number", full["number"]},
          {"values", full["values"]},
          {"complete_time", full["complete_time"]}};
}

template <class T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

BudgetLeft LeftOf(const StudyFacts& facts, Time now) {
  const auto& budget = facts.study.budget();
  const auto& counts = facts.study.counts();
  BudgetLeft left;
  if (budget.max_trials() > 0) {
    left.trials = std::max<int64_t>(budget.max_trials() - StartedTrials(counts) + counts.lost(), 0);
  }
  if (budget.max_running() > 0) {
    left.running = std::max<int64_t>(budget.max_running() - counts.running(), 0);
  }
  if (budget.has_max_duration()) {
    const Time start =
        facts.study.has_first_trial_time() ? FromProto(facts.study.first_trial_time()) : now;
    left.time =
        std::max(start + FromProto(budget.max_duration()) - now, std::chrono::nanoseconds(0));
  }
  return left;
}

Json StudyFactsJson(const StudyFacts& facts, Time now) {
  const BudgetLeft left = LeftOf(facts, now);
  Json json;
  json["study"] = StudyJson(facts.study);
  json["budget_left"] = {{"trials", OrNull(left.trials)}, {"running", OrNull(left.running)}};
  json["budget_left"]["duration_ms"] =
      left.time ? Json(std::chrono::duration_cast<std::chrono::milliseconds>(*left.time).count())
                : Json();
  json["best_trials"] = TrialsJson(facts.best);
  json["improvements"] = Json::array();
  for (const Trial& trial : facts.improvements)
    json["improvements"].push_back(ImprovementJson(trial));
  json["running_trials"] = TrialsJson(facts.running);
  return json;
}

std::vector<Field> ParameterFields(
    const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& params) {
  std::vector<Field> fields;
  for (const auto& assignment : params) {
    fields.push_back(
        {Printable(assignment.name()), Printable(ValueText(assignment.value(), false))});
  }
  return fields;
}

Lines BestTrialLines(const Study& study, const Trial& trial, const Io& io) {
  const std::string title = Ellipsize("Best " + MetricName(study, 0), io.width / 2 - 4);
  const std::string value = trial.values().empty() ? "-" : ExactNumber(trial.values(0));
  const size_t used = DisplayWidth(title) + 2 + value.size() + 2;
  const std::string when = fmt::format("trial {}, {}", trial.number(),
                                       RelativeTime(FromProto(trial.complete_time()), io.now()));
  Lines lines = {io.Paint(Style::kBold, title) + "  " + io.Paint(Style::kGreen, value)};
  if (used < io.width) lines.back() += "  " + Ellipsize(when, io.width - used);
  Append(lines, FlowingFields(io, ParameterFields(trial.params())));
  return lines;
}

Lines StudyPage(const StudyFacts& facts, const Io& io) {
  Lines lines = {
      TitleLine(io, facts.study.name(), StudyState(facts.study), StudyStyle(facts.study)), ""};
  Append(lines, SettingsLines(facts.study, io));
  lines.push_back("");
  Append(lines, CountsLines(facts.study, io));
  Append(lines, BudgetLines(facts, io));
  Append(lines, BestLines(facts, io));
  Append(lines, RunningLines(facts, io));
  return lines;
}

}  // namespace hpod
