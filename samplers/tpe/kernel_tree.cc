#include "samplers/tpe/kernel_tree.h"

#include <cassert>
#include <utility>

namespace hpod {

void KernelTree::AddPage(Leaf leaf, uint32_t page) {
  if (next_.size() <= page) next_.resize(page + 1, kNoPage);
  next_[page] = std::exchange(nodes_[leaf].page, page);
}

void KernelTree::Split(Leaf leaf, size_t dimension, double at, uint32_t new_page) {
  assert(HasOnePage(leaf));
  const auto below = static_cast<uint32_t>(nodes_.size());
  nodes_.resize(nodes_.size() + 2);
  nodes_[below].page = std::exchange(nodes_[leaf].page, kNoPage);
  AddPage(below + 1, new_page);
  nodes_[leaf].dimension = static_cast<uint32_t>(dimension);
  nodes_[leaf].at = at;
  nodes_[leaf].below = below;
  nodes_[leaf].above = below + 1;
}

}  // namespace hpod
