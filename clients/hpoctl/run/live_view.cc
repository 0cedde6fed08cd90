#include "clients/hpoctl/run/live_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string ValuesText(const hpo::v1::Trial& trial) {
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(trial.values_size()));
  for (const double value : trial.values()) texts.push_back(ShortNumber(value));
  return fmt::format("{}", fmt::join(texts, "  "));
}

std::string ParamsText(const hpo::v1::Trial& trial) {
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(trial.params_size()));
  for (const auto& param : trial.params()) {
    texts.push_back(
        fmt::format("{}={}", Printable(param.name()), Printable(ValueText(param.value(), true))));
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

std::string WorkerLine(size_t index, const WorkerView& worker) {
  std::string line = PadRight(fmt::format("worker {}", index + 1), 10);
  line += PadRight(worker.state, 10);
  if (!worker.trial) return line;
  line += PadRight(fmt::format("trial {}", *worker.trial), 14);
  if (worker.last_report) {
    line += PadRight(fmt::format("step {}", worker.last_report->step), 12);
    line += PadRight(ShortNumber(worker.last_report->value), 12);
  } else {
    line += std::string(24, ' ');
  }
  return line + PadLeft(ClockText(worker.elapsed), 8);
}

std::string RateText(const RunView& view) {
  const double minutes = Seconds(view.elapsed) / 60;
  if (view.counts.Finished() == 0 || minutes <= 0) return "-";
  return fmt::format("{:.1f}", static_cast<double>(view.counts.Finished()) / minutes);
}

}  // namespace

std::string ClockText(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string CountsText(const RunCounts& counts) {
  std::string text = fmt::format("{} complete, {} pruned, {} failed", counts.complete,
                                 counts.pruned, counts.failed);
  if (counts.lost > 0) text += fmt::format(", {} lost", counts.lost);
  if (counts.interrupted > 0) text += fmt::format(", {} interrupted", counts.interrupted);
  return text;
}

std::string BestText(const RunView& view) {
  if (!view.best) return "none yet";
  return fmt::format("{} in trial {}: {}", ValuesText(*view.best), view.best->number(),
                     ParamsText(*view.best));
}

std::string StateText(const EndedTrial& ended) {
  if (!ended.is_dropped) return LowerNameOf(ended.trial.state());
  return ended.stop_cause == StopCause::kInterrupted ? "interrupted" : "lost";
}

std::string DetailsText(const EndedTrial& ended) {
  if (ended.is_dropped) return "";
  if (!ended.trial.failure().empty()) return Printable(ended.trial.failure());
  return ValuesText(ended.trial);
}

std::vector<std::string> LiveLines(const RunView& view, const Io& io) {
  std::vector<std::string> lines;
  const size_t room = io.height > 6 ? io.height - 4 : 2;
  const size_t shown = view.workers.size() <= room ? view.workers.size() : room - 1;
  for (size_t i = 0; i < shown; ++i) {
    lines.push_back(Ellipsize(WorkerLine(i, view.workers[i]), io.width - 1));
  }
  if (shown < view.workers.size()) {
    lines.push_back(fmt::format("and {} more workers", view.workers.size() - shown));
  }
  lines.push_back(Ellipsize("best " + BestText(view), io.width - 1));
  lines.push_back(Ellipsize(fmt::format("{}  {} trials/min  {}", CountsText(view.counts),
                                        RateText(view), ClockText(view.elapsed)),
                            io.width - 1));
  return lines;
}

}  // namespace hpod
