#include "clients/hpoctl/command.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/help.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/text.h"
#include "tests/hpoctl/test_io.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Result {
  ExitCode code;
  std::string out;
  std::string err;
};

Result Hpoctl(const std::vector<std::string>& args,
              const std::map<std::string, std::string>& environment = {}) {
  TestIo test;
  test.environment = environment;
  Io io = test.Pipe();
  const ExitCode code = RunHpoctl(args, io);
  return {code, test.out.str(), test.err.str()};
}

std::vector<std::string> Words(const Verb& verb) { return Wrap(CommandName(verb), 1); }

class EachVerb : public testing::TestWithParam<Verb> {};

TEST_P(EachVerb, HasHelpThatStartsWithOneSentenceAndTwoExamples) {
  std::vector<std::string> args = Words(GetParam());
  args.push_back("--help");
  const Result result = Hpoctl(args);
  EXPECT_EQ(result.code, ExitCode::kDone);
  EXPECT_EQ(result.err, "");
  const std::string command = "hpoctl " + CommandName(GetParam());
  EXPECT_THAT(result.out, StartsWith(fmt::format("{}\n\nExamples:\n  {}\n  {}\n\nUsage: {}",
                                                 GetParam().sentence, GetParam().examples[0],
                                                 GetParam().examples[1], command)));
  EXPECT_TRUE(GetParam().sentence.ends_with('.'));
  for (const std::string_view example : GetParam().examples) {
    EXPECT_THAT(std::string(example), HasSubstr(command));
  }
}

TEST_P(EachVerb, DocumentsEachOfItsFlags) {
  CLI::App app;
  GetParam().bind(app);
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr()) continue;
    EXPECT_FALSE(option->get_description().empty()) << option->get_name();
    EXPECT_THAT(VerbHelp(GetParam(), app), HasSubstr(option->get_name(option->get_positional())));
  }
}

TEST_P(EachVerb, RefusesAnUnknownFlagWithItsUsage) {
  std::vector<std::string> args = Words(GetParam());
  args.push_back("--no-such-flag");
  const Result result = Hpoctl(args);
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("Usage: hpoctl " + CommandName(GetParam())));
}

// The arguments of the first example, up to a pipe, a redirection or -o.
std::vector<std::string> FirstExample(const Verb& verb) {
  std::vector<std::string> args;
  for (const std::string& word : Wrap(verb.examples[0], 1)) {
    if (word == "|" || word == ">" || word == "-o") break;
    args.push_back(word);
  }
  args.erase(args.begin());  // hpoctl
  return args;
}

std::string MakeOptunaFile(const std::string& path) {
  auto writer = optuna::Writer::Open(path);
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE(writer->Add(optuna::Study{"a", {"MINIMIZE"}, {}, {}}).ok());
  EXPECT_TRUE(writer->Commit().ok());
  return path;
}

// Adds flags, before the command of a verb that takes one.
void AddFlags(std::vector<std::string>& args, const std::vector<std::string>& flags) {
  args.insert(std::find(args.begin(), args.end(), "--"), flags.begin(), flags.end());
}

TEST_P(EachVerb, RunsItsFirstExampleUpToTheServer) {
  std::vector<std::string> args = FirstExample(GetParam());
  const TempDir folder;
  if (GetParam().name == "import optuna") args[3] = MakeOptunaFile(folder.File("optuna.db"));
  if (GetParam().name == "import") args[2] = HPOD_TEST_DATA "/hpoctl/empty_study.jsonl";
  if (GetParam().name == "delete") args.push_back("--yes");
  if (GetParam().name == "export") args.pop_back();  // to standard output
  AddFlags(args, {"--server", "127.0.0.1:1"});
  const Result result = Hpoctl(args);
  EXPECT_EQ(result.code, ExitCode::kUnreachable) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "cannot reach 127.0.0.1:1: connection refused (is hpod running? start it with: hpod "
            "--storage sqlite:///studies.db)\n");
}

