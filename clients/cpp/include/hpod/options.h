// How to reach a daemon.

#ifndef HPOD_OPTIONS_H_
#define HPOD_OPTIONS_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace hpod {

struct Options {
  // `host:port`.
  std::string server = "127.0.0.1:13000";
  // Sent as `authorization: Bearer`; empty: none.
  std::string token = {};
  // PEM file of the authority that signed the daemon's certificate, or `system` for those that gRPC
  // trusts. Empty: no encryption.
  std::string tls_ca = {};
  // PEM files of this client's certificate and its private key, for a daemon that asks for one.
  std::string tls_cert = {};
  std::string tls_key = {};
  // How long a call is repeated while the daemon is away. 0: not at all.
  std::chrono::milliseconds retry_for{120'000};
  // How long one attempt of a call may take.
  std::chrono::milliseconds call_timeout{30'000};

  // The defaults with what HPOD_SERVER, HPOD_TOKEN, HPOD_TLS_CA, HPOD_TLS_CERT, HPOD_TLS_KEY and
  // HPOD_RETRY_SECONDS say. An empty variable counts as absent.
  // INVALID_ARGUMENT: HPOD_RETRY_SECONDS is not a number >= 0.
  static absl::StatusOr<Options> FromEnvironment();
};

}  // namespace hpod

#endif  // HPOD_OPTIONS_H_
