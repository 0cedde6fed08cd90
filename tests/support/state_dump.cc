#include "tests/support/state_dump.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <vector>

namespace hpod {
namespace {

std::string Exact(double value) { return fmt::format("{:a}", value); }

std::string Exact(std::span<const double> values) {
  std::string text;
  for (double value : values) text += Exact(value) + " ";
  return text;
}

std::string Exact(const Value& value) {
  const auto* real = std::get_if<double>(&value);
  return fmt::format("{}:{}", value.index(), real != nullptr ? Exact(*real) : ToString(value));
}

std::string Exact(std::span<const DistributionValue> values) {
  std::string text;
  for (const auto& [distribution, value] : values) {
    text += fmt::format("{}={} ", distribution, Exact(value));
  }
  return text;
}

std::string DumpDomain(const Domain& domain) {
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    return fmt::format("float {} {} {} {}", Exact(real->low), Exact(real->high), real->log,
                       Exact(real->step));
  }
  if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    return fmt::format("int {} {} {} {}", whole->low, whole->high, whole->log, whole->step);
  }
  std::string text = "categorical";
  for (const Value& choice : std::get<CategoricalDomain>(domain).choices) {
    text += " " + Exact(choice);
  }
  return text;
}

std::string DumpAlgorithm(const Algorithm& algorithm) {
  std::string text = algorithm.name;
  for (const auto& [name, value] : algorithm.options) text += fmt::format(" {}={}", name, value);
  return text;
}

std::string DumpSpec(const StudySpec& spec) {
  std::string text = fmt::format(
      "name {}\nsampler {}\npruner {}\nseed {}\nbudget {} {} {}\nlease {}\nretries {}\n"
      "metrics {}\nattributes {} {}\nstopped {}\ncreated {}\ndirections",
      spec.name, DumpAlgorithm(spec.sampler), DumpAlgorithm(spec.pruner), spec.seed,
      spec.budget.max_trials, spec.budget.max_running, spec.budget.max_duration_us, spec.lease_ms,
      spec.max_retries, spec.metric_names, spec.attributes, spec.system_attributes, spec.stopped,
      spec.created_us);
  for (Direction direction : spec.directions)
    text += direction == Direction::kMinimize ? " <" : " >";
  for (const Parameter& parameter : spec.space) {
    text += fmt::format("\nparameter {} {}", parameter.name, DumpDomain(parameter.domain));
    for (const Condition& condition : parameter.conditions) {
      text += fmt::format(" if {} in {}", condition.parent, Exact(condition.values));
    }
  }
  return text;
}

std::string DumpFacts(const OptunaFacts& facts) {
  std::string text = fmt::format("{} {} {}", Exact(facts.values), facts.started, facts.completed);
  for (const auto& [name, param] : facts.params)
    text += fmt::format(" {}={} {}", name, Exact(param.value), param.distribution);
  return text;
}

std::string DumpTexts(const StudyState& state) {
  std::string text;
  for (uint32_t i = 0; i < state.Trials().DistributionCount(); ++i)
    text += fmt::format("text {} {}\n", i, state.OptunaTexts().TextOf(state.Trials(), i));
  return text;
}

std::string DumpHistory(const History& history) {
  std::string text;
  for (uint32_t i = 0; i < history.DistributionCount(); ++i) {
    const Distribution& distribution = history.GetDistribution(i);
    text += fmt::format("distribution {} {} {}\n", i, history.Name(distribution.name),
                        DumpDomain(distribution.domain));
  }
  for (size_t name = 0; name < history.NameCount(); ++name) {
    text += fmt::format("newest {} {}\n", history.Name(name), history.NewestDistribution(name));
  }
  for (size_t number = 0; number < history.size(); ++number) {
    text += fmt::format("trial {} shape {} violation {} finished {}\n", number,
                        history.ShapeOf(number), Exact(history.Violation(number)),
                        history.FinishedCount(history.ShapeId(number)));
  }
  text += fmt::format("running {}\nwaiting {}\n", history.Running(), history.Waiting());
  return text;
}

std::string DumpQueries(const StudyState& state) {
  std::string text;
  if (state.Spec().directions.size() == 1) {
    text += fmt::format("best {}\nimprovements {}\n", state.BestTrials(10), state.Improvements());
  }
  text += fmt::format("front {}\n", state.ParetoFront());
  const int64_t stride = std::max<int64_t>(1, state.Revision() / 8);
  for (int64_t revision = 0; revision <= state.Revision(); revision += stride) {
    text += fmt::format("since {}: {}\n", revision, state.ChangedSince(revision));
  }
  return text;
}

std::string DumpNext(const StudyState& state, const Now& now) {
  const auto decision = state.Decide(SuggestTrial{"next"}, now);
  if (!decision.ok()) return "next " + decision.status().ToString();
  if (!decision->result.trial.has_value()) {
    return fmt::format("next: none, {} {}", static_cast<int>(decision->result.stop_reason),
                       decision->result.final);
  }
  const auto& started = std::get<TrialStarted>(decision->changes.at(0));
  return fmt::format("next {} waiting {} token {} params {} foreseen {}", started.number,
                     started.was_waiting, started.lease_token, Exact(started.params),
                     Exact(started.foreseen));
}

}  // namespace

std::string Dump(const TrialRecord& trial) {
  std::string text = fmt::format(
      "trial {} id {} {} started {} completed {} worker {} token {} attributes {} {} retry_of {} "
      "count {} lost {} failure {} revision {}\n params {}\n foreseen {}\n values {}\n optuna {}\n "
      "constraints",
      trial.number, trial.id, ToString(trial.state), trial.started_us, trial.completed_us,
      trial.worker, trial.lease_token, trial.attributes, trial.system_attributes,
      trial.retry_of.value_or(-1), trial.retry_count, trial.lost, trial.failure, trial.revision,
      Exact(trial.params), Exact(trial.foreseen), Exact(trial.values), DumpFacts(trial.optuna));
  for (const auto& [name, value] : trial.constraints) {
    text += fmt::format(" {}={}", name, Exact(value));
  }
  text += "\n fixed";
  for (const auto& [name, value] : trial.fixed) text += fmt::format(" {}={}", name, Exact(value));
  text += "\n reports";
  for (const auto& [step, value] : trial.reports) text += fmt::format(" {}:{}", step, Exact(value));
  return text + "\n";
}

std::string Dump(const StudyState& state, const Now& now) {
  std::string text =
      fmt::format("study {} revision {} first start {} last trial {}\n{}\n{}", state.Id(),
                  state.Revision(), state.FirstStartUs(), state.LastTrialId(),
                  DumpSpec(state.Spec()), DumpHistory(state.Trials()) + DumpTexts(state));
  for (size_t number = 0; number < state.Trials().size(); ++number) {
    text += Dump(state.Record(number));
  }
  return text + DumpQueries(state) + DumpNext(state, now);
}

std::string DumpWithLeases(const StudyState& state, const Now& now) {
  std::string text = Dump(state, now);
  for (size_t number : state.Trials().Running()) {
    text += state.HasLease(number)
                ? fmt::format("\nlease {} {}", number, state.LeaseExpiresSteadyUs(number))
                : fmt::format("\nno lease {}", number);
  }
  return text;
}

}  // namespace hpod
