#include "clients/hpoctl/table.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <numeric>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr std::string_view kGap = "  ";
constexpr size_t kFlexibleMin = 8;

// Columns of the terminal per column of the table; 0: left out.
using Widths = std::vector<size_t>;

size_t Total(const Widths& widths) {
  size_t total = 0;
  for (const size_t width : widths) {
    if (width > 0) total += width + kGap.size();
  }
  return total > 0 ? total - kGap.size() : 0;
}

// Cuts the widest flexible column, one step at a time, until the table fits or all are at their
// minimum.
void ShrinkFlexible(const std::vector<Column>& columns, size_t limit, Widths& widths) {
  for (size_t total = Total(widths); total > limit; total = Total(widths)) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool can_shrink = columns[i].fit == Column::Fit::kFlexible && widths[i] > kFlexibleMin;
      if (can_shrink && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

// Returns whether any was left out; then there is room for an ellipsis that says so.
bool DropOptional(const std::vector<Column>& columns, size_t limit, Widths& widths) {
  if (Total(widths) <= limit) return false;
  bool has_dropped = false;
  const size_t room = limit - kGap.size() - 1;
  for (size_t i = columns.size(); i-- > 0 && Total(widths) > room;) {
    if (columns[i].fit != Column::Fit::kOptional) continue;
    widths[i] = 0;
    has_dropped = true;
  }
  return has_dropped;
}

std::string Aligned(const Column& column, std::string_view text, size_t width) {
  const std::string cut = Ellipsize(text, width);
  return column.is_number ? PadLeft(cut, width) : PadRight(cut, width);
}

// Without the blanks at the end of an uncoloured line.
std::string Trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// Tabs and line ends inside a field are escaped, so that a reader can split at them.
std::string DelimitedField(const Cell& cell) { return Printable(cell.exact); }

}  // namespace

Cell TextCell(std::string_view text) { return {std::string(text), Printable(text)}; }
Cell NumberCell(double value) { return {ExactNumber(value), ShortNumber(value)}; }
Cell CountCell(int64_t value) { return {fmt::format("{}", value), fmt::format("{}", value)}; }
Cell TimeCell(Time time, Time now) { return {Rfc3339(time), RelativeTime(time, now)}; }
Cell EmptyCell() { return {"", "-", Style::kDim}; }

std::string Rfc3339(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const int64_t nanos = (time - seconds).count();
  std::string fraction;
  if (nanos != 0) {
    fraction = fmt::format(".{:09}", nanos);
    while (fraction.ends_with("000")) fraction.resize(fraction.size() - 3);
  }
  const std::time_t whole = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(seconds));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}Z", fmt::gmtime(whole), fraction);
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::vector<std::string> Table::Lines(const Io& io) const {
  Widths widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].shown));
    }
  }
  ShrinkFlexible(columns_, io.width, widths);
  const bool has_dropped = DropOptional(columns_, io.width, widths);
  std::vector<std::string> lines;
  const auto add_line = [&](auto&& text_of, auto&& style_of) {
    std::string line;
    size_t pending = 0;  // blanks that are written only if something follows
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string padded = Aligned(columns_[i], text_of(i), widths[i]);
      const std::string text = Trimmed(padded);
      const size_t lead = text.find_first_not_of(' ');
      if (lead != std::string::npos) {
        line += std::string(pending + lead, ' ') + io.Paint(style_of(i), text.substr(lead));
        pending = 0;
      }
      pending += padded.size() - text.size() + kGap.size();
    }
    lines.push_back(std::move(line));
  };
  add_line([&](size_t i) { return columns_[i].title; }, [](size_t) { return Style::kDim; });
  if (has_dropped) lines.front() += std::string(kGap) + io.Paint(Style::kDim, "…");
  for (const auto& row : rows_) {
    add_line([&](size_t i) { return row[i].shown; }, [&](size_t i) { return row[i].style; });
  }
  return lines;
}

void Table::Print(const Io& io, Output output, std::string_view no_rows) const {
  if (output == Output::kCsv) return PrintCsv(io.out);
  if (!io.out_is_terminal) return PrintDelimited(io.out);
  if (rows_.empty()) {
    io.err << no_rows << '\n';
    return;
  }
  for (const std::string& line : Lines(io)) io.out << line << '\n';
}

void Table::PrintDelimited(std::ostream& out) const {
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) out << (i > 0 ? "\t" : "") << DelimitedField(row[i]);
    out << '\n';
  }
}

void Table::PrintCsv(std::ostream& out) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    out << (i > 0 ? "," : "") << CsvField(columns_[i].name);
  }
  out << "\r\n";
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) out << (i > 0 ? "," : "") << CsvField(row[i].exact);
    out << "\r\n";
  }
}

}  // namespace hpod
