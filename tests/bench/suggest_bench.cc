// Measures, in process, what one more trial costs the tpe sampler by the number of trials before
// it: Propose, and History and Observe when it starts and when it is complete. Prints a Markdown
// table of medians and 95th percentiles in microseconds.
//
//   suggest_bench [LARGEST NUMBER OF TRIALS] [TRIALS PER ROW]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "samplers/registry.h"
#include "samplers/rng.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

struct Workload {
  std::string name;
  Space space;
};

Space Floats(size_t count) {
  std::vector<ParameterSpec> specs;
  for (size_t i = 0; i < count; ++i) {
    specs.push_back({fmt::format("x{}", i), FloatDomain{0, 1, false, 0}, {}});
  }
  return *Space::Make(std::move(specs));
}

Space Mixed() {
  const CategoricalDomain choices{{Value("a"), Value("b"), Value("c"), Value("d")}};
  return *Space::Make({{"lr", FloatDomain{1e-5, 1e-1, true, 0}, {}},
                       {"decay", FloatDomain{1e-6, 1e-2, true, 0}, {}},
                       {"dropout", FloatDomain{0, 0.5, false, 0}, {}},
                       {"momentum", FloatDomain{0.5, 0.99, false, 0}, {}},
                       {"layers", IntDomain{1, 12, false, 1}, {}},
                       {"units", IntDomain{16, 1024, true, 1}, {}},
                       {"optimizer", choices, {}},
                       {"activation", choices, {}}});
}

// Where a value lies in its domain, from 0 to 1.
double Position(const Domain& domain, double value) {
  if (const uint64_t count = Cardinality(domain); count > 0) {
    return (static_cast<double>(IndexOfValue(domain, value)) + 0.5) / static_cast<double>(count);
  }
  const auto& d = std::get<FloatDomain>(domain);
  return d.log ? std::log(value / d.low) / std::log(d.high / d.low)
               : (value - d.low) / (d.high - d.low);
}

double ValueAtPosition(const Domain& domain, double position) {
  if (const uint64_t count = Cardinality(domain); count > 0) {
    return ValueAt(
        domain, std::min(count - 1, static_cast<uint64_t>(position * static_cast<double>(count))));
  }
  const auto& d = std::get<FloatDomain>(domain);
  return d.log ? std::clamp(d.low * std::pow(d.high / d.low, position), d.low, d.high)
               : d.low + position * (d.high - d.low);
}

double Quadratic(const Space& space, std::span<const double> point) {
  double sum = 0;
  for (size_t i = 0; i < space.size(); ++i) {
    const double distance = Position(space[i].domain, point[i]) - 0.4;
    sum += distance * distance;
  }
  return sum;
}

// Uniform, or as an optimiser leaves them after a while: normal around the optimum with a deviation
// of 2 % of the range, one in ten uniform.
Point HistoricPoint(const Space& space, bool is_clustered, Rng& rng) {
  Point point(space.size());
  const bool is_uniform = !is_clustered || rng.Uniform() < 0.1;
  for (size_t i = 0; i < space.size(); ++i) {
    double position = rng.Uniform();
    if (!is_uniform) {
      double normal = -6;
      for (int k = 0; k < 12; ++k) normal += rng.Uniform();
      position = std::clamp(0.4 + 0.02 * normal, 0.0, 0.999'999);
    }
    point[i] = ValueAtPosition(space[i].domain, position);
  }
  return point;
}

// A study as the engine keeps it.
class Study {
 public:
  explicit Study(const Space& space)
      : space_(space), history_({Direction::kMinimize}), sampler_(*MakeSampler("tpe", {})) {
    for (const Parameter& p : space) {
      distributions_.push_back(history_.InternDistribution(p.name, p.domain));
    }
  }

  void Add(const Point& point) {
    Start(point);
    Complete(point);
  }

  void Step() {
    const StudyView view{history_, 1, history_.size()};
    Add(*sampler_->Propose(view, space_, {}));
  }

  size_t size() const { return history_.size(); }

 private:
  void Start(const Point& point) {
    history_.Append(TrialState::kRunning);
    const size_t number = history_.size() - 1;
    for (size_t i = 0; i < point.size(); ++i) {
      history_.SetParam(number, distributions_[i], point[i]);
    }
    sampler_->Observe(history_, number);
  }
  void Complete(const Point& point) {
    const size_t number = history_.size() - 1;
    const double value = Quadratic(space_, point);
    history_.SetState(number, TrialState::kComplete, {&value, 1});
    sampler_->Observe(history_, number);
  }

  const Space& space_;
  History history_;
  std::unique_ptr<Sampler> sampler_;
  std::vector<uint32_t> distributions_;
};

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

void MeasureRows(const Workload& workload, bool is_clustered, size_t largest, size_t repeats) {
  Study study(workload.space);
  Rng rng = Rng::ForTrial(1, is_clustered ? 1 : 0, "bench");
  for (size_t trials = 100; trials <= largest; trials *= 10) {
    const auto start = std::chrono::steady_clock::now();
    const size_t first = study.size();
    while (study.size() < trials) study.Add(HistoricPoint(workload.space, is_clustered, rng));
    const std::chrono::duration<double, std::micro> build =
        std::chrono::steady_clock::now() - start;
    std::vector<double> times;
    for (size_t i = 0; i < repeats; ++i) {
      const auto before = std::chrono::steady_clock::now();
      study.Step();
      times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before)
              .count());
    }
    fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.2f} |\n", workload.name,
               is_clustered ? "clustered" : "uniform", trials, Quantile(times, 0.5),
               Quantile(times, 0.95), build.count() / static_cast<double>(trials - first));
    std::fflush(stdout);
  }
}

void Run(size_t largest, size_t repeats) {
  fmt::print("| space | history | trials | median µs | p95 µs | µs to observe a trial |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- |\n");
  std::vector<Workload> workloads;
  for (const size_t count : {2, 10, 30}) {
    workloads.push_back({fmt::format("{} floats", count), Floats(count)});
  }
  workloads.push_back({"8 mixed", Mixed()});
  for (const Workload& workload : workloads) {
    for (const bool is_clustered : {false, true}) {
      MeasureRows(workload, is_clustered, largest, repeats);
    }
  }
}

}  // namespace
}  // namespace hpod

int main(int argc, char** argv) {
  const size_t largest = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const size_t repeats = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50;
  hpod::Run(largest, repeats);
  return 0;
}
