// Rows of the table `trials`, copied out of SQLite, and the trials that they and other tables make.

#ifndef HPOD_SERVER_STORAGE_SQLITE_TRIALS_H_
#define HPOD_SERVER_STORAGE_SQLITE_TRIALS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/storage/sqlite_db.h"
#include "server/storage/storage.h"

namespace hpod {

struct TrialReports {
  std::vector<Report> reports;
  int64_t revision = 0;
};

using AttributesByOwner = std::unordered_map<int64_t, Attributes>;

// What trials have in other tables.
struct TrialParts {
  std::unordered_map<int64_t, std::vector<uint32_t>> shapes;
  // By trial id. A trial that is decoded takes its own: the maps themselves stay as they are.
  std::unordered_map<int64_t, TrialReports> reports;
  AttributesByOwner attributes;
  AttributesByOwner system_attributes;
};

class SqliteTrials final : public StoredTrials {
 public:
  // What Add expects of a query.
  static constexpr std::string_view kColumns =
      "id, study_id, number, state, shape_id, params, value, other_values, started_us, "
      "completed_us, worker, lease_token, revision, extra";

  // `parts` must be complete.
  explicit SqliteTrials(std::shared_ptr<TrialParts> parts);

  void Add(const Statement& row);
  // Whether it is worth another thread's attention.
  bool IsFull() const;

  std::span<const Key> Keys() const override { return keys_; }
  absl::StatusOr<Mutation> Decode(size_t i) override;

 private:
  // A part of texts_.
  struct Text {
    size_t begin;
    size_t size;
  };
  struct Row {
    size_t number;
    Text state;
    int64_t shape_id;
    Text params;
    std::optional<double> value;
    std::optional<Text> other_values;
    int64_t started_us;
    int64_t completed_us;
    Text worker;
    int64_t lease_token;
    int64_t revision;
    Text extra;
  };

  Text Keep(std::string_view text);
  std::string_view Read(Text text) const;
  absl::Status DecodeParams(const Row& row, TrialRecord& trial) const;
  absl::Status DecodeValues(const Row& row, TrialRecord& trial) const;
  void TakeParts(Mutation& mutation, TrialRecord& trial);

  const std::shared_ptr<TrialParts> parts_;
  std::vector<Key> keys_;
  std::vector<Row> rows_;  // one per key
  std::string texts_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_TRIALS_H_
