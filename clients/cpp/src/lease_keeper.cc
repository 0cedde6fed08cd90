#include "clients/cpp/src/lease_keeper.h"

#include <algorithm>

#include "hpod/errors.h"

namespace hpod {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kHeartbeatTimeout = seconds(10);
constexpr milliseconds kRetry = seconds(1);

milliseconds LengthOf(const hpo::v1::Lease& message) {
  return seconds(message.duration().seconds()) +
         milliseconds(message.duration().nanos() / 1'000'000);
}

hpo::v1::HeartbeatTrialRequest HeartbeatOf(const std::string& study, int64_t number,
                                           int64_t token) {
  hpo::v1::HeartbeatTrialRequest request;
  request.set_study(study);
  request.set_number(number);
  request.set_lease_token(token);
  return request;
}

}  // namespace

Lease::Lease(const std::string& study, int64_t number, const hpo::v1::Lease& message)
    : heartbeat_(HeartbeatOf(study, number, message.token())),
      renewed_at_(Clock::now()),
      length_(LengthOf(message)) {}

absl::Status Lease::Check() const {
  const std::lock_guard lock(mutex_);
  return loss_;
}

void Lease::Note(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (status.ok()) renewed_at_ = Clock::now();
    if (!IsLeaseLost(status)) return;
    loss_ = status;
  }
  lost_.request_stop();
}

void Lease::Renew(const hpo::v1::Lease& message) {
  const std::lock_guard lock(mutex_);
  renewed_at_ = Clock::now();
  length_ = LengthOf(message);
}

void Lease::Release() {
  const std::lock_guard lock(mutex_);
  is_released_ = true;
}

bool Lease::is_ended() const {
  const std::lock_guard lock(mutex_);
  return is_released_ || !loss_.ok();
}

Lease::Clock::time_point Lease::due() const {
  const std::lock_guard lock(mutex_);
  return renewed_at_ + length_ / 3;
}

milliseconds Lease::length() const {
  const std::lock_guard lock(mutex_);
  return length_;
}

LeaseKeeper::LeaseKeeper(Connection& connection) : connection_(connection) {}

LeaseKeeper::~LeaseKeeper() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    if (in_flight_ != nullptr) in_flight_->TryCancel();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LeaseKeeper::Hold(std::shared_ptr<Lease> lease) {
  const std::lock_guard lock(mutex_);
  held_.push_back(std::make_shared<Held>(Held{std::move(lease), Lease::Clock::time_point::min()}));
  if (!thread_.joinable()) thread_ = std::thread(&LeaseKeeper::Run, this);
  changed_.notify_all();
}

void LeaseKeeper::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    std::erase_if(held_, [](const auto& held) { return held->lease->is_ended(); });
    const auto next =
        std::min_element(held_.begin(), held_.end(),
                         [](const auto& a, const auto& b) { return a->due() < b->due(); });
    if (next == held_.end()) {
      changed_.wait(lock);
    } else if (const auto due = (*next)->due(); Lease::Clock::now() < due) {
      changed_.wait_until(lock, due);
    } else {
      const std::shared_ptr<Held> held = *next;
      Beat(*held, lock);
    }
  }
}

void LeaseKeeper::Beat(Held& held, std::unique_lock<std::mutex>& lock) {
  const milliseconds length = held.lease->length();
  grpc::ClientContext context;
  hpo::v1::HeartbeatTrialResponse response;
  in_flight_ = &context;
  lock.unlock();
  const absl::Status status =
      connection_.Attempt(&hpo::v1::TrialService::Stub::HeartbeatTrial, held.lease->heartbeat(),
                          std::min(kHeartbeatTimeout, length / 3), context, response);
  if (status.ok()) {
    held.lease->Renew(response.lease());
  } else if (IsTransient(status)) {
    held.not_before = Lease::Clock::now() + std::min(kRetry, length / 6);
  } else {
    // Lost; or finished or deleted elsewhere, and the next call of the trial says which.
    held.lease->Note(status);
    held.lease->Release();
  }
  lock.lock();
  in_flight_ = nullptr;
}

}  // namespace hpod
