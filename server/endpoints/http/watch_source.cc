#include "server/endpoints/http/watch_source.h"

#include <utility>

namespace hpod {

void WatchSource::Next() {
  if (!cursor_.has_value()) return;
  is_waiting_ = false;
  reading_ = shared_from_this();  // the core has a reference until it calls Done
  core_.Read(
      request_.study(),
      [this](const StudyState& study) {
        if (!cursor_.has_value()) return absl::OkStatus();
        const auto has_news = cursor_->Next(study, request_, message_);
        has_news_ = has_news.ok() && *has_news;
        return has_news.status();
      },
      *this);
}

void WatchSource::Done(const absl::Status& status) {
  const std::shared_ptr<WatchSource> self = std::move(reading_);
  if (!cursor_.has_value()) return;
  if (!status.ok()) return tell_(status);
  is_waiting_ = !has_news_;
  if (has_news_ || !has_begun_) tell_(has_news_ ? &message_ : nullptr);
  has_begun_ = true;
}

void WatchSource::OnChange() {
  if (is_waiting_) Next();
}

void WatchSource::Stop() {
  cursor_.reset();
  tell_ = nullptr;
}

}  // namespace hpod
