// Has the answers of a group leave in bursts, where several go to the same connection: a packet for
// each, and waking the worker for each, is most of what an answer costs.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_BURSTS_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_BURSTS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hpod {

// A socket under a descriptor of its own, so that it stays the same one whoever else closes it.
class OwnSocket {
 public:
  // Of another descriptor of the socket. Without one if the process has too many.
  static OwnSocket Of(int descriptor);
  OwnSocket(OwnSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, kNone)) {}
  OwnSocket& operator=(OwnSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OwnSocket();

  // What is sent from now on stays here, for up to 200 ms, until it is let go (TCP_CORK, tcp(7)).
  void Hold() const { SetCork(1); }
  void LetGo() const { SetCork(0); }
  // Both directions have been shut.
  bool HasEnded() const;

 private:
  static constexpr int kNone = -1;
  explicit OwnSocket(int descriptor) : descriptor_(descriptor) {}
  void SetCork(int is_on) const;

  int descriptor_;
};

class Bursts {
 public:
  // So many answers at most wait for each other, while the worker is at those before.
  static constexpr size_t kAnswers = 8;
  // Of more connections answers are not held back: few of a group go to the same one then.
  static constexpr size_t kMostConnections = 8;

  void AddConnection(OwnSocket connection);
  void ForgetEnded();
  size_t ConnectionCount() const { return connections_.size(); }

  // A group has been committed, which took so long; so many answers follow, with Next before each
  // of them, then End.
  void Begin(size_t answers, int64_t commit_us);
  void Next() {
    if (are_held_back_ && held_++ % kAnswers == 0) LetGoAndHold();
  }
  void End();

 private:
  void LetGoAndHold();

  std::vector<OwnSocket> connections_;
  bool are_held_back_ = false;
  size_t held_ = 0;  // answers of the group
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_BURSTS_H_
