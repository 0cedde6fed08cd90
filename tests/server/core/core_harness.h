// A core with its surroundings under the test's control: clock, storage, and the queue through
// which worker threads come back to the loop, which is the test's thread.

#ifndef HPOD_TESTS_SERVER_CORE_CORE_HARNESS_H_
#define HPOD_TESTS_SERVER_CORE_CORE_HARNESS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/core.h"
#include "server/storage/registry.h"
#include "tests/support/fake_clock.h"
#include "tests/support/state_dump.h"
#include "tests/support/study_builder.h"

namespace hpod {

class FakeClock final : public Clock, public FakeTime {
 public:
  hpod::Now Read() const override { return FakeTime::Now(); }
};

// Tasks for the loop. The loop runs one when the test says so, waiting for it if need be; nobody
// else takes any.
class TaskQueue {
 public:
  // What a thread that posts does first.
  std::function<void()> before_post = [] {};

  void Post(Task task) {
    before_post();
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    arrived_.notify_one();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !tasks_.empty(); });
  }
  void RunOne() {
    Wait();
    std::unique_lock lock(mutex_);
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Task> tasks_;
};

// Another storage, watched and made to fail.
class ScriptedStorage final : public Storage {
 public:
  explicit ScriptedStorage(std::unique_ptr<Storage> real) : real_(std::move(real)) {}

  absl::Status Load(std::optional<StudyId> only, Apply apply, Take take) override {
    if (!load_result.ok()) return load_result;
    return real_->Load(only, apply, take);
  }
  absl::Status Commit(std::span<const Mutation> batch) override {
    ++commits;
    if (!next_commit.ok()) return std::exchange(next_commit, absl::OkStatus());
    return real_->Commit(batch);
  }
  absl::Status Tidy() override {
    ++tidies;
    return tidy_result;
  }

  int commits = 0;
  int tidies = 0;
  absl::Status next_commit;  // what the next commit answers instead of being made, if not OK
  absl::Status load_result;
  absl::Status tidy_result;

 private:
  std::unique_ptr<Storage> real_;
};

// One call: what came back, and when.
template <class Result>
struct Call final : Reply {
  explicit Call(std::vector<std::string>& answered_in) : order(&answered_in) {}
  void Done(const absl::Status& done) override {
    ++answers;
    status = done;
    order->push_back(name);
  }
  bool IsAnswered() const { return answers > 0; }

  std::string name;
  std::optional<Result> result;  // as it was encoded, durable or not
  absl::Status status;
  int answers = 0;
  std::vector<std::string>* order;
};

class CoreHarness {
 public:
  // Everything on the loop.
  static constexpr int64_t kInline = std::numeric_limits<int64_t>::max();
  // Every suggestion on a worker thread.
  static constexpr int64_t kElsewhere = -1;

  explicit CoreHarness(int64_t inline_cost_max = kInline, std::string url = "memory://")
      : inline_cost_max_(inline_cost_max), url_(std::move(url)) {
    Start();
  }

  // A new core over a new storage, as after the end of the process.
  void Restart() {
    Close();
    Start();
  }
  // A new core over the same storage object.
  void RestartCore() {
    core_.reset();
    MakeCore();
  }

  void Close() {
    core_.reset();
    storage_.reset();
  }
  // After Close: a new core over this storage.
  void Use(std::unique_ptr<Storage> storage) {
    storage_ = std::make_unique<ScriptedStorage>(std::move(storage));
    MakeCore();
  }

  template <class Command>
  auto Do(Command command, std::string study = "study", std::string name = "") {
    using Result = typename Command::Result;
    auto call = MakeCall<Result>(std::move(name));
    core_->Execute<Command>(
        study, std::move(command),
        [call](const StudyState&, const Result& result) { call->result = result; }, *call);
    return call;
  }

  auto Suggest(size_t count = 1, RequestKey request = {}, std::string study = "study") {
    auto call = MakeCall<RememberSuggestion>("suggest");
    core_->Suggest(
        study, SuggestTrial{"worker"}, count, std::move(request),
        [call](const StudyState&, const RememberSuggestion& result) { call->result = result; },
        *call);
    return call;
  }

  auto Create(StudySpec spec, bool load_if_exists = false, RequestKey request = {}) {
    auto call = MakeCall<bool>("create");
    core_->CreateStudy(
        std::move(spec), load_if_exists, std::move(request),
        [call](const StudyState&, bool is_new) { call->result = is_new; }, *call);
    return call;
  }

  auto Delete(std::string study = "study", RequestKey request = {}) {
    auto call = MakeCall<bool>("delete");
    core_->DeleteStudy(study, std::move(request), *call);
    return call;
  }

  // Dumps the study.
  auto Read(std::string study = "study") {
    auto call = MakeCall<std::string>("read");
    core_->Read(
        study,
        [call, this](const StudyState& state) {
          call->result = Dump(state, clock.Read());
          return absl::OkStatus();
        },
        *call);
    return call;
  }

  // The study as it is in memory.
  const StudyState* Find(const std::string& study = "study") const {
    for (const auto& [id, entry] : core_->Studies()) {
      if (entry.state->Spec().name == study) return entry.state.get();
    }
    return nullptr;
  }
  std::string DumpAll() const {
    std::string text;
    for (const auto& [id, entry] : core_->Studies()) {
      text += Dump(*entry.state, clock.Read()) + "\n";
    }
    return text;
  }

  Core& core() { return *core_; }
  ScriptedStorage& storage() { return *storage_; }

  int64_t short_cost_max = Core::Options().short_cost_max;  // of the next core
  size_t recovery_threads = 2;                              // likewise
  FakeClock clock;
  TaskQueue loop;
  std::vector<std::string> answered;  // names of calls, in the order of their answers

 private:
  template <class Result>
  std::shared_ptr<Call<Result>> MakeCall(std::string name) {
    auto call = std::make_shared<Call<Result>>(answered);
    call->name = std::move(name);
    calls_.push_back(call);
    return call;
  }

  void Start() {
    storage_ = std::make_unique<ScriptedStorage>(OpenStorage(url_, "test").value());
    MakeCore();
  }
  void MakeCore() {
    Core::Options options;
    options.inline_cost_max = inline_cost_max_;
    options.short_cost_max = short_cost_max;
    options.recovery_threads = recovery_threads;
    options.draw_seed = [seed = uint64_t{0}]() mutable { return seed++; };
    core_ = std::make_unique<Core>(
        *storage_, clock, [this](Task task) { loop.Post(std::move(task)); }, std::move(options));
    recovered = core_->Recover();
  }

 public:
  absl::Status recovered;

 private:
  const int64_t inline_cost_max_;
  const std::string url_;
  std::vector<std::shared_ptr<Reply>> calls_;
  std::unique_ptr<ScriptedStorage> storage_;
  std::unique_ptr<Core> core_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SERVER_CORE_CORE_HARNESS_H_
