// What a client, its studies and their trials share.

#ifndef HPOD_CLIENTS_CPP_SRC_SESSION_H_
#define HPOD_CLIENTS_CPP_SRC_SESSION_H_

#include <memory>

#include "hpod/connection.h"

#include "clients/cpp/src/lease_keeper.h"

namespace hpod {

struct Session {
  explicit Session(std::unique_ptr<Connection> made)
      : connection(std::move(made)), leases(*connection) {}

  const std::unique_ptr<Connection> connection;
  LeaseKeeper leases;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_CPP_SRC_SESSION_H_
