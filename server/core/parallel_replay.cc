// Every thread gets all that is added, and does its studies: keys are cheap to skip, and nothing
// has to be sorted by study.

#include "server/core/parallel_replay.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace hpod {
namespace {

// Enough that a thread which is now and then slow does not stop the reading.
constexpr size_t kWaitingMax = 8;

// Hands over from one thread to another, in order. Null: there is no more.
class TrialsQueue {
 public:
  void Push(std::shared_ptr<StoredTrials> trials) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kWaitingMax; });
    waiting_.push_back(std::move(trials));
    changed_.notify_one();
  }
  std::shared_ptr<StoredTrials> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    std::shared_ptr<StoredTrials> next = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_one();
    return next;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<StoredTrials>> waiting_;
};

}  // namespace

class ParallelReplay::Worker {
 public:
  // Does the studies whose id leaves `remainder` when divided by `workers`.
  Worker(StudyId remainder, StudyId workers, const Apply& apply)
      : remainder_(remainder), workers_(workers), apply_(apply), thread_([this] { Run(); }) {}
  ~Worker() { Finish(); }

  void Add(std::shared_ptr<StoredTrials> trials) { queue_.Push(std::move(trials)); }

  void Finish() {
    if (!thread_.joinable()) return;
    queue_.Push(nullptr);
    thread_.join();
  }

  // After Finish. Where it failed, counted in trials of all studies.
  const absl::Status& Failure() const { return failure_; }
  size_t FailedAt() const { return position_; }

 private:
  // After a failure it goes on to empty the queue.
  void Run() {
    while (const std::shared_ptr<StoredTrials> trials = queue_.Pop()) {
      if (failure_.ok()) failure_ = Replay(*trials);
    }
  }

  absl::Status Replay(StoredTrials& trials) {
    const std::span<const StoredTrials::Key> keys = trials.Keys();
    for (size_t i = 0; i < keys.size(); ++i, ++position_) {
      if (keys[i].study % workers_ != remainder_) continue;
      const auto trial = trials.Decode(i);
      if (!trial.ok()) return trial.status();
      if (absl::Status status = apply_(*trial); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const StudyId remainder_;
  const StudyId workers_;
  const Apply& apply_;
  TrialsQueue queue_;
  size_t position_ = 0;
  absl::Status failure_;
  std::thread thread_;  // last: it uses the others
};

ParallelReplay::ParallelReplay(size_t threads, Apply apply) : apply_(std::move(apply)) {
  for (size_t i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(static_cast<StudyId>(i), static_cast<StudyId>(threads), apply_));
  }
}

ParallelReplay::~ParallelReplay() = default;

void ParallelReplay::Add(const std::shared_ptr<StoredTrials>& trials) {
  for (const auto& worker : workers_) worker->Add(trials);
}

absl::Status ParallelReplay::Finish() {
  const Worker* first = nullptr;
  for (const auto& worker : workers_) {
    worker->Finish();
    if (worker->Failure().ok()) continue;
    if (first == nullptr || worker->FailedAt() < first->FailedAt()) first = worker.get();
  }
  return first == nullptr ? absl::OkStatus() : first->Failure();
}

}  // namespace hpod
