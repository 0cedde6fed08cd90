// The lines of the live view.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_LIVE_VIEW_H_
#define HPOD_CLIENTS_HPOCTL_RUN_LIVE_VIEW_H_

#include <string>
#include <vector>

#include "clients/hpoctl/run/display.h"

namespace hpod {

// A line for each worker (at most io.height - 4; the others are counted) and one for the study:
// best, trials by state, rate, elapsed. None is wider than io.width.
std::vector<std::string> LiveLines(const RunView& view, const Io& io);

// `0.961701 in trial 21: lr=0.008784 layers=5`; `none yet`.
std::string BestText(const RunView& view);
// `25 complete, 3 pruned, 2 failed`.
std::string CountsText(const RunCounts& counts);
// `1:02:03`, `2:03`.
std::string ClockText(std::chrono::nanoseconds duration);
// `complete`, `pruned`, `fail`, `lost`, `interrupted`.
std::string StateText(const EndedTrial& ended);
// Its values, or why there are none.
std::string DetailsText(const EndedTrial& ended);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_LIVE_VIEW_H_
