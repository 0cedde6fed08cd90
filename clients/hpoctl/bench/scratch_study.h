// A study that exists for a measurement only.

#ifndef HPOD_CLIENTS_HPOCTL_BENCH_SCRATCH_STUDY_H_
#define HPOD_CLIENTS_HPOCTL_BENCH_SCRATCH_STUDY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "clients/hpoctl/connection.h"

namespace hpod {

inline constexpr int kBenchParameters = 10;
inline constexpr int kBenchHistory = 1000;

// Has a space of kBenchParameters floats and no pruner. Deleted at the end of its life.
class ScratchStudy {
 public:
  // `history`: how many complete trials it has from the start, at most 1,000. Errors as of
  // Connection::Call.
  static absl::StatusOr<std::unique_ptr<ScratchStudy>> Make(Connection& connection,
                                                            const std::string& name,
                                                            const std::string& sampler,
                                                            int history);
  ~ScratchStudy();
  ScratchStudy(const ScratchStudy&) = delete;
  ScratchStudy& operator=(const ScratchStudy&) = delete;

  const std::string& name() const { return name_; }

 private:
  ScratchStudy(Connection& connection, std::string name)
      : connection_(connection), name_(std::move(name)) {}
  absl::Status AddHistory(int history);

  Connection& connection_;
  const std::string name_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_BENCH_SCRATCH_STUDY_H_
