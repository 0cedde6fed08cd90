#include "server/daemon.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <malloc.h>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>

#include "version.h"

#include "server/core/core.h"
#include "server/endpoints/acceptor.h"
#include "server/endpoints/grpc/endpoint.h"
#include "server/endpoints/http/admission.h"
#include "server/endpoints/http/endpoint.h"
#include "server/storage/registry.h"

namespace hpod {
namespace {

namespace asio = boost::asio;

// Leases end at most this late.
constexpr std::chrono::milliseconds kTickPeriod(250);
// Calls that run when the daemon is told to stop get this long, of the 10 s that systemd and people
// wait.
constexpr std::chrono::milliseconds kDrainGrace(8'000);
// Two keep up with the thread that reads the storage; more even out studies of different lengths.
constexpr unsigned kRecoveryThreadsMax = 4;
// Of memory that goes back to the system as soon as it is free.
constexpr int kReturnedBytesMin = 1 << 20;

int CannotStart(std::string_view what, const absl::Status& status) {
  Log(LogLevel::kError, "cannot start",
      {{"what", std::string(what)}, {"error", std::string(status.message())}});
  return status.code() == absl::StatusCode::kInvalidArgument ? kExitUsage : kExitRefused;
}

uint64_t DrawSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// Calls `tick` every kTickPeriod while the context runs.
class Ticker {
 public:
  Ticker(asio::io_context& context, std::function<void()> tick)
      : timer_(context), tick_(std::move(tick)) {}
  void Start() {
    timer_.expires_after(kTickPeriod);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      tick_();
      Start();
    });
  }
  void Stop() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
  std::function<void()> tick_;
};

size_t CountTrials(const std::map<StudyId, StudyEntry>& studies) {
  size_t trials = 0;
  for (const auto& [id, entry] : studies) trials += entry.state->Trials().size();
  return trials;
}

std::chrono::milliseconds TimeUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                  std::chrono::milliseconds(0));
}

HttpOptions HttpOptionsOf(const Config& config) {
  return {.version = std::string(kVersion),
          .body_bytes_max = static_cast<uint64_t>(config.message_mib_max) << 20U,
          .connections_max = static_cast<size_t>(config.http_connections_max),
          .idle_time_max = std::chrono::seconds(config.http_idle_seconds_max),
          .request_time_max = std::chrono::seconds(config.http_request_seconds_max),
          .hosts = SplitHosts(config.http_hosts)};
}

void WarnIfOpen(bool is_loopback, const std::string& address) {
  if (is_loopback) return;
  Log(LogLevel::kWarning, "open to the network",
      {{"address", address},
       {"advice", "anybody who reaches it can use it: keep it behind a firewall"}});
}

}  // namespace

int RunDaemon(const Config& config) {
  const auto started = std::chrono::steady_clock::now();
  std::signal(SIGPIPE, SIG_IGN);
  // Else the C library raises the bound with what it sees, and keeps what a large study's models
  // take while they are made.
  mallopt(M_MMAP_THRESHOLD, kReturnedBytesMin);
  asio::io_context context;
  asio::signal_set signals(context, SIGTERM, SIGINT);

  Acceptor acceptor(context);
  if (absl::Status status = acceptor.Listen(config.listen); !status.ok())
    return CannotStart("listen", status);
  const std::string address = acceptor.Address();
  HttpEndpoint http(HttpOptionsOf(config));
  const bool has_http = !config.http.empty();
  if (absl::Status status = has_http ? http.Listen(config.http) : absl::OkStatus(); !status.ok())
    return CannotStart("http", status);
  auto storage =
      OpenStorage(config.storage, fmt::format("process {} (hpod on {})", getpid(), address));
  if (!storage.ok()) return CannotStart("storage " + config.storage, storage.status());
  GrpcEndpoint::Options options;
  options.message_bytes_max = config.message_mib_max << 20;
  options.commit_batch_max = static_cast<size_t>(config.commit_batch_max);
  options.limits.calls_in_flight_max = static_cast<size_t>(config.calls_in_flight_max);
  auto endpoint = GrpcEndpoint::Make(options);
  if (!endpoint.ok()) return CannotStart("gRPC", endpoint.status());
  const SystemClock clock;
  Core core(
      **storage, clock, (*endpoint)->Poster(),
      {.proposal_threads = static_cast<size_t>(config.proposal_threads),
       .recovery_threads = std::clamp(std::thread::hardware_concurrency(), 1U, kRecoveryThreadsMax),
       .draw_seed = &DrawSeed});
  if (absl::Status status = core.Recover(); !status.ok())
    return CannotStart("storage " + config.storage, status);
  // The C library keeps what one thread has freed for that thread, and those of Recover have ended.
  malloc_trim(0);
  const size_t trials = CountTrials(core.Studies());

  int exit_code = kExitOk;
  Ticker ticker(context, [&] { (*endpoint)->Tick(); });
  const auto stop = [&] {
    signals.cancel();
    acceptor.Stop();
    ticker.Stop();
  };
  (*endpoint)->Start(core, [&] {
    asio::post(context, [&] {
      Log(LogLevel::kError, "storage failed", {{"error", std::string(core.Failure().message())}});
      exit_code = kExitStorageFailed;
      stop();
    });
  });
  signals.async_wait([&](const boost::system::error_code& cancelled, int signal) {
    if (cancelled) return;
    Log(LogLevel::kInfo, "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    stop();
  });
  if (has_http) http.Start(core, (*endpoint)->Poster(), (*endpoint)->Methods());
  acceptor.Start([&](int descriptor) { (*endpoint)->TakeSocket(descriptor); });
  ticker.Start();
  const auto ready_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  Log(LogLevel::kInfo, "ready",
      {{"address", address},
       {"http", has_http ? http.Address() : "off"},
       {"storage", config.storage},
       {"studies", std::to_string(core.Studies().size())},
       {"trials", std::to_string(trials)},
       {"ready_ms", std::to_string(ready_ms.count())},
       {"version", std::string(kVersion)}});
  WarnIfOpen(acceptor.IsLoopback(), address);
  if (has_http) WarnIfOpen(http.IsLoopback(), http.Address());

  context.run();
  const auto deadline = std::chrono::steady_clock::now() +
                        (exit_code == kExitOk ? kDrainGrace : std::chrono::milliseconds(500));
  if (has_http) http.Stop(TimeUntil(deadline));
  (*endpoint)->Stop(TimeUntil(deadline));
  Log(LogLevel::kInfo, "stopped", {{"exit_code", std::to_string(exit_code)}});
  return exit_code;
}

}  // namespace hpod
