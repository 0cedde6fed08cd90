#include "samplers/rng.h"

namespace hpod {
namespace {

// One step of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
// 2014).
uint64_t SplitMix64(uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

// FNV-1a, 64 bits.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return hash;
}

}  // namespace

Rng Rng::ForTrial(uint64_t study_seed, uint64_t number, std::string_view stream) {
  // Each part of the key goes through a full mix before the next joins: plain sums would make
  // (seed, number) and (seed + 1, number - 1) the same generator.
  uint64_t state = study_seed;
  state = SplitMix64(state) ^ number;
  state = SplitMix64(state) ^ Hash(stream);
  std::array<uint64_t, 4> words{};
  for (uint64_t& word : words) word = SplitMix64(state);
  return Rng(words);
}

uint64_t Rng::Below(uint64_t bound) {
  // Numbers below 2^64 mod bound are drawn again, so that every remainder is equally frequent.
  const uint64_t rejected = (0 - bound) % bound;
  uint64_t draw = Next();
  while (draw < rejected) draw = Next();
  return draw % bound;
}

}  // namespace hpod
