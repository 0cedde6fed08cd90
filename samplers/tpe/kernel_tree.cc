#include "samplers/tpe/kernel_tree.h"

#include <cassert>

namespace hpod {

void KernelTree::Split(Leaf leaf, size_t dimension, double at, uint32_t new_page) {
  assert(nodes_[leaf].pages.size() == 1);
  const auto below = static_cast<uint32_t>(nodes_.size());
  nodes_.resize(nodes_.size() + 2);
  nodes_[below].pages = std::move(nodes_[leaf].pages);
  nodes_[below + 1].pages = {new_page};
  nodes_[leaf] = {static_cast<uint32_t>(dimension), at, below, below + 1, {}};
}

}  // namespace hpod
