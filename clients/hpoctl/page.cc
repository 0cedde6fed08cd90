#include "clients/hpoctl/page.h"

#include <algorithm>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr size_t kGap = 2;

size_t WidestLabel(const std::vector<Field>& fields) {
  size_t width = 0;
  for (const Field& field : fields) width = std::max(width, DisplayWidth(field.label));
  return width;
}

size_t WidestText(const std::vector<Field>& fields) {
  size_t width = 0;
  for (const Field& field : fields) width = std::max(width, DisplayWidth(field.text));
  return width;
}

// Columns for each part: its share, at least 1, taken from the longest part when the sum is too
// large.
std::vector<size_t> PartWidths(const std::vector<BarPart>& parts, int64_t total, size_t width) {
  std::vector<size_t> widths;
  size_t sum = 0;
  for (const BarPart& part : parts) {
    const double share = static_cast<double>(part.count) / static_cast<double>(total);
    const auto columns = static_cast<size_t>(share * static_cast<double>(width) + 0.5);
    widths.push_back(part.count > 0 ? std::max<size_t>(columns, 1) : 0);
    sum += widths.back();
  }
  for (; sum > width; --sum) --*std::max_element(widths.begin(), widths.end());
  return widths;
}

}  // namespace

void Append(Lines& lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

std::string TitleLine(const Io& io, std::string_view name, std::string_view state, Style style) {
  const std::string right = "● " + std::string(state);
  const size_t room = io.width - DisplayWidth(right) - kGap;
  const std::string left = Ellipsize(Printable(name), room);
  const size_t blanks = room - DisplayWidth(left) + kGap;
  return io.Paint(Style::kBold, left) + std::string(blanks, ' ') + io.Paint(style, right);
}

std::string Heading(const Io& io, std::string_view text) {
  return io.Paint(Style::kBold, Ellipsize(text, io.width));
}

Lines FieldLines(const Io& io, const std::vector<Field>& fields, size_t label_width) {
  if (label_width == 0) label_width = WidestLabel(fields);
  Lines lines;
  for (const Field& field : fields) {
    const size_t room = std::max(io.width, label_width + kGap + 8) - label_width - kGap;
    lines.push_back(io.Paint(Style::kDim, PadRight(field.label, label_width)) +
                    std::string(kGap, ' ') + Ellipsize(field.text, room));
  }
  return lines;
}

Lines TwoColumns(const Io& io, const std::vector<Field>& left, const std::vector<Field>& right) {
  const size_t label_width = std::max(WidestLabel(left), WidestLabel(right));
  const size_t half = io.width / 2;
  const size_t room = half - std::min(half, label_width + 2 * kGap);
  if (WidestText(left) > room || WidestText(right) > room) {
    Lines lines = FieldLines(io, left, label_width);
    Append(lines, FieldLines(io, right, label_width));
    return lines;
  }
  Lines lines;
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line;
    if (i < left.size()) {
      line = io.Paint(Style::kDim, PadRight(left[i].label, label_width)) + std::string(kGap, ' ') +
             (i < right.size() ? PadRight(left[i].text, half - label_width - kGap) : left[i].text);
    } else {
      line = std::string(half, ' ');
    }
    if (i < right.size()) {
      line += io.Paint(Style::kDim, PadRight(right[i].label, label_width)) +
              std::string(kGap, ' ') + right[i].text;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines FlowingFields(const Io& io, const std::vector<Field>& fields) {
  constexpr size_t kIndent = 2;
  constexpr size_t kColumnGap = 4;
  const size_t label_width = std::min(WidestLabel(fields), io.width / 2);
  const size_t text_width = std::min(WidestText(fields), io.width - kIndent - label_width - kGap);
  const size_t cell = label_width + kGap + text_width + kColumnGap;
  const size_t columns = std::max<size_t>((io.width - kIndent + kColumnGap) / cell, 1);
  Lines lines;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i % columns == 0) lines.push_back(std::string(kIndent, ' '));
    const bool is_last = i % columns + 1 == columns || i + 1 == fields.size();
    const std::string text = Ellipsize(fields[i].text, text_width);
    lines.back() +=
        io.Paint(Style::kDim, PadRight(Ellipsize(fields[i].label, label_width), label_width)) +
        std::string(kGap, ' ') + (is_last ? text : PadRight(text, text_width + kColumnGap));
  }
  return lines;
}

std::string StackedBar(const Io& io, const std::vector<BarPart>& parts, int64_t total,
                       size_t width) {
  const std::vector<size_t> widths = PartWidths(parts, total, width);
  std::string bar;
  size_t used = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::string part;
    for (size_t column = 0; column < widths[i]; ++column) part += parts[i].glyph;
    bar += io.Paint(parts[i].style, part);
    used += widths[i];
  }
  std::string rest;
  for (; used < width; ++used) rest += "·";
  return bar + io.Paint(Style::kDim, rest);
}

}  // namespace hpod
