#include "server/core/proposals.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace hpod {

void Proposals::Run(Task work, Task done) {
  boost::asio::post(pool_, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    post_(std::move(done));
  });
}

}  // namespace hpod
