// The command of `hpoctl run` with the parameters of a trial filled in.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_COMMAND_TEMPLATE_H_
#define HPOD_CLIENTS_HPOCTL_RUN_COMMAND_TEMPLATE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace hpod {

// Arguments in which `{name}` stands for a value; `{{` and `}}` stand for a brace.
class CommandTemplate {
 public:
  // INVALID_ARGUMENT: a name that is not among `known` (the message lists them), or a single brace.
  static absl::StatusOr<CommandTemplate> Parse(const std::vector<std::string>& arguments,
                                               const std::vector<std::string>& known);

  // The arguments of one trial. An argument with a name that `values` has not (a conditional
  // parameter that is inactive) is left out; if it is nothing but `{name}`, so is the flag before
  // it, an argument that starts with a dash and has no name: `--momentum {momentum}`.
  std::vector<std::string> Fill(const std::map<std::string, std::string>& values) const;

 private:
  struct Piece {
    bool is_name;
    std::string text;
  };
  using Argument = std::vector<Piece>;

  static absl::StatusOr<Argument> ParseArgument(const std::string& text);
  static bool IsFlag(const Argument& argument);

  std::vector<Argument> arguments_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_COMMAND_TEMPLATE_H_
