// The texts under which Optuna clients know the distributions of one study.

#ifndef HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_TEXTS_H_
#define HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_TEXTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "samplers/history.h"
#include "server/model/mutation.h"
#include "server/model/optuna/distribution.h"

namespace hpod {

class DistributionTexts {
 public:
  // The history has distribution `index` now; `text` as in DistributionAdded.
  void Add(const History& history, uint32_t index, const std::string& text);
  // Trial `number` has parameters whose distributions the history may not have.
  void Add(size_t number, const OptunaFacts& facts);

  // The distribution of the history that has this name and text, if it came with it.
  std::optional<uint32_t> Find(std::string_view name, std::string_view text) const;
  // What the text of a distribution that Find has found says.
  const OptunaDistribution& Parsed(uint32_t index) const { return texts_[index]->parsed; }

  // The text of a distribution: the one that it came with, or the usual one for its domain.
  std::string TextOf(const History& history, uint32_t index) const;

  // Optuna's rule against the first distribution that the study had under the name. Without one
  // in the history, the one of the trial with the lowest number.
  absl::Status CheckRegistered(const History& history, const std::string& name,
                               const OptunaDistribution& asked) const;

 private:
  struct Entry {
    std::string text;
    OptunaDistribution parsed;
  };
  std::vector<std::unique_ptr<Entry>> texts_;  // by distribution; null: it came without a text
  std::unordered_map<std::string, uint32_t> by_text_;  // name, zero byte, text
  std::vector<uint32_t> first_;                        // distribution by name
  std::map<std::string, std::pair<size_t, std::string>, std::less<>> outside_;  // trial and text
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_TEXTS_H_
