// WatchStudy: streams of what changes in a study. What they say is in watch_cursor.h.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_WATCH_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_WATCH_H_

#include <memory>
#include <set>

#include "hpo/v1/study_service.grpc.pb.h"

#include "server/core/core.h"
#include "server/endpoints/grpc/loop.h"

namespace hpod {

// All streams of the daemon. Loop only.
class Watches {
 public:
  Watches(Core& core, Loop& loop, hpo::v1::StudyService::AsyncService& service);
  ~Watches();

  // Waits for the first stream.
  void Start();
  // Ends all streams with UNAVAILABLE, and refuses new ones so.
  void End();

 private:
  class Stream;

  Core& core_;
  Loop& loop_;
  hpo::v1::StudyService::AsyncService& service_;
  std::set<std::unique_ptr<Stream>> streams_;
  bool has_ended_ = false;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_WATCH_H_
