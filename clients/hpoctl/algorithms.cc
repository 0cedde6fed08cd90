#include "clients/hpoctl/algorithms.h"

#include <fmt/format.h>

#include "clients/hpoctl/page.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

std::string RangeText(const hpo::v1::AlgorithmOption& option) {
  const std::string& low = option.minimum();
  const std::string& high = option.maximum();
  if (low.empty() && high.empty()) return "";
  if (high.empty()) return low + " or more";
  return low.empty() ? high + " or less" : low + " to " + high;
}

Table OptionTable(const hpo::v1::AlgorithmEntry& entry, Table table) {
  if (entry.options().empty()) {
    table.Add({TextCell(entry.name()), TextCell(entry.summary()), TextCell(""), TextCell(""),
               TextCell(""), TextCell(""), TextCell(""), TextCell("")});
  }
  for (const auto& option : entry.options()) {
    table.Add({TextCell(entry.name()), TextCell(entry.summary()), TextCell(option.name()),
               TextCell(option.type()), TextCell(option.default_value()),
               TextCell(option.minimum()), TextCell(option.maximum()), TextCell(option.summary())});
  }
  return table;
}

void PrintParagraph(const hpo::v1::AlgorithmEntry& entry, const Io& io) {
  io.out << io.Paint(Style::kBold, Printable(entry.name())) << '\n';
  for (const std::string& line : Wrap(Printable(entry.summary()), io.width - 2)) {
    io.out << "  " << line << '\n';
  }
  for (const auto& option : entry.options()) {
    std::string kind = fmt::format("{}, default {}", option.type(), option.default_value());
    if (const std::string range = RangeText(option); !range.empty()) kind += ", " + range;
    io.out << "  " << io.Paint(Style::kCyan, Printable(option.name())) << "  "
           << io.Paint(Style::kDim, kind) << '\n';
    for (const std::string& line : Wrap(Printable(option.summary()), io.width - 6)) {
      io.out << "      " << line << '\n';
    }
  }
}

}  // namespace

void PrintAlgorithms(const AlgorithmEntries& entries, Context& context) {
  const Io& io = context.io;
  if (context.output == Output::kJson) {
    JsonArrayPrinter printer(io);
    for (const auto& entry : entries) printer.Add(AlgorithmEntryJson(entry));
    return printer.Finish();
  }
  if (context.output == Output::kTable && io.out_is_terminal) {
    for (const auto& entry : entries) PrintParagraph(entry, io);
    return;
  }
  Table table({{"name", ""},
               {"summary", ""},
               {"option", ""},
               {"type", ""},
               {"default_value", ""},
               {"minimum", ""},
               {"maximum", ""},
               {"option_summary", ""}});
  for (const auto& entry : entries) table = OptionTable(entry, std::move(table));
  table.Print(io, context.output, "");
}

}  // namespace hpod
