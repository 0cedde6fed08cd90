// Rows and columns in the three forms of hpoctl's data: aligned for people on a terminal,
// tab-separated in a pipe (no header; a reader splits at tabs), and CSV with a header (RFC 4180).

#ifndef HPOD_CLIENTS_HPOCTL_TABLE_H_
#define HPOD_CLIENTS_HPOCTL_TABLE_H_

#include <string>
#include <vector>

#include "clients/hpoctl/io.h"

namespace hpod {

enum class Output { kTable, kJson, kCsv };

// One value: `exact` for programs, `shown` for people.
struct Cell {
  std::string exact;
  std::string shown;
  Style style = Style::kPlain;
};
Cell TextCell(std::string_view text);
Cell NumberCell(double value);
Cell CountCell(int64_t value);
// RFC 3339 in UTC, and the time relative to `now`.
Cell TimeCell(Time time, Time now);
Cell EmptyCell();

struct Column {
  enum class Fit {
    kFixed,     // always in full
    kFlexible,  // cut with an ellipsis, down to 8 columns, when the terminal is narrow
    kOptional,  // left out, from the right, when the terminal is narrow
  };
  std::string name;   // for programs: snake_case
  std::string title;  // for people
  Fit fit = Fit::kFixed;
  bool is_number = false;  // aligned to the right
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  // Writes to io.out. `output` is kTable or kCsv; kTable is aligned on a terminal only, where an
  // empty table prints nothing but, on io.err, `no_rows`.
  void Print(const Io& io, Output output, std::string_view no_rows) const;

  // The lines of the aligned form, with colours as `io` has them.
  std::vector<std::string> Lines(const Io& io) const;

 private:
  void PrintDelimited(std::ostream& out) const;
  void PrintCsv(std::ostream& out) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// A field of CSV, quoted if it has to be.
std::string CsvField(std::string_view text);

// `2026-01-31T12:00:00Z`, with as many digits of a second as needed (0, 3, 6 or 9).
std::string Rfc3339(Time time);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_TABLE_H_
