// Phrases about a study, and tables of its trials.

#ifndef HPOD_CLIENTS_HPOCTL_STUDY_TEXT_H_
#define HPOD_CLIENTS_HPOCTL_STUDY_TEXT_H_

#include <string>
#include <vector>

#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

#include "clients/hpoctl/io.h"
#include "clients/hpoctl/table.h"

namespace hpod {

// `active`, `full` (max_running trials run), `stopped` or `done` (a budget or the grid is used up).
std::string StudyState(const hpo::v1::Study& study);
Style StudyStyle(const hpo::v1::Study& study);

// Why nothing is handed out: `100 trials handed out, as many as its budget has`. `study` gives the
// numbers.
std::string ReasonText(const hpo::v1::Study& study, hpo::v1::StopReason reason);

// `minimize`, `minimize latency, maximize accuracy`.
std::string DirectionsText(const hpo::v1::Study& study);
// `tpe`, `tpe (multivariate=true)`.
std::string AlgorithmText(const hpo::v1::Algorithm& algorithm);
// The name of an objective, cut to 24 columns, or `value`, or `value 1` of several.
std::string MetricName(const hpo::v1::Study& study, int index);

Cell StateCell(hpo::v1::TrialState state);

enum class TrialColumns {
  kRanking,  // number, values, when it ended, parameters
  kList,     // number, state, values, start, end, worker, parameters
};
Table TrialTable(const hpo::v1::Study& study, const std::vector<hpo::v1::Trial>& trials,
                 TrialColumns columns, Time now);

// Names of the parameters: the declared space's, then others in the order they appear.
std::vector<std::string> ParameterNames(const hpo::v1::Study& study,
                                        const std::vector<hpo::v1::Trial>& trials);
// Columns for them, and the cells of one trial (empty where it has no value).
std::vector<Column> ParameterColumns(const std::vector<std::string>& names);
void AddParameterCells(const hpo::v1::Trial& trial, const std::vector<std::string>& names,
                       std::vector<Cell>& row);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_STUDY_TEXT_H_
