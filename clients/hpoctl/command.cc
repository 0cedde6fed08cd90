// Entry point: RunHpoctl. The command line is read in two steps: the global flags before the
// command, then, with an app of the verb's own, its arguments and flags (the global ones again
// among them).

#include "clients/hpoctl/command.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/help.h"
#include "clients/hpoctl/text.h"

namespace hpod {

// Each defined in <noun>_<verb>.cc.
using BindFunction = Action(CLI::App&);
BindFunction BindStudyCreate, BindStudyList, BindStudyShow, BindStudyBest, BindStudyUpdate,
    BindStudyStop, BindStudyResume, BindStudyDelete, BindStudyExport, BindStudyImport,
    BindStudyExportOptuna, BindStudyImportOptuna, BindStudyWatch, BindTrialSuggest, BindTrialReport,
    BindTrialComplete, BindTrialPrune, BindTrialFail, BindTrialHeartbeat, BindTrialEnqueue,
    BindTrialList, BindTrialShow, BindSamplerList, BindPrunerList, BindPing, BindRun, BindBench;

namespace {

constexpr Verb kVerbs[] = {
    {"study",
     "create",
     "Creates a study.",
     {"hpoctl study create mnist --direction maximize --max-trials 100",
      "hpoctl study create mnist --space space.json --sampler tpe --seed 42 --if-not-exists"},
     false,
     &BindStudyCreate},
    {"study",
     "list",
     "Lists the studies in the order of their creation.",
     {"hpoctl study list", "hpoctl study list --prefix mnist -o json"},
     true,
     &BindStudyList},
    {"study",
     "show",
     "Shows how a study is doing: its best trials, its progress and what runs now.",
     {"hpoctl study show mnist", "hpoctl study show mnist -o json | jq .best_trials[0].params"},
     true,
     &BindStudyShow},
    {"study",
     "best",
     "Shows the best trial with its parameters, or the front of several objectives.",
     {"hpoctl study best mnist", "hpoctl study best mnist --limit 10 -o csv"},
     true,
     &BindStudyBest},
    {"study",
     "update",
     "Changes the budgets, lease, retries or metric names of a study.",
     {"hpoctl study update mnist --max-trials 200",
      "hpoctl study update mnist --max-running 0 --lease 120"},
     false,
     &BindStudyUpdate},
    {"study",
     "stop",
     "Stops a study: running trials may finish, no further one is handed out.",
     {"hpoctl study stop mnist", "hpoctl study stop mnist -o json"},
     false,
     &BindStudyStop},
    {"study",
     "resume",
     "Lets a stopped study hand out trials again.",
     {"hpoctl study resume mnist", "hpoctl study resume mnist --request-id 5f0c"},
     false,
     &BindStudyResume},
    {"study",
     "delete",
     "Deletes a study with all its trials.",
     {"hpoctl study delete mnist", "hpoctl study delete mnist --yes"},
     false,
     &BindStudyDelete},
    // Before `export` and `import`, which its words begin with.
    {"study",
     "export optuna",
     "Writes a study and its trials into a SQLite file of Optuna.",
     {"hpoctl study export optuna mnist sqlite:///optuna.db",
      "hpoctl study export optuna mnist sqlite:////tmp/optuna.db --name mnist-2"},
     false,
     &BindStudyExportOptuna},
    {"study",
     "import optuna",
     "Creates studies with the trials that a SQLite file of Optuna has.",
     {"hpoctl study import optuna sqlite:///optuna.db",
      "hpoctl study import optuna sqlite:///optuna.db --study mnist --name mnist-2"},
     false,
     &BindStudyImportOptuna},
    {"study",
     "export",
     "Writes a study and its trials as JSON lines, for study import.",
     {"hpoctl study export mnist mnist.jsonl", "hpoctl study export mnist | gzip > mnist.jsonl.gz"},
     false,
     &BindStudyExport},
    {"study",
     "import",
     "Creates a study with the trials that study export wrote.",
     {"hpoctl study import mnist.jsonl",
      "zcat mnist.jsonl.gz | hpoctl study import - --name mnist-copy"},
     false,
     &BindStudyImport},
    {"study",
     "watch",
     "Prints what changes in a study as it happens, until interrupted.",
     {"hpoctl study watch mnist", "hpoctl study watch mnist --after 0 --until-done -o json"},
     false,
     &BindStudyWatch},
    {"trial",
     "suggest",
     "Starts a trial and prints its parameters; exits with 1 when there is none.",
     {"hpoctl trial suggest mnist -o json", "hpoctl trial suggest mnist --count 4 --worker gpu-7"},
     true,
     &BindTrialSuggest},
    {"trial",
     "report",
     "Reports an intermediate value and says whether to stop the trial.",
     {"hpoctl trial report mnist 3 10 0.87",
      "hpoctl trial report mnist 3 10 0.87 -o json | jq .should_prune"},
     false,
     &BindTrialReport},
    {"trial",
     "complete",
     "Completes a running trial with its objective values.",
     {"hpoctl trial complete mnist 3 0.91",
      "hpoctl trial complete speed-and-size 3 12.5 -0.25 --token 7"},
     false,
     &BindTrialComplete},
    {"trial",
     "prune",
     "Ends a running trial as pruned, after a report said so.",
     {"hpoctl trial prune mnist 3", "hpoctl trial prune mnist 3 --token 7"},
     false,
     &BindTrialPrune},
    {"trial",
     "fail",
     "Ends a running trial as failed.",
     {"hpoctl trial fail mnist 3", "hpoctl trial fail mnist 3 --reason 'out of memory'"},
     false,
     &BindTrialFail},
    {"trial",
     "heartbeat",
     "Renews the lease of a running trial.",
     {"hpoctl trial heartbeat mnist 3", "hpoctl trial heartbeat mnist 3 --token 7 -o json"},
     false,
     &BindTrialHeartbeat},
    {"trial",
     "enqueue",
     "Enqueues a trial with given parameters, which a later suggestion hands out.",
     {"hpoctl trial enqueue mnist lr=0.01 layers=3",
      "hpoctl trial enqueue mnist opt=adam --skip-if-exists"},
     false,
     &BindTrialEnqueue},
    {"trial",
     "list",
     "Lists the trials of a study by number.",
     {"hpoctl trial list mnist --state complete --state pruned",
      "hpoctl trial list mnist -o csv > trials.csv"},
     true,
     &BindTrialList},
    {"trial",
     "show",
     "Shows everything about one trial.",
     {"hpoctl trial show mnist 3", "hpoctl trial show mnist 3 -o json"},
     true,
     &BindTrialShow},
    {"sampler",
     "list",
     "Lists the samplers of the daemon with their options.",
     {"hpoctl sampler list", "hpoctl sampler list -o json"},
     true,
     &BindSamplerList},
    {"pruner",
     "list",
     "Lists the pruners of the daemon with their options.",
     {"hpoctl pruner list", "hpoctl pruner list -o json"},
     true,
     &BindPrunerList},
    {"run",
     "",
     "Runs a command as the workers of a study: no client needed.",
     {"hpoctl run --study mnist -- ./train --lr {lr} --layers {layers}",
      "hpoctl run --study mnist --parallel 4 --timeout 600 -- python train.py"},
     false,
     &BindRun,
     true},
    {"bench",
     "",
     "Measures the daemon from here, on studies that it deletes afterwards.",
     {"hpoctl bench", "hpoctl bench --in-flight 64 --seconds 3 --server trainer:13000"},
     true,
     &BindBench},
    {"ping",
     "",
     "Asks whether the daemon answers and is ready.",
     {"hpoctl ping", "hpoctl ping --wait 30 --server trainer:13000"},
     false,
     &BindPing},
};

ExitCode Usage(Io& io, const std::string& message, const std::string& advice) {
  io.err << message << '\n' << advice << '\n';
  return ExitCode::kUsage;
}

// The distinct names that may follow: nouns, or the verbs of a noun.
std::string KnownAfter(std::string_view noun) {
  std::set<std::string_view> names;
  for (const Verb& verb : kVerbs) {
    if (noun.empty()) names.insert(verb.noun);
    if (verb.noun == noun) names.insert(verb.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// Of the command: `ping`, `study show`, `study export optuna`.
std::ptrdiff_t CountWords(const Verb& verb) {
  return verb.name.empty() ? 1 : 2 + std::count(verb.name.begin(), verb.name.end(), ' ');
}

// The verb that `words` begin with; removes its words. INVALID_ARGUMENT that lists the known ones.
absl::StatusOr<const Verb*> TakeVerb(std::vector<std::string>& words) {
  const std::string noun = words.empty() ? "" : words[0];
  if (noun.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("a command is missing (known: {})", KnownAfter("")));
  }
  const std::string name = words.size() < 2 || words[1].starts_with('-') ? "" : words[1];
  const std::string two_words = words.size() < 3 ? name : fmt::format("{} {}", name, words[2]);
  bool is_known_noun = false;
  for (const Verb& verb : kVerbs) {
    is_known_noun |= verb.noun == noun;
    const bool is_asked = verb.name.empty() || verb.name == name || verb.name == two_words;
    if (verb.noun != noun || !is_asked) continue;
    words.erase(words.begin(), words.begin() + CountWords(verb));
    return &verb;
  }
  if (!is_known_noun) {
    return absl::InvalidArgumentError(
        fmt::format("unknown command '{}' (known: {})", Printable(noun), KnownAfter("")));
  }
  return absl::InvalidArgumentError(
      name.empty() ? fmt::format("'{}' needs a verb (known: {})", noun, KnownAfter(noun))
                   : fmt::format("unknown command '{} {}' (known: {})", noun, Printable(name),
                                 KnownAfter(noun)));
}

// `study --help`: the page of a noun.
bool AsksForHelp(const std::vector<std::string>& words) {
  if (words.size() < 2 || (words[1] != "--help" && words[1] != "-h")) return false;
  return std::any_of(std::begin(kVerbs), std::end(kVerbs),
                     [&](const Verb& verb) { return verb.noun == words[0]; });
}

// Cuts `words` at the first `--` and returns what follows it.
std::vector<std::string> TakeCommand(std::vector<std::string>& words) {
  const auto mark = std::find(words.begin(), words.end(), "--");
  if (mark == words.end()) return {};
  std::vector<std::string> command(mark + 1, words.end());
  words.erase(mark, words.end());
  return command;
}

// CLI11 lists several arguments that nobody takes last first.
std::string WhatIsWrong(const CLI::ParseError& error, const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  if (rest.size() < 2 || dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
    return error.what();
  }
  return fmt::format("The following arguments were not expected: {}", fmt::join(rest, " "));
}

absl::Status Perform(const Verb& verb, const GlobalFlags& flags, std::vector<std::string> command,
                     const Action& action, Io& io) {
  const auto output = ParseOutput(flags.output);
  if (!output.ok()) return output.status();
  if (*output == Output::kCsv && !verb.has_rows) {
    return UsageError(fmt::format("{} prints no rows: -o csv does not apply (known: json, table)",
                                  CommandName(verb)));
  }
  const auto timeout = ParseSeconds(flags.timeout_s, "--timeout");
  if (!timeout.ok()) return timeout.status();
  Connection connection(flags.server, *timeout);
  Context context{io, *output, connection, std::move(command)};
  const absl::Status status = action(context);
  io.out.flush();
  if (status.ok() && !io.out) return UsageError("cannot write the output: is the disk full?");
  return status;
}

ExitCode RunVerb(const Verb& verb, std::vector<std::string> words, GlobalFlags flags, Io& io) {
  std::vector<std::string> command;
  if (verb.takes_command) command = TakeCommand(words);
  CLI::App app;
  const Action action = verb.bind(app);
  AddGlobalFlags(app, flags);
  try {
    app.parse(ReadyToParse(std::move(words)));
  } catch (const CLI::CallForHelp&) {
    io.out << VerbHelp(verb, app);
    return ExitCode::kDone;
  } catch (const CLI::ParseError& error) {
    return Usage(io, WhatIsWrong(error, app),
                 fmt::format("\nUsage: {}\nHelp:  hpoctl {} --help", UsageLine(verb, app),
                             CommandName(verb)));
  }
  const absl::Status status = Perform(verb, flags, std::move(command), action, io);
  if (!status.message().empty())
    io.err << std::string_view(status.message().data(), status.message().size()) << '\n';
  return ExitCodeOf(status);
}

}  // namespace

std::span<const Verb> Verbs() { return kVerbs; }

ExitCode RunHpoctl(const std::vector<std::string>& args, Io& io) {
  GlobalFlags flags;
  flags.server = io.environment("HPOD_SERVER").value_or(flags.server);
  bool show_version = false;
  CLI::App app;
  AddGlobalFlags(app, flags);
  app.add_flag("--version", show_version, "Print the version")->group(kGlobalFlags);
  app.prefix_command();
  try {
    app.parse(ReadyToParse(args));
  } catch (const CLI::CallForHelp&) {
    io.out << CommandsHelp("", app);
    return ExitCode::kDone;
  } catch (const CLI::ParseError& error) {
    return Usage(io, error.what(), "Help: hpoctl --help");
  }
  if (show_version) {
    io.out << "hpoctl " << HPOD_VERSION << '\n';
    return ExitCode::kDone;
  }
  std::vector<std::string> words = app.remaining();
  const auto verb = TakeVerb(words);
  if (verb.ok()) return RunVerb(**verb, std::move(words), flags, io);
  if (AsksForHelp(words)) {
    io.out << CommandsHelp(words[0], app);
    return ExitCode::kDone;
  }
  return Usage(io, std::string(verb.status().message()), "Help: hpoctl --help");
}

}  // namespace hpod
