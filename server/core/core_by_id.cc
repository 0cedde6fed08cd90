// Calls that name studies and trials by the ids that the daemon gave them.

#include <fmt/format.h>

#include "server/core/core.h"
#include "server/model/errors.h"
#include "server/model/study_rules.h"

namespace hpod {
namespace {

absl::Status NotFound(const Core::StudyKey& study) {
  if (const auto* trial = std::get_if<Core::OfTrial>(&study)) {
    return Refuse(Reason::kTrialNotFound,
                  fmt::format("there is no trial with the id {}", trial->trial_id));
  }
  if (const auto* by_id = std::get_if<Core::ById>(&study)) {
    return Refuse(Reason::kStudyNotFound,
                  fmt::format("there is no study with the id {}", by_id->id));
  }
  const auto& name = std::get<std::string>(study);
  return Refuse(Reason::kStudyNotFound, fmt::format("studies/{} does not exist", name),
                {{"study", name}});
}

}  // namespace

StudyEntry* Core::FindBy(const StudyKey& study, Reply& reply) {
  if (!failure_.ok()) {
    reply.Done(failure_);
    return nullptr;
  }
  StudyEntry* entry = nullptr;
  if (const auto* trial = std::get_if<OfTrial>(&study)) {
    entry = studies_.FindByTrial(trial->trial_id);
  } else if (const auto* by_id = std::get_if<ById>(&study)) {
    entry = studies_.FindById(by_id->id);
  } else {
    entry = studies_.Find(std::get<std::string>(study));
  }
  if (entry == nullptr) Answer(reply, NotFound(study));
  return entry;
}

void Core::CreateStudyOfAnyName(StudySpec spec, Encode<bool> encode, Reply& reply) {
  if (!failure_.ok()) return reply.Done(failure_);
  FillDefaults(spec);
  if (absl::Status status = CheckSpec(spec); !status.ok()) return Answer(reply, status);
  if (studies_.Find(spec.name) != nullptr) {
    return Answer(reply,
                  Refuse(Reason::kStudyExists, fmt::format("studies/{} exists already", spec.name),
                         {{"study", spec.name}}));
  }
  AddStudy(std::move(spec), {}, std::move(encode), reply);
}

void Core::DeleteStudy(ById study, Reply& reply) {
  StudyEntry* entry = FindBy(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back([this, study, &reply] { DeleteStudy(study, reply); });
    return;
  }
  RemoveStudy(*entry, {}, reply);
}

void Core::ReadInGroup(StudyKey study, absl::AnyInvocable<absl::Status(const StudyState&)> read,
                       Reply& reply) {
  StudyEntry* entry = FindBy(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back(
        [this, study = std::move(study), read = std::move(read), &reply]() mutable {
          ReadInGroup(std::move(study), std::move(read), reply);
        });
    return;
  }
  Answer(reply, read(*entry->state));
}

void Core::ReadAllInGroup(absl::AnyInvocable<void(const std::map<StudyId, StudyEntry>&)> read,
                          Reply& reply) {
  if (!failure_.ok()) return reply.Done(failure_);
  read(studies_.All());
  Answer(reply, absl::OkStatus());
}

}  // namespace hpod
