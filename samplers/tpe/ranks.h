// Places of trials among those that are in a mixture, as they come and go.

#ifndef HPOD_SAMPLERS_TPE_RANKS_H_
#define HPOD_SAMPLERS_TPE_RANKS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hpod {

// A set of numbers in which it is quick to count those below one of them. Changes take a step for
// each 64 numbers above.
class Ranks {
 public:
  // `number` is not in the set.
  void Insert(size_t number) {
    const size_t word = number / 64;
    if (present_.size() <= word) {
      const uint32_t all =
          present_.empty() ? 0
                           : before_.back() + static_cast<uint32_t>(std::popcount(present_.back()));
      present_.resize(word + 1, 0);
      before_.resize(word + 1, all);
    }
    present_[word] |= Bit(number);
    for (size_t i = word + 1; i < before_.size(); ++i) ++before_[i];
  }
  void Clear() {
    present_.clear();
    before_.clear();
  }
  // `number` is in the set.
  void Erase(size_t number) {
    const size_t word = number / 64;
    present_[word] &= ~Bit(number);
    for (size_t i = word + 1; i < before_.size(); ++i) --before_[i];
  }
  // How many are less than `number`, which is in the set.
  size_t Of(size_t number) const {
    const size_t word = number / 64;
    return before_[word] + static_cast<size_t>(std::popcount(present_[word] & (Bit(number) - 1)));
  }

 private:
  static uint64_t Bit(size_t number) { return uint64_t{1} << number % 64; }

  std::vector<uint64_t> present_;
  std::vector<uint32_t> before_;  // by word: how many are in those before it
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_RANKS_H_