TEST_P(EachVerb, TakesCsvOnlyIfItPrintsRows) {
  std::vector<std::string> args = FirstExample(GetParam());
  AddFlags(args, {"-o", "csv", "--server", "127.0.0.1:1"});
  const Result result = Hpoctl(args);
  if (GetParam().has_rows) {
    EXPECT_EQ(result.code, ExitCode::kUnreachable) << result.err;
  } else {
    EXPECT_EQ(result.code, ExitCode::kUsage);
    EXPECT_EQ(result.err, CommandName(GetParam()) +
                              " prints no rows: -o csv does not apply (known: json, table)\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Hpoctl, EachVerb, testing::ValuesIn(Verbs().begin(), Verbs().end()),
                         [](const auto& verb) {
                           std::string name = CommandName(verb.param);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

struct BadCommandLine {
  std::vector<std::string> args;
  std::string message;
};

class UsageErrors : public testing::TestWithParam<BadCommandLine> {};

TEST_P(UsageErrors, EndWithTwoAndSayWhatIsKnown) {
  std::vector<std::string> args = GetParam().args;
  const Result result = Hpoctl(args);
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Hpoctl, UsageErrors,
    testing::Values(
        BadCommandLine{{},
                       "a command is missing (known: bench, ping, pruner, run, sampler, study, "
                       "trial)\n"},
        BadCommandLine{{"stduy"},
                       "unknown command 'stduy' (known: bench, ping, pruner, run, sampler, study, "
                       "trial)\n"},
        BadCommandLine{{"trail", "--help"}, "unknown command 'trail' (known: "},
        BadCommandLine{{"trial"}, "'trial' needs a verb (known: complete, enqueue, fail, "},
        BadCommandLine{{"sampler", "lsit"}, "unknown command 'sampler lsit' (known: list)\n"},
        BadCommandLine{{"study", "list", "-o", "yaml"},
                       "unknown output 'yaml' (known: csv, json, table)\n"},
        BadCommandLine{{"study", "list", "--timeout", "0"},
                       "--timeout '0' must be above 0 and at most 31536000 seconds\n"},
        BadCommandLine{{"study", "list", "--timeout", "soon"},
                       "--timeout 'soon' is not a number\n"},
        BadCommandLine{{"study", "create"}, "NAME is required\n"},
        BadCommandLine{{"study", "create", "a", "b"},
                       "The following argument was not expected: b\n"},
        BadCommandLine{{"study", "create", "a", "--direction", "up"},
                       "unknown direction 'up' (known: maximize, minimize)\n"},
        BadCommandLine{{"study", "create", "a", "--sampler-option", "multivariate"},
                       "--sampler-option 'multivariate' must have the form name=value\n"},
        BadCommandLine{{"study", "create", "a", "--pruner-option", "a=1", "--pruner-option", "a=2"},
                       "--pruner-option 'a' is given twice\n"},
        BadCommandLine{{"study", "create", "a", "--space", "/no/such/file"},
                       "cannot read '/no/such/file'\n"},
        BadCommandLine{{"study", "create", "a", "--lease", "-3"}, "--lease '-3' must be above 0"},
        BadCommandLine{{"study", "create", "a", "--seed", "-3"},
                       "--seed '-3' must be a whole number of 0 to 2^64 - 1\n"},
        BadCommandLine{{"study", "update", "a"},
                       "nothing to change (see: hpoctl study update --help)\n"},
        BadCommandLine{{"study", "delete", "a"}, "will not delete studies/a unasked: add --yes\n"},
        BadCommandLine{{"study", "import", "/no/such/file"}, "cannot read '/no/such/file'\n"},
        BadCommandLine{{"trial", "complete", "a", "3"}, "VALUE is required\n"},
        BadCommandLine{{"trial", "complete", "a", "three", "0.5"},
                       "Could not convert: NUMBER = three\n"},
        BadCommandLine{{"trial", "complete", "a", "3", "0,5"}, "VALUE '0,5' is not a number\n"},
        BadCommandLine{{"trial", "suggest", "a", "--count", "0"},
                       "--count: Value 0 not in range 1 to 1000\n"},
        BadCommandLine{{"trial", "list", "a", "--state", "done"},
                       "unknown state 'done' (known: complete, fail, pruned, running, waiting)\n"},
        BadCommandLine{{"run", "--", "./train"}, "--study is required\n"},
        BadCommandLine{{"run", "--study", "a"}, "the command is missing: hpoctl run --study "},
        BadCommandLine{{"run", "--study", "a", "./train"},
                       "The following argument was not expected: ./train\n"},
        BadCommandLine{{"run", "--study", "a", "--parallel", "0", "--", "x"},
                       "--parallel: Value 0 not in range 1 to 1000\n"},
        BadCommandLine{{"run", "--study", "a", "--timeout", "0", "--", "x"},
                       "--timeout '0' must be above 0 and at most 31536000 seconds\n"},
        BadCommandLine{{"bench", "--in-flight", "0"},
                       "--in-flight: Value 0 not in range 1 to 1000\n"},
        BadCommandLine{{"bench", "--seconds", "long"}, "--seconds 'long' is not a number\n"},
        BadCommandLine{{"ping", "--wait", "nan"}, "--wait 'nan' must be above 0"}));

TEST(Hpoctl, ReadsTheServerFromTheEnvironmentUnlessAFlagSaysOtherwise) {
  const std::map<std::string, std::string> environment = {{"HPOD_SERVER", "127.0.0.1:2"}};
  EXPECT_THAT(Hpoctl({"ping"}, environment).err, StartsWith("cannot reach 127.0.0.1:2: "));
  EXPECT_THAT(Hpoctl({"ping", "--server", "127.0.0.1:3"}, environment).err,
              StartsWith("cannot reach 127.0.0.1:3: "));
}

TEST(Hpoctl, TakesGlobalFlagsBeforeAndAfterTheCommand) {
  EXPECT_THAT(Hpoctl({"--server", "127.0.0.1:4", "study", "list"}).err,
              StartsWith("cannot reach 127.0.0.1:4: "));
  EXPECT_THAT(Hpoctl({"study", "--server", "127.0.0.1:4", "list"}).err,
              StartsWith("'study' needs a verb"));
}

TEST(Hpoctl, TakesAWordOfACommandAsAnArgumentAfterTwoDashes) {
  EXPECT_THAT(Hpoctl({"study", "export", "optuna"}).err, StartsWith("STUDY is required\n"));
  EXPECT_EQ(Hpoctl({"--server", "127.0.0.1:1", "study", "export", "--", "optuna"}).code,
            ExitCode::kUnreachable);
}

TEST(Hpoctl, ListsItsCommands) {
  const Result all = Hpoctl({"--help"});
  EXPECT_EQ(all.code, ExitCode::kDone);
  for (const Verb& verb : Verbs()) EXPECT_THAT(all.out, HasSubstr("  " + CommandName(verb) + " "));
  const Result trial = Hpoctl({"trial", "--help"});
  EXPECT_EQ(trial.code, ExitCode::kDone);
  EXPECT_THAT(trial.out, HasSubstr("trial suggest"));
  EXPECT_THAT(trial.out, testing::Not(HasSubstr("study create")));
}

TEST(Hpoctl, NamesArgumentsThatItDoesNotExpectInTheirOrder) {
  const Result result = Hpoctl({"study", "list", "--prefixx", "mnist"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err,
              StartsWith("The following arguments were not expected: --prefixx mnist\n"));
}

TEST(Hpoctl, PrintsItsVersion) {
  const Result result = Hpoctl({"--version"});
  EXPECT_EQ(result.code, ExitCode::kDone);
  EXPECT_THAT(result.out, testing::MatchesRegex("hpoctl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Hpoctl, FitsItsHelpInEightyColumns) {
  for (const Verb& verb : Verbs()) {
    std::vector<std::string> args = Words(verb);
    args.push_back("-h");
    std::istringstream page(Hpoctl(args).out);
    for (std::string line; std::getline(page, line);) {
      const bool is_example = line.find("hpoctl ") != line.npos;
      EXPECT_TRUE(is_example || DisplayWidth(line) <= 80) << line;
    }
  }
}

TEST(Hpoctl, TakesNegativeNumbersAsValues) {
  for (const char* value : {"-0.5", "-.5", "-inf", "-1e-3", "-nan"}) {
    const Result result = Hpoctl({"trial", "complete", "a", "3", value, "--server", "127.0.0.1:1"});
    EXPECT_EQ(result.code, ExitCode::kUnreachable) << value << ": " << result.err;
  }
}

TEST(Hpoctl, ReadsASpaceFromStandardInput) {
  TestIo test;
  test.in.str(R"({"lr": {"type": "double"}})");
  Io io = test.Pipe();
  EXPECT_EQ(RunHpoctl({"study", "create", "a", "--space", "-"}, io), ExitCode::kUsage);
  EXPECT_EQ(test.err.str(),
            "parameter 'lr': unknown type 'double' (known: categorical, float, int)\n");
}

TEST(Hpoctl, NamesTheLineOfAFileThatItCannotImport) {
  TestIo test;
  test.in.str("{\"studdy\": {}}\n");
  Io io = test.Pipe();
  EXPECT_EQ(RunHpoctl({"study", "import", "-"}, io), ExitCode::kUsage);
  EXPECT_EQ(test.err.str(), "line 1: it: 'study' is missing\n");
}

TEST(ParseNumber, ReadsWhatTrainingScriptsPrint) {
  EXPECT_EQ(*ParseNumber("0.25", "VALUE"), 0.25);
  EXPECT_EQ(*ParseNumber("+3", "VALUE"), 3);
  EXPECT_EQ(*ParseNumber(" -1e-3 ", "VALUE"), -1e-3);
  EXPECT_TRUE(std::isnan(*ParseNumber("nan", "VALUE")));
  EXPECT_EQ(*ParseNumber("-Infinity", "VALUE"), -std::numeric_limits<double>::infinity());
  for (const char* bad : {"", " ", "+", "+-1", "1.2.3", "0x10", "1 2", "one"}) {
    EXPECT_FALSE(ParseNumber(bad, "VALUE").ok()) << bad;
  }
}

}  // namespace
}  // namespace hpod
