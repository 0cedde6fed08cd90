#include "server/daemon.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <random>
#include <string>
#include <unistd.h>

#include "version.h"

#include "server/core/core.h"
#include "server/endpoints/acceptor.h"
#include "server/endpoints/grpc/endpoint.h"
#include "server/storage/registry.h"

namespace hpod {
namespace {

namespace asio = boost::asio;

// Leases end at most this late.
constexpr std::chrono::milliseconds kTickPeriod(250);
// Calls that run when the daemon is told to stop get this long, of the 10 s that systemd and people
// wait.
constexpr std::chrono::milliseconds kDrainGrace(8'000);

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

}  // namespace

int RunDaemon(const Config& config) {
  const auto started = std::chrono::steady_clock::now();
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context;
  asio::signal_set signals(context, SIGTERM, SIGINT);

  Acceptor acceptor(context);
  if (absl::Status status = acceptor.Listen(config.listen); !status.ok())
    return CannotStart("listen", status);
  const std::string address = acceptor.Address();
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
      {.proposal_threads = static_cast<size_t>(config.proposal_threads), .draw_seed = &DrawSeed});
  if (absl::Status status = core.Recover(); !status.ok())
    return CannotStart("storage " + config.storage, status);
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
  acceptor.Start([&](int descriptor) { (*endpoint)->TakeSocket(descriptor); });
  ticker.Start();
  const auto ready_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  Log(LogLevel::kInfo, "ready",
      {{"address", address},
       {"storage", config.storage},
       {"studies", std::to_string(core.Studies().size())},
       {"trials", std::to_string(trials)},
       {"ready_ms", std::to_string(ready_ms.count())},
       {"version", std::string(kVersion)}});
  if (!acceptor.IsLoopback()) {
    Log(LogLevel::kWarning, "open to the network",
        {{"address", address},
         {"advice", "anybody who reaches it can use it: keep it behind a firewall"}});
  }

  context.run();
  (*endpoint)->Stop(exit_code == kExitOk ? kDrainGrace : std::chrono::milliseconds(500));
  Log(LogLevel::kInfo, "stopped", {{"exit_code", std::to_string(exit_code)}});
  return exit_code;
}

}  // namespace hpod
