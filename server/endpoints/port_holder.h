// Who listens on a port, for the message that says that we cannot.

#ifndef HPOD_SERVER_ENDPOINTS_PORT_HOLDER_H_
#define HPOD_SERVER_ENDPOINTS_PORT_HOLDER_H_

#include <cstdint>
#include <string>

namespace hpod {

// "process 4711 (hpod)", or "another process" where Linux's /proc does not show it to us. Best
// effort.
std::string DescribePortHolder(uint16_t port);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_PORT_HOLDER_H_
