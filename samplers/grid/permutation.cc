#include "samplers/grid/permutation.h"

#include <algorithm>
#include <bit>

#include "samplers/rng.h"

namespace hpod {

Permutation::Permutation(uint64_t size, uint64_t seed)
    : size_(size),
      half_bits_(std::max(1, (static_cast<int>(std::bit_width(size - 1)) + 1) / 2)),
      half_mask_((uint64_t{1} << half_bits_) - 1),
      keys_() {
  Rng rng = Rng::ForTrial(seed, 0, "grid order");
  for (uint64_t& key : keys_) key = rng.Next();
}

uint64_t Permutation::At(uint64_t position) const {
  do {
    position = Forward(position);
  } while (position >= size_);
  return position;
}

uint64_t Permutation::PositionOf(uint64_t element) const {
  do {
    element = Backward(element);
  } while (element >= size_);
  return element;
}

// The finisher of SplitMix64, of which the low bits are kept.
uint64_t Permutation::Mix(uint64_t half, int round) const {
  uint64_t z = half + keys_[static_cast<size_t>(round)];
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return (z ^ (z >> 31U)) & half_mask_;
}

uint64_t Permutation::Forward(uint64_t block) const {
  uint64_t left = block >> half_bits_;
  uint64_t right = block & half_mask_;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t next = left ^ Mix(right, round);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

uint64_t Permutation::Backward(uint64_t block) const {
  uint64_t left = block >> half_bits_;
  uint64_t right = block & half_mask_;
  for (int round = kRounds - 1; round >= 0; --round) {
    const uint64_t previous = right ^ Mix(left, round);
    right = left;
    left = previous;
  }
  return (left << half_bits_) | right;
}

}  // namespace hpod
