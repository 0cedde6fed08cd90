// A pseudo-random order of 0 .. size - 1 that needs no memory.

#ifndef HPOD_SAMPLERS_GRID_PERMUTATION_H_
#define HPOD_SAMPLERS_GRID_PERMUTATION_H_

#include <array>
#include <cstdint>

namespace hpod {

// A bijection keyed by a seed: a Feistel network (Luby and Rackoff, 1988) over the next power of 4,
// walked in cycles until it comes back below size (Black and Rogaway, "Ciphers with arbitrary
// finite domains", 2002). Immutable.
class Permutation {
 public:
  // 1 <= size <= 2^62.
  Permutation(uint64_t size, uint64_t seed);

  // Both take and return numbers below size, in four steps of the network on average at most.
  uint64_t At(uint64_t position) const;
  uint64_t PositionOf(uint64_t element) const;

 private:
  static constexpr int kRounds = 8;

  uint64_t Mix(uint64_t half, int round) const;
  uint64_t Forward(uint64_t block) const;
  uint64_t Backward(uint64_t block) const;

  uint64_t size_;
  int half_bits_;
  uint64_t half_mask_;
  std::array<uint64_t, kRounds> keys_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_GRID_PERMUTATION_H_
