#include "clients/hpoctl/run/display.h"

#include <cstring>
#include <fmt/format.h>

#include "clients/hpoctl/print.h"
#include "clients/hpoctl/run/live_view.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

std::string SecondsText(std::chrono::nanoseconds duration) {
  return fmt::format("{:.2f}", std::chrono::duration<double>(duration).count());
}

void PrintSummary(const RunEnd& end, const std::string& study, std::ostream& err) {
  err << fmt::format("{}: {}\n", Printable(PathOf(study)), end.reason)
      << CountsText(end.view.counts) << " in " << ClockText(end.view.elapsed) << '\n';
  if (end.view.best) err << "best " << BestText(end.view) << '\n';
}

// number, state, seconds, values or failure; separated by tabs.
class LineDisplay : public Display {
 public:
  LineDisplay(Io& io, std::string study) : io_(io), study_(std::move(study)) {}

  void Note(const std::string& text) override { io_.err << text << '\n'; }

  void OnEnded(const EndedTrial& ended) override {
    io_.out << ended.trial.number() << '\t' << StateText(ended) << '\t'
            << SecondsText(ended.elapsed) << '\t' << DetailsText(ended) << std::endl;
  }

  void End(const RunEnd& end) override { PrintSummary(end, study_, io_.err); }

 private:
  Io& io_;
  const std::string study_;
};

// Finished trials scroll away above the lines of the workers.
class LiveDisplay : public Display {
 public:
  LiveDisplay(Io& io, std::string study) : io_(io), study_(std::move(study)) {}

  bool is_live() const override { return true; }

  void Note(const std::string& text) override {
    Erase();
    io_.out << std::flush;
    io_.err << text << std::endl;
    Draw();
  }

  void OnEnded(const EndedTrial& ended) override {
    Erase();
    const Cell state = StateCell(ended.trial.state());
    const std::string clock = Rfc3339(io_.now()).substr(11, 8);
    io_.out << io_.Paint(Style::kDim, clock) << fmt::format("  trial {:<6} ", ended.trial.number())
            << io_.Paint(ended.is_dropped ? Style::kDim : state.style,
                         PadRight(StateText(ended), 12))
            << PadLeft(ClockText(ended.elapsed), 8) << "  "
            << Ellipsize(DetailsText(ended), io_.width - 46) << '\n';
    Draw();
  }

  void Show(const RunView& view) override {
    Erase();
    lines_ = LiveLines(view, io_);
    Draw();
  }

  void End(const RunEnd& end) override {
    Erase();
    io_.out << std::flush;
    PrintSummary(end, study_, io_.err);
  }

 private:
  void Erase() {
    if (drawn_ > 0) io_.out << fmt::format("\x1b[{}A\r\x1b[J", drawn_);
    drawn_ = 0;
  }

  void Draw() {
    for (const std::string& line : lines_) io_.out << io_.Paint(Style::kCyan, line) << '\n';
    io_.out << std::flush;
    drawn_ = lines_.size();
  }

  Io& io_;
  const std::string study_;
  std::vector<std::string> lines_;
  size_t drawn_ = 0;
};

class JsonDisplay : public Display {
 public:
  JsonDisplay(Io& io, std::string study) : io_(io), study_(std::move(study)) {}

  void Note(const std::string& text) override { io_.err << text << '\n'; }

  void OnEnded(const EndedTrial& ended) override {
    const auto& trial = ended.trial;
    Json json = {{"number", trial.number()}};
    json["state"] = ended.is_dropped
                        ? (ended.stop_cause == StopCause::kInterrupted ? "INTERRUPTED" : "LOST")
                        : NameOf(trial.state());
    json["params"] = AssignmentsJson(trial.params());
    json["values"] = Json::array();
    for (const double value : trial.values()) json["values"].push_back(DoubleJson(value));
    json["failure"] = trial.failure();
    json["exit_code"] = ended.exit && ended.exit->signal == 0 ? Json(ended.exit->code) : Json();
    json["signal"] = ended.exit && ended.exit->signal != 0 ? Json(ended.exit->signal) : Json();
    json["duration_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(ended.elapsed).count();
    json["folder"] = ended.folder;
    Print(json);
  }

  void End(const RunEnd& end) override {
    const RunCounts& counts = end.view.counts;
    const bool has_reason = end.stop_reason != hpo::v1::STOP_REASON_UNSPECIFIED;
    Json json = {{"study", study_}, {"reason", end.reason}};
    json["stop_reason"] = has_reason ? Json(NameOf(end.stop_reason)) : Json();
    json["final"] = end.is_final;
    json["complete"] = counts.complete;
    json["pruned"] = counts.pruned;
    json["failed"] = counts.failed;
    json["lost"] = counts.lost;
    json["interrupted"] = counts.interrupted;
    json["best"] = end.view.best ? TrialJson(*end.view.best) : Json();
    json["duration_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(end.view.elapsed).count();
    Print(json);
  }

 private:
  void Print(const Json& json) { io_.out << Dump(json, -1) << std::endl; }

  Io& io_;
  const std::string study_;
};

}  // namespace

std::unique_ptr<Display> MakeDisplay(Context& context, const std::string& study) {
  if (context.output == Output::kJson) return std::make_unique<JsonDisplay>(context.io, study);
  if (context.io.out_is_terminal) return std::make_unique<LiveDisplay>(context.io, study);
  return std::make_unique<LineDisplay>(context.io, study);
}

}  // namespace hpod
