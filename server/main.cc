#include "server/config.h"
#include "server/daemon.h"
#include "server/log.h"

int main(int argc, char** argv) {
  hpod::Config config;
  if (const auto exit_code = hpod::ReadConfig(argc, argv, config)) return *exit_code;
  hpod::SetUpLog(config.log_level, config.log_format);
  return hpod::RunDaemon(config);
}
