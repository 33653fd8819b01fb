#include "services/base/progress.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "services/base/log.h"

namespace imdi::base {

double Progress::View::ratio() const {
  if (planned > 0)
    return std::clamp(static_cast<double>(done) / static_cast<double>(planned), 0.0, 1.0);
  return !running && succeeded > 0 ? 1 : 0;
}

Progress::Progress(std::string_view task, std::string_view unit, absl::Duration log_every)
    : log_every_(log_every) {
  MutexLock lock(mutex_);
  view_.task = task;
  view_.unit = unit;
}

Progress::Run Progress::Begin(int64_t planned) {
  MutexLock lock(mutex_);
  view_.running = true;
  view_.done = 0;
  view_.planned = planned;
  began_ = logged_ = std::chrono::steady_clock::now();
  said_ = false;
  return {this, ++number_};
}

Progress::View Progress::Look() const {
  MutexLock lock(mutex_);
  View view = view_;
  if (view.running) view.took = Took();
  return view;
}

absl::Duration Progress::Took() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - began_);
}

void Progress::Log(std::string_view event) const {
  LogEvent(Level::kInfo, event,
           {{"task", view_.task},
            {"done", view_.done},
            {"planned", view_.planned},
            {"unit", view_.unit},
            {"seconds", absl::ToDoubleSeconds(Took())}});
}

void Progress::Set(uint64_t number, int64_t done, bool relative) {
  MutexLock lock(mutex_);
  if (number != number_ || !view_.running) return;
  view_.done = relative ? view_.done + done : done;
  const auto now = std::chrono::steady_clock::now();
  if (absl::FromChrono(now - logged_) < log_every_) return;
  logged_ = now;
  said_ = true;
  Log("progress");
}

void Progress::Finish(uint64_t number, bool ok) {
  MutexLock lock(mutex_);
  ++(ok ? view_.succeeded : view_.failed);
  if (ok) view_.last_success = absl::Now();
  if (number != number_ || !view_.running) return;
  view_.took = Took();
  if (ok && view_.planned > 0) view_.done = view_.planned;
  if (said_) Log(ok ? "progress_done" : "progress_ended");
  view_.running = false;
}

void Progress::Run::Plan(int64_t planned) {
  if (progress_ == nullptr) return;
  MutexLock lock(progress_->mutex_);
  if (number_ == progress_->number_) progress_->view_.planned = planned;
}

void Progress::Run::To(int64_t done) {
  if (progress_ != nullptr) progress_->Set(number_, done, false);
}

void Progress::Run::Add(int64_t more) {
  if (progress_ != nullptr) progress_->Set(number_, more, true);
}

void Progress::Run::Succeed() {
  if (progress_ != nullptr) progress_->Finish(number_, true);
  progress_ = nullptr;
}

void Progress::Run::End() {
  if (progress_ != nullptr) progress_->Finish(number_, false);
  progress_ = nullptr;
}

}  // namespace imdi::base
