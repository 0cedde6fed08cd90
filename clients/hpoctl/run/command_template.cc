#include "clients/hpoctl/run/command_template.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

absl::Status SingleBrace(const std::string& text, char brace) {
  return UsageError(fmt::format(
      "'{}': a single {} (write {{name}} for a parameter, and {{{{ and }}}} for the braces "
      "themselves)",
      Ellipsize(Printable(text), 60), brace));
}

}  // namespace

absl::StatusOr<CommandTemplate::Argument> CommandTemplate::ParseArgument(const std::string& text) {
  Argument argument;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      literal += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
      continue;
    }
    const size_t end = c == '{' ? text.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos || end == i + 1) return SingleBrace(text, c);
    argument.push_back({false, literal});
    argument.push_back({true, text.substr(i + 1, end - i - 1)});
    literal.clear();
    i = end;
  }
  argument.push_back({false, literal});
  std::erase_if(argument, [](const Piece& piece) { return !piece.is_name && piece.text.empty(); });
  return argument;
}

absl::StatusOr<CommandTemplate> CommandTemplate::Parse(const std::vector<std::string>& arguments,
                                                       const std::vector<std::string>& known) {
  CommandTemplate result;
  for (const std::string& text : arguments) {
    auto argument = ParseArgument(text);
    if (!argument.ok()) return argument.status();
    for (const Piece& piece : *argument) {
      if (!piece.is_name || std::find(known.begin(), known.end(), piece.text) != known.end()) {
        continue;
      }
      return UsageError(fmt::format("'{}': no parameter {{{}}} (known: {})", Printable(text),
                                    Printable(piece.text),
                                    Printable(fmt::format("{}", fmt::join(known, ", ")))));
    }
    result.arguments_.push_back(*std::move(argument));
  }
  return result;
}

bool CommandTemplate::IsFlag(const Argument& argument) {
  return argument.size() == 1 && !argument[0].is_name && argument[0].text.starts_with('-');
}

std::vector<std::string> CommandTemplate::Fill(
    const std::map<std::string, std::string>& values) const {
  std::vector<std::string> filled;
  for (size_t i = 0; i < arguments_.size(); ++i) {
    const Argument& argument = arguments_[i];
    const bool is_active = std::all_of(argument.begin(), argument.end(), [&](const Piece& piece) {
      return !piece.is_name || values.contains(piece.text);
    });
    if (!is_active) {
      if (argument.size() == 1 && i > 0 && IsFlag(arguments_[i - 1])) filled.pop_back();
      continue;
    }
    std::string text;
    for (const Piece& piece : argument) {
      text += piece.is_name ? values.at(piece.text) : piece.text;
    }
    filled.push_back(std::move(text));
  }
  return filled;
}

}  // namespace hpod
