// Mutations to rows.

#ifndef HPOD_SERVER_STORAGE_SQLITE_WRITER_H_
#define HPOD_SERVER_STORAGE_SQLITE_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"

#include "server/model/mutation.h"
#include "server/storage/sqlite_db.h"

namespace hpod {

// Writes inside the transaction that its caller has begun.
class SqliteWriter {
 public:
  // Prepares the statements. `db` must outlive the writer.
  static absl::StatusOr<SqliteWriter> Make(Database& db);

  absl::Status Write(const Mutation& mutation);

  // After a rollback: rows that were counted on are gone.
  void ForgetShapes() { shape_ids_.clear(); }

 private:
  enum Sql : size_t;
  using ShapeKey = std::pair<StudyId, std::vector<uint32_t>>;

  Statement& Use(Sql sql) { return statements_[sql]; }
  absl::Status WriteChange(const Mutation& mutation, const StudyCreated& change);
  absl::Status WriteChange(const Mutation& mutation, const StudyDeleted& change);
  absl::Status WriteChange(const Mutation& mutation, const StudyUpdated& change);
  absl::Status WriteChange(const Mutation& mutation, const DistributionAdded& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialAdded& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialStarted& change);
  absl::Status WriteChange(const Mutation& mutation, const ParamsSet& change);
  absl::Status WriteChange(const Mutation& mutation, const ValueReported& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialFinished& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialAttributesSet& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialRequeued& change);
  absl::Status WriteChange(const Mutation& mutation, const StudyAttributeSet& change);
  absl::Status WriteChange(const Mutation& mutation, const TrialAttributeSet& change);
  absl::Status WriteChange(const Mutation& mutation, const OptunaFactsSet& change);
  absl::Status WriteChange(const Mutation& mutation, const LeaseRenewed& change);
  absl::Status WriteChange(const Mutation& mutation, const RequestRemembered& change);
  absl::Status WriteChange(const Mutation& mutation, const RequestsForgotten& change);
  absl::Status WriteChange(const Mutation& mutation, const IdsUsed& change);

  absl::Status WriteTrial(const Mutation& mutation, const TrialRecord& trial);
  // Adds what `patch` has of the `extra` column's facts to those of the trial.
  absl::Status PatchExtra(int64_t trial_id, const TrialRecord& patch, int64_t revision);
  // `set`: the statement for one attribute of `owner`.
  absl::Status WriteAttributes(Sql set, int64_t owner, const Attributes& attributes);
  absl::StatusOr<int64_t> ShapeId(StudyId study, const std::vector<DistributionValue>& params);

  std::vector<Statement> statements_;
  std::map<ShapeKey, int64_t> shape_ids_;
  std::string text_;  // of params, kept for its capacity
};

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_WRITER_H_
