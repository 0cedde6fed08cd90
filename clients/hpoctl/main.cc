#include <cstdlib>
#include <string>
#include <vector>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/io.h"

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);  // what fails is said once, in our words
  hpod::Io io = hpod::ProcessIo();
  const std::vector<std::string> args(argv + 1, argv + argc);
  return static_cast<int>(hpod::RunHpoctl(args, io));
}
