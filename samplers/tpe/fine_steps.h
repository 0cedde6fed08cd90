// The mass of a normal in a cell that is much narrower: about the density of a slightly wider
// normal at the cell's middle times the step. Averaged over a cell, a normal has the first moments
// of one with the variance sigma^2 + step^2 / 12.

#ifndef HPOD_SAMPLERS_TPE_FINE_STEPS_H_
#define HPOD_SAMPLERS_TPE_FINE_STEPS_H_

#include <algorithm>
#include <cmath>

namespace hpod {

// Whether steps are so fine that this is good enough for what is known roughly. A range of 1,000
// values has steps of a tenth of the least width.
inline bool IsFine(double step_in_widths) { return step_in_widths < 0.11; }

// The wider normal's scale, of one with `scale` = 1 / (sqrt(2) sigma).
inline double ScaleOverCells(double scale, double step) {
  const double scaled_step = step * scale;
  return scale / std::sqrt(1.0 + scaled_step * scaled_step / 6.0);
}

// How much the logarithm of the mass may be off, in several dimensions together, at up to a cost
// -ln e^-(z^2 / 2) of `reach`. `fourth_powers`: the sum of those of the steps in widths. The next
// part of the Gram-Charlier series is step^4 / (2880 sigma^4) (z^4 - 6 z^2 + 3); half as much for
// all that follow.
inline double FineError(double fourth_powers, double reach) {
  const double square = 2.0 * std::max(reach, 0.0);
  return fourth_powers * (square * square + 6.0 * square + 3.0) / 1920.0;
}

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_FINE_STEPS_H_
