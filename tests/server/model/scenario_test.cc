// Plays tests/scenarios/*.txt: a command and its options, a line of dashes, what was answered, an
// empty line. With HPOD_REWRITE=1 in the environment the answers are written into the files instead
// of compared.

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/support/live_study.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

constexpr std::string_view kDashes = "----";

// "report 0 1 0.5 token=1": plain words by position, the others by name.
struct Line {
  explicit Line(const std::string& text) {
    std::istringstream stream(text);
    for (std::string word; stream >> word;) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        words.push_back(word);
      } else {
        options.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      }
    }
  }
  int64_t Int(size_t i) const { return std::stoll(words.at(i)); }
  double Real(size_t i) const { return std::stod(words.at(i)); }
  std::string Option(const std::string& name, std::string missing) const {
    for (const auto& [known, value] : options) {
      if (known == name) return value;
    }
    return missing;
  }
  TrialKey Trial() const { return {Int(1), std::stoll(Option("token", "0"))}; }

  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> options;
};

class Player {
 public:
  std::string Play(const std::string& text) {
    const Line line(text);
    const auto command = commands_.find(line.words.at(0));
    if (command == commands_.end()) return "unknown command";
    return (this->*command->second)(line);
  }

 private:
  template <class Command>
  std::string Do(const Line& line, Command command,
                 const std::function<std::string(const typename Command::Result&)>& tell) {
    if constexpr (requires { command.request; }) {
      const std::string id = line.Option("id", "");
      if (!id.empty()) command.request = {id, std::hash<std::string>()(line.words[0])};
    }
    const auto result = study_->Do(command);
    if (result.ok()) return tell(*result);
    return fmt::format("{}: {}", ReasonOf(result.status()), std::string(result.status().message()));
  }

  std::string Study(const Line& line) {
    const std::string space = line.Option("space", "");
    SpecBuilder spec = ASpec()
                           .Sampler(line.Option("sampler", "random"))
                           .Pruner(line.Option("pruner", "none"))
                           .MaxTrials(std::stoll(line.Option("max_trials", "0")))
                           .MaxRunning(std::stoll(line.Option("max_running", "0")))
                           .MaxRetries(std::stoi(line.Option("max_retries", "1")));
    if (space == "plain") spec.Over(PlainSpace());
    if (space == "grid") spec.Over(SmallGrid());
    study_ = std::make_unique<LiveStudy>(spec);
    return "ok";
  }

  std::string Suggest(const Line& line) {
    constexpr const char* kReasons[] = {"",          "max_trials", "max_running", "max_duration",
                                        "exhausted", "stopped"};
    return Do<SuggestTrial>(line, {"worker"}, [&](const auto& result) {
      if (!result.trial.has_value()) {
        return fmt::format("none: {}{}", kReasons[static_cast<int>(result.stop_reason)],
                           result.final ? ", for good" : "");
      }
      return fmt::format("trial {} token {}", result.trial->number, result.trial->lease_token);
    });
  }

  std::string Ask(const Line& line) {
    const Domain domain = hpod::Real(line.Real(3), line.Real(4));
    return Do(line, hpod::Ask(line.Trial(), line.words.at(2), domain),
              [](const auto& result) { return fmt::format("{:.6g}", result.value); });
  }

  std::string Report(const Line& line) {
    return Do(line, ReportAt(line.Trial(), line.Int(2), line.Real(3)), [](const auto& result) {
      return fmt::format("{}{}{}", result.should_prune ? "prune" : "go on",
                         result.step_was_reported ? ", step was reported" : "",
                         result.study_stopped ? ", study stopped" : "");
    });
  }

  std::string Complete(const Line& line) {
    std::vector<double> values;
    for (size_t i = 2; i < line.words.size(); ++i) values.push_back(line.Real(i));
    return Do(line, hpod::Complete(line.Trial(), values), [](const auto&) { return "ok"; });
  }

  std::string Prune(const Line& line) {
    return Do(line, hpod::Prune(line.Trial()), [](const auto&) { return "ok"; });
  }

  std::string Heartbeat(const Line& line) {
    return Do(line, HeartbeatTrial{line.Trial()}, [](const auto&) { return "ok"; });
  }

  std::string Enqueue(const Line& line) {
    FixedParams params;
    for (const auto& [name, value] : line.options) {
      if (name != "id") params.emplace_back(name, std::stod(value));
    }
    return Do(line, hpod::Enqueue(params),
              [](const auto& result) { return fmt::format("trial {}", result.number); });
  }

  std::string Stop(const Line& line) {
    return Do(line, hpod::Stop(line.words[0] == "stop"), [](const auto&) { return "ok"; });
  }

  std::string Advance(const Line& line) {
    study_->TickAfterMs(line.Int(1));
    return "ok";
  }

  std::string Restart(const Line& /*line*/) {
    study_->ReplaceBy(study_->Log());
    return "ok";
  }

  std::string Show(const Line& /*line*/) {
    std::string text;
    const History& history = study_->State().Trials();
    for (size_t number = 0; number < history.size(); ++number) {
      const TrialRecord trial = study_->Record(number);
      text += fmt::format("{}{} {}", number == 0 ? "" : "\n", number, ToString(trial.state));
      for (const auto& [distribution, value] : trial.params) {
        const Distribution& known = history.GetDistribution(distribution);
        text += fmt::format(" {}={:.6g}", history.Name(known.name), value);
      }
      if (!trial.values.empty()) text += fmt::format(" -> {}", fmt::join(trial.values, ", "));
      if (trial.retry_of.has_value()) text += fmt::format(" (retry of {})", *trial.retry_of);
      if (!trial.failure.empty()) text += fmt::format(" ({})", trial.failure);
    }
    return text;
  }

  const std::map<std::string, std::string (Player::*)(const Line&)> commands_ = {
      {"study", &Player::Study},
      {"suggest", &Player::Suggest},
      {"ask", &Player::Ask},
      {"report", &Player::Report},
      {"complete", &Player::Complete},
      {"prune", &Player::Prune},
      {"heartbeat", &Player::Heartbeat},
      {"enqueue", &Player::Enqueue},
      {"stop", &Player::Stop},
      {"go", &Player::Stop},
      {"advance", &Player::Advance},
      {"restart", &Player::Restart},
      {"show", &Player::Show}};
  std::unique_ptr<LiveStudy> study_;
};

// The file with the answers as they are now; comments stay.
std::string Replay(std::istream& file) {
  Player player;
  std::string replayed, command;
  for (std::string line; std::getline(file, line);) {
    if (line == kDashes) {
      replayed += fmt::format("{}\n{}\n", line, player.Play(command));
      while (std::getline(file, line) && !line.empty()) continue;
      replayed += "\n";
    } else {
      replayed += line + "\n";
      if (!line.starts_with('#')) command = line;
    }
  }
  return replayed;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, IsAnsweredAsWritten) {
  std::ifstream file(GetParam());
  std::ostringstream content;
  content << file.rdbuf();
  std::istringstream again(content.str());
  const std::string replayed = Replay(again);
  if (std::getenv("HPOD_REWRITE") != nullptr) {
    std::ofstream(GetParam()) << replayed;
  } else {
    EXPECT_EQ(replayed, content.str());
  }
}

std::vector<std::filesystem::path> Scenarios() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(HPOD_TEST_DATA "/scenarios")) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(Scenarios()),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace
}  // namespace hpod
