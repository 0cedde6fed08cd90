// The daemon: builds everything, runs until a signal or a failure, and takes it down in the
// opposite order.

#ifndef HPOD_SERVER_DAEMON_H_
#define HPOD_SERVER_DAEMON_H_

#include "server/config.h"

namespace hpod {

// Returns the exit code of the process. Call once, on the main thread, before any other thread
// runs.
int RunDaemon(const Config& config);

}  // namespace hpod

#endif  // HPOD_SERVER_DAEMON_H_
