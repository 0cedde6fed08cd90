#include "server/model/optuna/distribution_texts.h"

namespace hpod {
namespace {

std::string KeyOf(std::string_view name, std::string_view text) {
  std::string key;
  key.reserve(name.size() + text.size() + 1);
  key.append(name).append(1, '\0').append(text);
  return key;
}

}  // namespace

void DistributionTexts::Add(const History& history, uint32_t index, const std::string& text) {
  const size_t name = history.GetDistribution(index).name;
  if (name == first_.size()) first_.push_back(index);
  if (text.empty()) return;
  auto parsed = ParseOptunaDistribution(text);
  if (!parsed.ok()) return;  // somebody has edited the file: the domain speaks for itself
  if (texts_.size() <= index) texts_.resize(index + 1);
  texts_[index] = std::make_unique<Entry>(Entry{text, *std::move(parsed)});
  by_text_[KeyOf(history.Name(name), text)] = index;
}

void DistributionTexts::Add(size_t number, const OptunaFacts& facts) {
  for (const auto& [name, param] : facts.params) {
    const auto [it, is_new] = outside_.try_emplace(name, number, param.distribution);
    if (!is_new && number < it->second.first) it->second = {number, param.distribution};
  }
}

std::optional<uint32_t> DistributionTexts::Find(std::string_view name,
                                                std::string_view text) const {
  const auto it = by_text_.find(KeyOf(name, text));
  if (it == by_text_.end()) return std::nullopt;
  return it->second;
}

std::string DistributionTexts::TextOf(const History& history, uint32_t index) const {
  if (index < texts_.size() && texts_[index] != nullptr) return texts_[index]->text;
  return ToOptunaJson(history.GetDistribution(index).domain);
}

absl::Status DistributionTexts::CheckRegistered(const History& history, const std::string& name,
                                                const OptunaDistribution& asked) const {
  const size_t id = history.FindName(name);
  if (id < history.NameCount()) {
    const uint32_t first = first_[id];
    if (first < texts_.size() && texts_[first] != nullptr)
      return CheckCompatible(texts_[first]->parsed, asked, name);
    const Domain& domain = history.GetDistribution(first).domain;
    return CheckCompatible(ToOptunaDistribution(domain), asked, name);
  }
  const auto outside = outside_.find(name);
  if (outside == outside_.end()) return absl::OkStatus();
  const auto known = ParseOptunaDistribution(outside->second.second);
  return known.ok() ? CheckCompatible(*known, asked, name) : absl::OkStatus();
}

}  // namespace hpod
