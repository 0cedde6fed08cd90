#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"

namespace hpod {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr std::string_view kServing = "SERVING";

// Asks once; with a deadline, again until the daemon serves or the time is up.
absl::StatusOr<std::string> WaitForHealth(Connection& connection,
                                          std::chrono::steady_clock::time_point deadline) {
  while (true) {
    auto health = connection.CheckHealth();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if ((health.ok() && *health == kServing) || left.count() <= 0) return health;
    connection.WaitUntilConnected(left);
    std::this_thread::sleep_for(std::min(left, kPause));  // it may be connected and not serve yet
  }
}

absl::Status Run(const std::string& wait_s, Context& context) {
  auto deadline = std::chrono::steady_clock::now();
  if (!wait_s.empty()) {
    const auto wait = ParseSeconds(wait_s, "--wait");
    if (!wait.ok()) return wait.status();
    deadline += *wait;
  }
  const auto health = WaitForHealth(context.connection, deadline);
  if (!health.ok()) return health.status();
  const std::string& address = context.connection.address();
  if (*health != kServing) {
    return Refused(fmt::format("{} answers, but is not serving ({})", address, *health));
  }
  PrintDone(context, address, "is serving", {{"server", address}, {"status", *health}});
  return absl::OkStatus();
}

}  // namespace

Action BindPing(CLI::App& app) {
  const auto wait_s = std::make_shared<std::string>();
  app.add_option("--wait", *wait_s, "Wait so long for the daemon to come up")->type_name("SECONDS");
  return [wait_s](Context& context) { return Run(*wait_s, context); };
}

}  // namespace hpod
