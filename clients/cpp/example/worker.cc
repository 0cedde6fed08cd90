// One worker: fits polynomials to a sine by gradient descent, and lets the daemon choose how.
//
// worker STUDY [SECONDS]: takes trials until the study hands out no more. SECONDS: pause per epoch,
// as if the model were larger. Start as many as you like, on any machine, with
// HPOD_SERVER=host:port.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <hpod/client.h>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kEpochs = 20;
constexpr int kStepsPerEpoch = 50;
constexpr int kPoints = 20;

double Sine(double x) { return std::sin(3 * x); }

// A polynomial, trained on 20 points of sin(3x) and judged on 20 others.
class Model {
 public:
  Model(int64_t degree, double rate, double momentum)
      : weights_(static_cast<size_t>(degree) + 1),
        speed_(weights_.size()),
        rate_(rate),
        momentum_(momentum) {}

  void Train() {
    for (int step = 0; step < kStepsPerEpoch; ++step) {
      for (int i = 0; i < kPoints; ++i) Learn(-1 + 0.1 * i);
    }
  }

  // Mean squared error. Infinite when training diverged, since a result may not be NaN.
  double Error() const {
    double sum = 0;
    for (int i = 0; i < kPoints; ++i) {
      const double x = -0.95 + 0.1 * i;
      sum += std::pow(At(x) - Sine(x), 2);
    }
    return std::isnan(sum) ? std::numeric_limits<double>::infinity() : sum / kPoints;
  }

 private:
  double At(double x) const {
    double sum = 0;
    for (size_t power = weights_.size(); power-- > 0;) sum = sum * x + weights_[power];
    return sum;
  }

  void Learn(double x) {
    const double miss = At(x) - Sine(x);
    double slope = miss;
    for (size_t power = 0; power < weights_.size(); ++power, slope *= x) {
      speed_[power] = momentum_ * speed_[power] - rate_ * slope;
      weights_[power] += speed_[power];
    }
  }

  std::vector<double> weights_;
  std::vector<double> speed_;
  double rate_;
  double momentum_;
};

// Trains, reports after each epoch, and ends the trial; what became of it.
absl::StatusOr<std::string> Evaluate(hpod::Trial& trial, std::chrono::duration<double> pause) {
  const auto degree = trial.Get<int64_t>("degree");
  if (!degree.ok()) return degree.status();
  const auto rate = trial.Get<double>("rate");
  if (!rate.ok()) return rate.status();
  Model model(*degree, *rate, trial.Get<double>("momentum").value_or(0));
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    std::this_thread::sleep_for(pause);
    model.Train();
    const auto report = trial.ReportValue(epoch, model.Error());
    if (!report.ok()) return report.status();
    if (report->should_prune) {
      if (absl::Status status = trial.Prune(); !status.ok()) return status;
      return "pruned after epoch " + std::to_string(epoch);
    }
  }
  if (absl::Status status = trial.Complete(model.Error()); !status.ok()) return status;
  return "complete, error " + std::to_string(model.Error());
}

absl::Status Work(const std::string& name, std::chrono::duration<double> pause) {
  const auto client = hpod::Client::Connect();
  if (!client.ok()) return client.status();
  const auto study = client->CreateOrLoadStudy({
      .name = name,
      .directions = {hpod::Direction::kMinimize},
      .space = {{"rate", hpod::Float{.low = 1e-3, .high = 0.3, .log = true}},
                {"degree", hpod::Int{.low = 1, .high = 7}},
                {"method", hpod::Choice{{"plain", "momentum"}}},
                {"momentum", hpod::Float{.low = 0.1, .high = 0.9}, {{"method", {"momentum"}}}}},
      .pruner = {"median", {{"n_startup_trials", "4"}, {"n_warmup_steps", "5"}}},
      .seed = 7,
      .max_trials = 30,
  });
  if (!study.ok()) return study.status();
  while (true) {
    auto trial = study->NextTrial();
    if (!trial.ok()) return trial.status();
    if (!trial->has_value()) return absl::OkStatus();
    const auto ending = Evaluate(**trial, pause);
    if (!ending.ok() && !hpod::IsLeaseLost(ending.status())) return ending.status();
    const std::string text = ending.ok() ? *ending : std::string(ending.status().message());
    std::printf("trial %lld: %s\n", static_cast<long long>((*trial)->number()), text.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "sine";
  const std::chrono::duration<double> pause(argc > 2 ? std::atof(argv[2]) : 0);
  if (const absl::Status status = Work(name, pause); !status.ok()) {
    std::fprintf(stderr, "worker: %s\n", std::string(status.message()).c_str());
    return 1;
  }
}
