// Calls of one kind, so many in flight, for a given time.

#ifndef HPOD_CLIENTS_HPOCTL_BENCH_LOAD_H_
#define HPOD_CLIENTS_HPOCTL_BENCH_LOAD_H_

#include <chrono>
#include <functional>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "clients/hpoctl/bench/interrupt_flag.h"
#include "clients/hpoctl/connection.h"
#include "clients/hpoctl/exit_code.h"

namespace hpod {

struct Measurement {
  int64_t calls = 0;
  double per_second = 0;
  double median_ms = 0;  // of one call
  double p95_ms = 0;
};
// `latencies_ms` is not empty. elapsed_s > 0.
Measurement Summarize(std::vector<double> latencies_ms, double elapsed_s);

struct LoadOptions {
  int in_flight = 1;
  std::chrono::milliseconds duration{1000};
};

// A kind of call.
template <class Request, class Response>
struct CallKind {
  using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>>;
  std::function<Reader(grpc::ClientContext*, const Request&, grpc::CompletionQueue*)> start;
  std::function<bool(Request&)> next;  // fills in an empty request; false: there are no more
  std::function<void(const Response&)> done;
};

// Makes calls until the time is over, or the kind has no more, or `interrupt` is set (CANCELLED).
// The first failed call ends it: errors as of Connection::Call.
template <class Request, class Response>
absl::StatusOr<Measurement> MeasureCalls(const CallKind<Request, Response>& kind,
                                         const LoadOptions& options, const Connection& connection,
                                         const InterruptFlag& interrupt);

// --- implementation ---

namespace bench_internal {

using Clock = std::chrono::steady_clock;

template <class Request, class Response>
struct Slot {
  std::unique_ptr<grpc::ClientContext> context;
  Request request;
  Response response;
  grpc::Status status;
  typename CallKind<Request, Response>::Reader reader;
  Clock::time_point start;
};

template <class Request, class Response>
bool StartNext(const CallKind<Request, Response>& kind, const Connection& connection,
               grpc::CompletionQueue& queue, Slot<Request, Response>& slot) {
  slot.request.Clear();
  if (!kind.next(slot.request)) return false;
  slot.context = std::make_unique<grpc::ClientContext>();
  slot.context->set_deadline(std::chrono::system_clock::now() + connection.timeout());
  slot.response.Clear();
  slot.start = Clock::now();
  slot.reader = kind.start(slot.context.get(), slot.request, &queue);
  slot.reader->Finish(&slot.response, &slot.status, &slot);
  return true;
}

}  // namespace bench_internal

template <class Request, class Response>
absl::StatusOr<Measurement> MeasureCalls(const CallKind<Request, Response>& kind,
                                         const LoadOptions& options, const Connection& connection,
                                         const InterruptFlag& interrupt) {
  using bench_internal::Clock;
  std::vector<bench_internal::Slot<Request, Response>> slots(
      static_cast<size_t>(options.in_flight));
  grpc::CompletionQueue queue;
  std::vector<double> latencies_ms;
  grpc::Status error;
  int under_way = 0;
  const auto start = Clock::now();
  const auto end = start + options.duration;
  for (auto& slot : slots) under_way += StartNext(kind, connection, queue, slot) ? 1 : 0;
  auto last = start;
  void* tag = nullptr;
  for (bool ok = false; under_way > 0 && queue.Next(&tag, &ok); --under_way) {
    auto& slot = *static_cast<bench_internal::Slot<Request, Response>*>(tag);
    last = Clock::now();
    if (!slot.status.ok()) {
      if (error.ok()) error = slot.status;
      continue;
    }
    latencies_ms.push_back(std::chrono::duration<double, std::milli>(last - slot.start).count());
    kind.done(slot.response);
    if (last >= end || !error.ok() || interrupt.is_set()) continue;
    under_way += StartNext(kind, connection, queue, slot) ? 1 : 0;
  }
  if (interrupt.is_set()) return Interrupted();
  if (!error.ok()) return connection.ToError(error);
  if (latencies_ms.empty()) return absl::InternalError("there was nothing to measure");
  return Summarize(std::move(latencies_ms), std::chrono::duration<double>(last - start).count());
}

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_BENCH_LOAD_H_
