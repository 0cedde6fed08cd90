// The pieces that pages for people are made of. Each returns lines that fit the width of the
// terminal.

#ifndef HPOD_CLIENTS_HPOCTL_PAGE_H_
#define HPOD_CLIENTS_HPOCTL_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "clients/hpoctl/io.h"

namespace hpod {

using Lines = std::vector<std::string>;

void Append(Lines& lines, const Lines& more);

// The name on the left, a state with a bullet at the right edge.
std::string TitleLine(const Io& io, std::string_view name, std::string_view state, Style style);

std::string Heading(const Io& io, std::string_view text);

struct Field {
  std::string label;
  std::string text;
};
// `label  text`, aligned and cut to the width; label_width 0: as wide as the widest label.
Lines FieldLines(const Io& io, const std::vector<Field>& fields, size_t label_width);
// Side by side, if nothing has to be cut for it, else one below the other.
Lines TwoColumns(const Io& io, const std::vector<Field>& left, const std::vector<Field>& right);

// Indented fields in as many columns as fit, row by row.
Lines FlowingFields(const Io& io, const std::vector<Field>& fields);

struct BarPart {
  int64_t count;
  std::string_view
      glyph;  // one column; differs between parts, so that the bar reads without colour
  Style style;
};
// A bar of `width` columns whose parts are as long as their share of `total` (>= the sum of the
// counts, > 0), at least one column if not 0; what is left is dotted.
std::string StackedBar(const Io& io, const std::vector<BarPart>& parts, int64_t total,
                       size_t width);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_PAGE_H_
