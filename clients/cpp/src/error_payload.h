// Where the daemon's ErrorInfo is in an absl::Status.

#ifndef HPOD_CLIENTS_CPP_SRC_ERROR_PAYLOAD_H_
#define HPOD_CLIENTS_CPP_SRC_ERROR_PAYLOAD_H_

namespace hpod {

// Key of the payload, and type of the detail in grpc-status-details-bin that it comes from.
constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

}  // namespace hpod

#endif  // HPOD_CLIENTS_CPP_SRC_ERROR_PAYLOAD_H_
