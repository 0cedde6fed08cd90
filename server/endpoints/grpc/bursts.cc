#include "server/endpoints/grpc/bursts.h"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hpod {
namespace {

// About what it takes to send an answer. Where a commit takes longer than to send all of them,
// workers should rather be at the first ones early, to have their next calls in the next group.
constexpr int64_t kAnswer_us = 5;

}  // namespace

OwnSocket OwnSocket::Of(int descriptor) { return OwnSocket(dup(descriptor)); }

OwnSocket::~OwnSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

void OwnSocket::SetCork(int is_on) const {
  // Of a socket that has ended it fails, which is as well.
  setsockopt(descriptor_, IPPROTO_TCP, TCP_CORK, &is_on, sizeof(is_on));
}

bool OwnSocket::HasEnded() const {
  pollfd state{.fd = descriptor_, .events = 0, .revents = 0};
  return descriptor_ < 0 || (poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0);
}

void Bursts::AddConnection(OwnSocket connection) {
  if (connections_.size() < kMostConnections) connections_.push_back(std::move(connection));
}

void Bursts::ForgetEnded() {
  std::erase_if(connections_, [](const OwnSocket& connection) { return connection.HasEnded(); });
}

void Bursts::Begin(size_t answers, int64_t commit_us) {
  held_ = 0;
  are_held_back_ = answers >= 2 * connections_.size() && !connections_.empty() &&
                   commit_us < kAnswer_us * static_cast<int64_t>(answers);
}

void Bursts::LetGoAndHold() {
  for (const OwnSocket& connection : connections_) {
    if (held_ > kAnswers) connection.LetGo();
    connection.Hold();
  }
}

void Bursts::End() {
  if (held_ > 0) {
    for (const OwnSocket& connection : connections_) connection.LetGo();
  }
  are_held_back_ = false;
}

}  // namespace hpod
