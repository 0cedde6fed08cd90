// Memory for what one call needs and then forgets.

#ifndef HPOD_SAMPLERS_TPE_SCRATCH_H_
#define HPOD_SAMPLERS_TPE_SCRATCH_H_

#include <array>
#include <cstddef>
#include <memory_resource>

namespace hpod {

// Lives on the stack, which holds all that a proposal of usual size takes; what is more comes from
// the heap. Nothing is given back before the end, so what grows reserves its size first.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::pmr::memory_resource* Memory() { return &memory_; }

 private:
  static constexpr size_t kOnStack = size_t{12} * 1024;
  // Not set to anything first.
  std::array<std::byte, kOnStack> on_stack_;
  std::pmr::monotonic_buffer_resource memory_{on_stack_.data(), on_stack_.size()};
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_SCRATCH_H_
