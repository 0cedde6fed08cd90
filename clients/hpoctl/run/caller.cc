#include "clients/hpoctl/run/caller.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <utility>

namespace hpod {
namespace {

// docs/protocol.md, "Errors and retries".
constexpr int kFirstPauseMs = 100;
constexpr int kMaxPauseMs = 3000;

}  // namespace

// Counts the calls whose reply gRPC still owes.
class Caller::Outstanding {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void Remove() {
    const std::lock_guard lock(mutex_);
    --count_;
    none_.notify_all();
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

std::string NewRequestId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

bool IsTransient(const grpc::Status& status) {
  const std::string reason = ErrorReasonOf(status);
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return true;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return reason.empty();
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return reason == "STORAGE_FULL" ||
             (reason == "LIMIT_EXCEEDED" && ErrorMetadataOf(status, "limit") == "calls_in_flight");
    default:
      return false;
  }
}

Caller::Caller(EventLoop& loop, Connection& connection,
               std::function<void(const absl::Status*)> on_trouble)
    : loop_(loop),
      connection_(connection),
      on_trouble_(std::move(on_trouble)),
      outstanding_(std::make_shared<Outstanding>()) {}

Caller::~Caller() {
  for (const auto& call : under_way_) call->context->TryCancel();
  outstanding_->WaitForNone();
}

hpo::v1::TrialService::StubInterface::async_interface* Caller::trials() {
  return connection_.trials().async();
}

hpo::v1::StudyService::StubInterface::async_interface* Caller::studies() {
  return connection_.studies().async();
}

void Caller::Start(const std::shared_ptr<PendingCall>& call) {
  call->context = std::make_unique<grpc::ClientContext>();
  call->context->set_deadline(std::chrono::system_clock::now() + connection_.timeout());
  under_way_.insert(call);
  outstanding_->Add();
  call->start(*call->context, [this, call, mailbox = loop_.mailbox(),
                               outstanding = outstanding_](const grpc::Status& status) {
    mailbox->Post([this, call, status] { OnReply(call, status); });
    outstanding->Remove();
  });
}

void Caller::OnReply(const std::shared_ptr<PendingCall>& call, const grpc::Status& status) {
  under_way_.erase(call);
  if (!IsTransient(status)) {
    if (std::exchange(is_troubled_, false)) on_trouble_(nullptr);
    return call->done(status);
  }
  if (!std::exchange(is_troubled_, true)) {
    const absl::Status error = connection_.ToError(status);
    on_trouble_(&error);
  }
  loop_.After(Pause(call->failures++), [this, call] { Start(call); });
}

std::chrono::milliseconds Caller::Pause(int failures) {
  const int ceiling = std::min(kMaxPauseMs, kFirstPauseMs << std::min(failures, 10));
  return std::chrono::milliseconds(
      std::uniform_int_distribution<int>(ceiling / 2, ceiling)(random_));
}

}  // namespace hpod
