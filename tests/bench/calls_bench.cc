// Calls to a daemon, to a server of empty calls, and to the disk, measured one at a time as asked.
// Reads lines from standard input and answers each with a line of JSON:
//
//   empty IN_FLIGHT SECONDS                empty unary calls, to a server of this program
//   report ADDRESS IN_FLIGHT SECONDS       durable reports
//   study ADDRESS SAMPLER PARAMETERS       makes a study: {"study": NAME}
//   trials ADDRESS STUDY WORKERS TRIALS    suggest, report, complete
//   judged ADDRESS STUDY TRIALS STEPS      reports of trials, one call at a time
//   commit PATH SECONDS                    commits of SQLite, in a new file

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/bench/bare_commits.h"
#include "tests/bench/echo_server.h"
#include "tests/bench/load.h"

namespace hpod {
namespace {

using nlohmann::json;

json ToJson(const Measurement& m) {
  return {{"per_second", m.per_second}, {"median_us", m.median_us}, {"p95_us", m.p95_us}};
}

template <class T>
T Next(std::istream& arguments) {
  T value{};
  if (arguments >> value) return value;
  std::fputs("an argument is missing or malformed\n", stderr);
  std::exit(1);
}

json Answer(const std::string& line, const EchoServer& echo) {
  std::istringstream in(line);
  const auto command = Next<std::string>(in);
  const auto where = command == "empty" ? echo.Address() : Next<std::string>(in);
  if (command == "commit") return ToJson(MeasureBareCommits(where, Next<double>(in)));
  if (command == "empty" || command == "report") {
    const auto in_flight = Next<size_t>(in);
    const auto seconds = Next<double>(in);
    return ToJson(command == "empty" ? MeasureEmptyCalls(where, in_flight, seconds)
                                     : MeasureReports(where, in_flight, seconds));
  }
  const auto name = Next<std::string>(in);
  const auto first = Next<size_t>(in);
  if (command == "study") return {{"study", CreateStudy(where, name, first)}};
  if (command == "judged") {
    return ToJson(MeasureJudgedReports(where, name, first, Next<int64_t>(in)));
  }
  return ToJson(MeasureTrials(where, name, first, Next<size_t>(in)));
}

}  // namespace
}  // namespace hpod

int main() {
  const hpod::EchoServer echo;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << hpod::Answer(line, echo).dump() << std::endl;
  }
  return 0;
}
