#include "clients/hpoctl/help.h"

#include <algorithm>
#include <fmt/format.h>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kTextColumn = 30;  // where descriptions begin

// `  left   right...`, the right side wrapped.
std::string Entry(const std::string& left, const std::string& right) {
  std::string page = "  " + left;
  if (DisplayWidth(left) + 4 > kTextColumn) {
    page += '\n' + std::string(kTextColumn, ' ');
  } else {
    page = PadRight(page, kTextColumn);
  }
  const auto lines = Wrap(right, kWidth - kTextColumn);
  for (size_t i = 0; i < lines.size(); ++i) {
    page += (i == 0 ? "" : "\n" + std::string(kTextColumn, ' ')) + lines[i];
  }
  return page + '\n';
}

// `-o, --output FORMAT`; a positional argument's name alone.
std::string OptionName(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string name;
  for (const std::string& flag : option.get_snames()) name += fmt::format("-{}, ", flag);
  for (const std::string& flag : option.get_lnames()) name += fmt::format("--{}", flag);
  if (option.get_type_size() > 0) name += ' ' + option.get_type_name();
  return name;
}

std::string Section(std::string_view title, const CLI::App& app,
                    const std::function<bool(const CLI::Option&)>& belongs) {
  std::string page;
  for (const CLI::Option* option : app.get_options()) {
    if (belongs(*option)) page += Entry(OptionName(*option), option->get_description());
  }
  return page.empty() ? page : fmt::format("\n{}:\n{}", title, page);
}

bool IsGlobal(const CLI::Option& option) { return option.get_group() == kGlobalFlags; }

std::string Sections(const CLI::App& app) {
  return Section("Arguments", app, [](const auto& option) { return option.get_positional(); }) +
         Section("Flags", app,
                 [](const auto& option) { return !option.get_positional() && !IsGlobal(option); }) +
         Section(kGlobalFlags, app, IsGlobal);
}

}  // namespace

std::string CommandName(const Verb& verb) {
  return verb.name.empty() ? std::string(verb.noun) : fmt::format("{} {}", verb.noun, verb.name);
}

std::string UsageLine(const Verb& verb, const CLI::App& app) {
  std::string line = "hpoctl " + CommandName(verb);
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    std::string name = option->get_name(true);
    if (option->get_items_expected_max() > 1) name += "...";
    line += option->get_required() ? ' ' + name : fmt::format(" [{}]", name);
  }
  line += " [flags]";
  return verb.takes_command ? line + " -- COMMAND [ARGUMENT...]" : line;
}

std::string VerbHelp(const Verb& verb, const CLI::App& app) {
  return fmt::format("{}\n\nExamples:\n  {}\n  {}\n\nUsage: {}\n{}", verb.sentence,
                     verb.examples[0], verb.examples[1], UsageLine(verb, app), Sections(app));
}

std::string CommandsHelp(std::string_view noun, const CLI::App& app) {
  std::string page =
      "Works with the studies and trials of an hpod daemon.\n"
      "\nExamples:\n"
      "  hpoctl study list\n"
      "  hpoctl study show mnist --server trainer:13000\n"
      "\nUsage: hpoctl COMMAND [arguments] [flags]\n"
      "\nCommands:\n";
  for (const Verb& verb : Verbs()) {
    if (noun.empty() || verb.noun == noun)
      page += Entry(CommandName(verb), std::string(verb.sentence));
  }
  page += Section(kGlobalFlags, app, IsGlobal);
  return page +
         "\nExit codes: 0 done, 1 refused by the server, 2 wrong usage, 3 no answer,\n"
         "130 interrupted.\n"
         "Help on a command: hpoctl COMMAND --help\n";
}

}  // namespace hpod
