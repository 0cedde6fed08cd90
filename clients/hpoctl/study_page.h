// What `study show` shows: one document for programs, one page for people.

#ifndef HPOD_CLIENTS_HPOCTL_STUDY_PAGE_H_
#define HPOD_CLIENTS_HPOCTL_STUDY_PAGE_H_

#include <optional>
#include <vector>

#include "clients/hpoctl/json_write.h"
#include "clients/hpoctl/page.h"

namespace hpod {

struct StudyFacts {
  hpo::v1::Study study;
  std::vector<hpo::v1::Trial> best;          // of one objective the best ten, else the Pareto front
  std::vector<hpo::v1::Trial> improvements;  // of one objective
  std::vector<hpo::v1::Trial> running;       // the first ones
};

// What is left of each budget; nothing for one that is not limited.
struct BudgetLeft {
  std::optional<int64_t> trials;
  std::optional<int64_t> running;
  std::optional<std::chrono::nanoseconds> time;
};
BudgetLeft LeftOf(const StudyFacts& facts, Time now);

Json StudyFactsJson(const StudyFacts& facts, Time now);

// Lines that fit io.width.
Lines StudyPage(const StudyFacts& facts, const Io& io);

// The best trial of one objective with its parameters in full precision.
Lines BestTrialLines(const hpo::v1::Study& study, const hpo::v1::Trial& trial, const Io& io);

// Parameters for FlowingFields.
std::vector<Field> ParameterFields(
    const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& params);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_STUDY_PAGE_H_
