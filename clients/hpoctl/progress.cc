#include "clients/hpoctl/progress.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

using std::chrono_literals::operator""ms;

constexpr auto kPatience = 500ms;
constexpr auto kInterval = 100ms;
constexpr int64_t kStepsPerLook = 64;  // the clock is looked at once in so many steps
constexpr int64_t kBarColumns = 30;
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(Io& io, std::string label, int64_t total)
    : io_(io), label_(std::move(label)), total_(total), next_draw_(io.now() + kPatience) {}

Progress::~Progress() {
  if (is_drawn_) io_.err << kClearLine << std::flush;
}

void Progress::Step() {
  ++done_;
  if (!io_.err_is_terminal || done_ % kStepsPerLook != 0) return;
  const Time now = io_.now();
  if (now < next_draw_) return;
  next_draw_ = now + kInterval;
  Draw();
}

void Progress::Draw() {
  is_drawn_ = true;
  if (total_ <= 0) {
    io_.err << kClearLine << fmt::format("{} {}", label_, done_) << std::flush;
    return;
  }
  const int64_t shown = std::min(done_, total_);
  std::string bar;
  for (int64_t i = 0; i < kBarColumns; ++i) bar += i * total_ < shown * kBarColumns ? "█" : "░";
  const std::string line =
      fmt::format("{} {} {}% {} of {}", label_, bar, shown * 100 / total_, done_, total_);
  io_.err << kClearLine << Ellipsize(line, io_.width) << std::flush;
}

}  // namespace hpod
