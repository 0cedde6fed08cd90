// The verbs of hpoctl: one row each in the table of command.cc, one file each with the function
// that the row names.

#ifndef HPOD_CLIENTS_HPOCTL_COMMAND_H_
#define HPOD_CLIENTS_HPOCTL_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "clients/hpoctl/connection.h"
#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/io.h"
#include "clients/hpoctl/table.h"

namespace hpod {

// What a verb works with.
struct Context {
  Io& io;
  Output output;
  Connection& connection;
  std::vector<std::string> command = {};  // what follows `--`, of a verb that takes a command
};

// Runs after the command line was read without an error.
using Action = std::function<absl::Status(Context&)>;

// Declares the arguments and flags of a verb on `app`; they are read into what the action owns.
using Bind = Action (*)(CLI::App& app);

struct Verb {
  std::string_view noun;
  std::string_view name;  // empty: the noun is the command
  std::string_view sentence;
  std::string_view examples[2];
  bool has_rows;  // prints a list, so that -o csv makes sense
  Bind bind;
  bool takes_command = false;  // a program with its arguments, after `--`
};

std::span<const Verb> Verbs();

// Runs the command line `args` (without the program's name) to its end. Data goes to io.out,
// everything else to io.err.
ExitCode RunHpoctl(const std::vector<std::string>& args, Io& io);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_COMMAND_H_
