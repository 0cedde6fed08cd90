// Entry point: DrawCurve. A staircase is rasterised on a grid of dots, which is then read off in
// braille characters: U+2800 plus one bit per dot, numbered down the left column, down the right
// one, then the bottom row (Unicode 15, section 21.1).

#include "clients/hpoctl/curve.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr size_t kDotsAcross = 2;
constexpr size_t kDotsDown = 4;
constexpr double kLogRatio = 100;

// A grid of dots; (0, 0) is the top left.
class Canvas {
 public:
  Canvas(size_t columns, size_t rows) : columns_(columns), rows_(rows), bits_(columns * rows, 0) {}

  size_t Width() const { return columns_ * kDotsAcross; }
  size_t Height() const { return rows_ * kDotsDown; }

  void Dot(size_t x, size_t y) {
    static constexpr uint8_t kBits[kDotsDown][kDotsAcross] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    uint8_t& cell = bits_[(y / kDotsDown) * columns_ + x / kDotsAcross];
    cell = static_cast<uint8_t>(cell | kBits[y % kDotsDown][x % kDotsAcross]);
  }

  // One line of characters, without blanks at its end.
  std::string Row(size_t row) const {
    std::string line;
    size_t blanks = 0;
    for (size_t column = 0; column < columns_; ++column) {
      const uint8_t bits = bits_[row * columns_ + column];
      if (bits == 0) {
        ++blanks;
        continue;
      }
      line += std::string(blanks, ' ');
      blanks = 0;
      line +=
          {'\xE2', static_cast<char>(0xA0 | (bits >> 6)), static_cast<char>(0x80 | (bits & 0x3F))};
    }
    return line;
  }

 private:
  size_t columns_;
  size_t rows_;
  std::vector<uint8_t> bits_;
};

// Maps values to dots from the bottom.
struct Scale {
  double low;
  double high;
  bool is_log;

  double Position(double value) const {  // 0 at low, 1 at high
    if (low == high) return 0.5;
    if (is_log) return std::log(value / low) / std::log(high / low);
    return (value / 2 - low / 2) / (high / 2 - low / 2);  // halves: the difference may overflow
  }
  double At(double position) const {
    return is_log ? low * std::pow(high / low, position) : low * (1 - position) + high * position;
  }
};

Scale ScaleOf(const std::vector<CurvePoint>& points) {
  const auto [low, high] = std::minmax_element(
      points.begin(), points.end(), [](const auto& a, const auto& b) { return a.y < b.y; });
  return {low->y, high->y, low->y > 0 && high->y / low->y > kLogRatio};
}

void Rasterise(const std::vector<CurvePoint>& points, int64_t last_x, const Scale& scale,
               Canvas& canvas) {
  const int64_t first_x = points.front().x;
  const double span = static_cast<double>(std::max<int64_t>(last_x - first_x, 1));
  const auto column = [&](int64_t x) {
    const double position = static_cast<double>(x - first_x) / span;
    return static_cast<size_t>(std::lround(position * static_cast<double>(canvas.Width() - 1)));
  };
  const auto row = [&](double y) {
    const double position = 1 - scale.Position(y);
    return static_cast<size_t>(std::lround(position * static_cast<double>(canvas.Height() - 1)));
  };
  size_t y = row(points.front().y);
  for (size_t i = 0; i < points.size(); ++i) {
    const size_t begin = column(points[i].x);
    const size_t next_y = row(points[i].y);
    for (size_t dot = std::min(y, next_y); dot <= std::max(y, next_y); ++dot)
      canvas.Dot(begin, dot);
    y = next_y;
    const size_t end = column(i + 1 < points.size() ? points[i + 1].x : last_x);
    for (size_t x = begin; x <= end; ++x) canvas.Dot(x, y);
  }
}

// The value at the height of each row that has a label: the first, the middle, the last.
std::vector<std::string> RowLabels(const Scale& scale, size_t rows) {
  std::vector<std::string> labels(rows);
  const size_t middle = rows / 2;
  if (scale.low == scale.high) {
    labels[middle] = ShortNumber(scale.low);
    return labels;
  }
  labels.front() = ShortNumber(scale.high);
  labels.back() = ShortNumber(scale.low);
  const auto dots = static_cast<double>(rows * kDotsDown - 1);
  const double depth = (static_cast<double>(middle * kDotsDown) + 1.5) / dots;
  if (rows >= 5) labels[middle] = fmt::format("{:.3g}", scale.At(1 - depth));
  return labels;
}

// `└┬─────┬` and below it the first and the last x.
void AddXAxis(int64_t first_x, int64_t last_x, std::string_view name, size_t indent, size_t columns,
              std::vector<std::string>& lines) {
  std::string axis = "└";
  for (size_t i = 0; i < columns; ++i) axis += i == 0 || i + 1 == columns ? "┬" : "─";
  lines.push_back(std::string(indent, ' ') + axis);
  const std::string first = fmt::format("{}", first_x);
  const std::string last = fmt::format("{}", last_x);
  const size_t middle = columns > name.size() ? (columns - name.size()) / 2 : 0;
  std::string labels = first;
  if (middle > first.size() && middle + name.size() + last.size() < columns) {
    labels = PadRight(labels, middle).append(name);
  }
  labels += PadLeft(last, columns > labels.size() ? columns - labels.size() : 0);
  lines.push_back(std::string(indent + 1, ' ') + labels);
}

}  // namespace

Curve DrawCurve(const std::vector<CurvePoint>& points, int64_t last_x, std::string_view x_name,
                size_t width, size_t rows) {
  std::vector<CurvePoint> finite;
  for (const CurvePoint& point : points) {
    if (std::isfinite(point.y)) finite.push_back(point);
  }
  if (finite.empty()) return {};
  const Scale scale = ScaleOf(finite);
  const std::vector<std::string> labels = RowLabels(scale, rows);
  size_t label_width = 0;
  for (const std::string& label : labels) label_width = std::max(label_width, label.size());
  const size_t columns = std::max<size_t>(width, label_width + 2 + 8) - label_width - 2;
  Canvas canvas(columns, rows);
  Rasterise(finite, last_x, scale, canvas);
  std::vector<std::string> lines;
  for (size_t row = 0; row < rows; ++row) {
    lines.push_back(PadLeft(labels[row], label_width) + (labels[row].empty() ? " │" : " ┤") +
                    canvas.Row(row));
  }
  AddXAxis(finite.front().x, last_x, x_name, label_width + 1, columns, lines);
  return {std::move(lines), scale.is_log};
}

}  // namespace hpod
