// The pages that --help shows.

#ifndef HPOD_CLIENTS_HPOCTL_HELP_H_
#define HPOD_CLIENTS_HPOCTL_HELP_H_

#include <string>

#include "clients/hpoctl/command.h"

namespace hpod {

// Group of the flags that every verb has.
inline constexpr const char* kGlobalFlags = "Global flags";

// `study create`, `ping`.
std::string CommandName(const Verb& verb);
// `hpoctl study create NAME [flags]`.
std::string UsageLine(const Verb& verb, const CLI::App& app);
// A sentence, two examples, the usage, arguments and flags; lines of at most 80 columns but for the
// examples.
std::string VerbHelp(const Verb& verb, const CLI::App& app);
// The commands of `noun`; of all nouns if it is empty. `app` has the global flags.
std::string CommandsHelp(std::string_view noun, const CLI::App& app);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_HELP_H_
