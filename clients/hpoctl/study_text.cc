#include "clients/hpoctl/study_text.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

using hpo::v1::Study;
using hpo::v1::Trial;

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::vector<Column> ValueColumns(const Study& study) {
  std::vector<Column> columns;
  for (int i = 0; i < std::max(study.directions_size(), 1); ++i) {
    const std::string name = study.directions_size() > 1 ? fmt::format("values.{}", i) : "value";
    columns.push_back({.name = name, .title = Upper(MetricName(study, i)), .is_number = true});
  }
  return columns;
}

void AddValueCells(const Study& study, const Trial& trial, std::vector<Cell>& row) {
  for (int i = 0; i < std::max(study.directions_size(), 1); ++i) {
    row.push_back(i < trial.values_size() ? NumberCell(trial.values(i)) : EmptyCell());
  }
}

Cell OptionalTime(bool is_set, const google::protobuf::Timestamp& time, Time now) {
  return is_set ? TimeCell(FromProto(time), now) : EmptyCell();
}

std::vector<Column> ColumnsOf(const Study& study, TrialColumns kind,
                              const std::vector<std::string>& names) {
  std::vector<Column> columns = {{.name = "number", .title = "TRIAL", .is_number = true}};
  if (kind == TrialColumns::kList) columns.push_back({.name = "state", .title = "STATE"});
  for (Column& column : ValueColumns(study)) columns.push_back(std::move(column));
  if (kind == TrialColumns::kList) {
    columns.push_back({.name = "start_time", .title = "STARTED"});
  }
  columns.push_back({"complete_time", "ENDED", Column::Fit::kOptional});
  if (kind == TrialColumns::kList) {
    columns.push_back({"worker", "WORKER", Column::Fit::kFlexible});
  }
  for (Column& column : ParameterColumns(names)) columns.push_back(std::move(column));
  return columns;
}

}  // namespace

std::string StudyState(const Study& study) {
  switch (study.stop_reason()) {
    case hpo::v1::STOP_REASON_UNSPECIFIED:
      return "active";
    case hpo::v1::STOP_REASON_MAX_RUNNING:
      return "full";
    case hpo::v1::STOP_REASON_STOPPED:
      return "stopped";
    default:
      return "done";
  }
}

Style StudyStyle(const Study& study) {
  const std::string state = StudyState(study);
  if (state == "done") return Style::kCyan;
  return state == "stopped" ? Style::kRed : Style::kGreen;
}

std::string ReasonText(const Study& study, hpo::v1::StopReason reason) {
  switch (reason) {
    case hpo::v1::STOP_REASON_MAX_TRIALS:
      return fmt::format("{} handed out, as many as its budget has",
                         Counted(study.budget().max_trials(), "trial"));
    case hpo::v1::STOP_REASON_MAX_RUNNING:
      return fmt::format("{} running, as many as it allows at one time",
                         Counted(study.budget().max_running(), "trial"));
    case hpo::v1::STOP_REASON_MAX_DURATION:
      return fmt::format("its {} are over",
                         ShortDuration(FromProto(study.budget().max_duration())));
    case hpo::v1::STOP_REASON_GRID_EXHAUSTED:
      return "each point of its grid has been handed out";
    case hpo::v1::STOP_REASON_STOPPED:
      return "it was stopped";
    default:
      return "it hands out trials";
  }
}

std::string DirectionsText(const Study& study) {
  std::vector<std::string> parts;
  for (int i = 0; i < study.directions_size(); ++i) {
    const bool is_named = i < study.metric_names_size();
    parts.push_back(LowerNameOf(study.directions(i)) +
                    (is_named ? ' ' + Printable(study.metric_names(i)) : ""));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string AlgorithmText(const hpo::v1::Algorithm& algorithm) {
  if (algorithm.options().empty()) return Printable(algorithm.name());
  std::vector<std::string> options;
  for (const auto& [name, value] :
       std::map(algorithm.options().begin(), algorithm.options().end())) {
    options.push_back(Printable(name + "=" + value));
  }
  return fmt::format("{} ({})", Printable(algorithm.name()), fmt::join(options, ", "));
}

std::string MetricName(const Study& study, int index) {
  constexpr size_t kNameWidth = 24;
  if (index < study.metric_names_size()) {
    return Ellipsize(Printable(study.metric_names(index)), kNameWidth);
  }
  return study.directions_size() > 1 ? fmt::format("value {}", index) : "value";
}

Cell StateCell(hpo::v1::TrialState state) {
  Cell cell = {NameOf(state), LowerNameOf(state)};
  switch (state) {
    case hpo::v1::TRIAL_STATE_COMPLETE:
      cell.style = Style::kGreen;
      break;
    case hpo::v1::TRIAL_STATE_RUNNING:
      cell.style = Style::kCyan;
      break;
    case hpo::v1::TRIAL_STATE_PRUNED:
      cell.style = Style::kYellow;
      break;
    case hpo::v1::TRIAL_STATE_FAIL:
      cell.style = Style::kRed;
      break;
    default:
      cell.style = Style::kDim;
  }
  return cell;
}

std::vector<std::string> ParameterNames(const Study& study, const std::vector<Trial>& trials) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for (const auto& parameter : study.space()) add(parameter.name());
  for (const Trial& trial : trials) {
    for (const auto& assignment : trial.params()) add(assignment.name());
  }
  return names;
}

std::vector<Column> ParameterColumns(const std::vector<std::string>& names) {
  constexpr size_t kTitleWidth = 24;
  std::vector<Column> columns;
  for (const std::string& name : names) {
    columns.push_back({.name = "params." + name,
                       .title = Ellipsize(Printable(name), kTitleWidth),
                       .fit = Column::Fit::kOptional});
  }
  return columns;
}

void AddParameterCells(const Trial& trial, const std::vector<std::string>& names,
                       std::vector<Cell>& row) {
  constexpr size_t kValueWidth = 24;
  std::map<std::string_view, const hpo::v1::Value*> values;
  for (const auto& assignment : trial.params()) values[assignment.name()] = &assignment.value();
  for (const std::string& name : names) {
    const auto found = values.find(name);
    if (found == values.end()) {
      row.push_back(EmptyCell());
      continue;
    }
    row.push_back({ValueText(*found->second, false),
                   Ellipsize(Printable(ValueText(*found->second, true)), kValueWidth)});
  }
}

Table TrialTable(const Study& study, const std::vector<Trial>& trials, TrialColumns columns,
                 Time now) {
  const std::vector<std::string> names = ParameterNames(study, trials);
  Table table(ColumnsOf(study, columns, names));
  for (const Trial& trial : trials) {
    std::vector<Cell> row = {CountCell(trial.number())};
    if (columns == TrialColumns::kList) row.push_back(StateCell(trial.state()));
    AddValueCells(study, trial, row);
    if (columns == TrialColumns::kList) {
      row.push_back(OptionalTime(trial.has_start_time(), trial.start_time(), now));
    }
    row.push_back(OptionalTime(trial.has_complete_time(), trial.complete_time(), now));
    if (columns == TrialColumns::kList) {
      row.push_back(trial.worker().empty() ? EmptyCell() : TextCell(trial.worker()));
    }
    AddParameterCells(trial, names, row);
    table.Add(std::move(row));
  }
  return table;
}

}  // namespace hpod
