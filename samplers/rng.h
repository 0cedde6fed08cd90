// The project's only randomness: a portable generator keyed by (study seed, trial number, stream),
// so that what is drawn for a trial depends on nothing else: not on threads, restarts, or what was
// drawn for other trials.
//
// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its
// state filled by SplitMix64. Not std::uniform_real_distribution and its like: their results differ
// between libraries.

#ifndef HPOD_SAMPLERS_RNG_H_
#define HPOD_SAMPLERS_RNG_H_

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace hpod {

class Rng {
 public:
  // Draws for the trial `number` of a study. Streams with different names are independent of each
  // other: the joint proposal, each parameter asked for alone, ...
  static Rng ForTrial(uint64_t study_seed, uint64_t number, std::string_view stream);

  // Uniform over all 64-bit numbers.
  uint64_t Next() {
    auto& s = state_;
    const uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17U;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
  }
  // Uniform in [0, 1), a multiple of 2^-53.
  double Uniform() { return static_cast<double>(static_cast<int64_t>(Next() >> 11U)) * 0x1.0p-53; }
  // Uniform in [0, bound), without bias; bound >= 1.
  uint64_t Below(uint64_t bound);

 private:
  explicit Rng(const std::array<uint64_t, 4>& state) : state_(state) {}
  std::array<uint64_t, 4> state_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_RNG_H_
