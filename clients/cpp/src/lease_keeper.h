// Keeps the leases of a client's running trials.

#ifndef HPOD_CLIENTS_CPP_SRC_LEASE_KEEPER_H_
#define HPOD_CLIENTS_CPP_SRC_LEASE_KEEPER_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "hpo/v1/trial_service.pb.h"
#include "hpod/connection.h"

namespace hpod {

// The right to work on one trial. Safe to use from several threads.
class Lease {
 public:
  using Clock = std::chrono::steady_clock;

  // For a trial that was handed out just now.
  Lease(const std::string& study, int64_t number, const hpo::v1::Lease& message);

  int64_t token() const { return heartbeat_.lease_token(); }
  const hpo::v1::HeartbeatTrialRequest& heartbeat() const { return heartbeat_; }
  std::stop_token lost() const { return lost_.get_token(); }

  // The loss, if it is known.
  absl::Status Check() const;
  // Takes notice of what a call for the trial gave.
  void Note(const absl::Status& status);
  // A heartbeat brought the lease anew.
  void Renew(const hpo::v1::Lease& message);
  // The trial is finished or given up: nothing is left to renew.
  void Release();

  bool is_ended() const;
  Clock::time_point due() const;
  std::chrono::milliseconds length() const;

 private:
  const hpo::v1::HeartbeatTrialRequest heartbeat_;
  std::stop_source lost_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Clock::time_point renewed_at_;
  std::chrono::milliseconds length_;
  bool is_released_ = false;
  absl::Status loss_;
};

// One thread renews each lease after a third of its length without a call for the trial.
class LeaseKeeper {
 public:
  // `connection` outlives it.
  explicit LeaseKeeper(Connection& connection);
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  ~LeaseKeeper();

  // Renews `lease` until it is released or lost.
  void Hold(std::shared_ptr<Lease> lease);

 private:
  struct Held {
    std::shared_ptr<Lease> lease;
    // After a heartbeat that did not get through.
    Lease::Clock::time_point not_before;

    Lease::Clock::time_point due() const { return std::max(lease->due(), not_before); }
  };

  void Run();
  void Beat(Held& held, std::unique_lock<std::mutex>& lock);

  Connection& connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::shared_ptr<Held>> held_;
  grpc::ClientContext* in_flight_ = nullptr;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_CPP_SRC_LEASE_KEEPER_H_
