// Places of trials among those that are in a mixture, as they come and go.

#ifndef HPOD_SAMPLERS_TPE_RANKS_H_
#define HPOD_SAMPLERS_TPE_RANKS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hpod {

// The rank of a number is per_number times the number, and between `least` and `most` more.
struct RankBounds {
  double per_number = 1;
  double least = 0;
  double most = 0;

  double Gap() const { return most - least; }
  void Include(size_t number, size_t rank) {
    const double more = static_cast<double>(rank) - per_number * static_cast<double>(number);
    least = std::min(least, more);
    most = std::max(most, more);
  }
};

// A set of numbers in which it is quick to count those below one of them. Changes take a step for
// each 64 numbers above.
class Ranks {
 public:
  // `number` is not in the set.
  void Insert(size_t number);
  // `number` is in the set.
  void Erase(size_t number);
  void Clear() { *this = Ranks(); }
  // How many are less than `number`, which is in the set.
  size_t Of(size_t number) const {
    const size_t word = number / 64;
    return before_[word] + static_cast<size_t>(std::popcount(present_[word] & (Bit(number) - 1)));
  }
  // How many are not greater than `number`, which has been in the set.
  size_t CountUpTo(size_t number) const {
    return Of(number) + ((present_[number / 64] & Bit(number)) != 0 ? 1 : 0);
  }
  // Of all that are in the set.
  const RankBounds& Bounds() const { return bounds_; }

 private:
  static uint64_t Bit(size_t number) { return uint64_t{1} << number % 64; }
  size_t Count() const {
    return before_.empty() ? 0
                           : before_.back() + static_cast<size_t>(std::popcount(present_.back()));
  }
  // Bounds become wider with each change, until they are made anew.
  void FitBounds();

  std::vector<uint64_t> present_;
  std::vector<uint32_t> before_;  // by word: how many are in those before it
  RankBounds bounds_;
  double greatest_gap_ = 0;  // with which bounds will do
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_RANKS_H_
