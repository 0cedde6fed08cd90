// A curve drawn with braille dots (2 x 4 to a character) between axes.

#ifndef HPOD_CLIENTS_HPOCTL_CURVE_H_
#define HPOD_CLIENTS_HPOCTL_CURVE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hpod {

struct CurvePoint {
  int64_t x;
  double y;
};

struct Curve {
  std::vector<std::string> lines;
  // The y axis is logarithmic: all values are positive and span more than a factor of 100. Its
  // labels stay values.
  bool is_log = false;
};

// The staircase that keeps the value of each point until the next one, up to `last_x`.
//   points   x ascending (equal x: the later counts); points that are not finite are left out
//   last_x   >= the x of every point; x_name: what x counts
//   width    columns, all included; rows: lines of the drawing, without the two of the x axis
//   returns  rows + 2 lines, none wider than `width`; nothing if no point is finite
Curve DrawCurve(const std::vector<CurvePoint>& points, int64_t last_x, std::string_view x_name,
                size_t width, size_t rows);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_CURVE_H_
