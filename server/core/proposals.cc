#include "server/core/proposals.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace hpod {

void Proposals::Run(Length length, Task work, Task done) {
  boost::asio::thread_pool& pool = length == Length::kLong ? long_ : short_;
  boost::asio::post(pool, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    post_(std::move(done));
  });
}

}  // namespace hpod
