#include "services/aggregation/aggregator.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/aggregation/errors.h"
#include "services/aggregation/fold_state.h"
#include "services/aggregation/log_chain.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/response_log.h"

namespace imdi::aggregation {
namespace {

// Numbers have no gaps and a closed release never changes, so as many are the same ones.
bool SameReleases(const ReleaseParts::Closed& a, const ReleaseParts::Closed& b) {
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return one.first == other.first && one.second.size() == other.second.size();
  });
}

}  // namespace

absl::StatusOr<std::shared_ptr<Aggregator>> Aggregator::Open(
    std::unique_ptr<storage::FoldStore> store, absl::Duration shortest_swap,
    base::Progress* refold) {
  std::shared_ptr<Aggregator> out(new Aggregator(std::move(store), shortest_swap, refold));
  {
    base::MutexLock lock(out->fold_mutex_);
    if (const absl::Status loaded = out->Load(); !loaded.ok()) {
      base::LogEvent(base::Level::kWarning, "fold_state_discarded",
                     {{"status", loaded.ToString()}});
      IMDI_RETURN_IF_ERROR(out->BeginAnew());
    }
    if (!out->refolding_) IMDI_RETURN_IF_ERROR(out->Publish());
    base::MutexLock state_lock(out->mutex_);
    out->unheard_ = "ingestion has not been heard since the start";
    out->unheard_from_ = std::chrono::steady_clock::now();
  }
  if (out->shortest_swap_.count() > 0)
    out->publisher_ = std::thread([aggregator = out.get()] { aggregator->RunPublisher(); });
  return out;
}

Aggregator::~Aggregator() {
  {
    base::MutexLock lock(fold_mutex_);
    ending_ = true;
    due_changed_.NotifyAll();
  }
  if (publisher_.joinable()) publisher_.join();
}

absl::Status Aggregator::Load() {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Fold> fold, LoadFold(*store_));
  IMDI_ASSIGN_OR_RETURN(const std::optional<storage::FoldCursor> cursor, store_->LoadCursor());
  fold_ = std::move(fold);
  reload_ = false;
  if (!cursor.has_value()) refolding_ = true;
  base::MutexLock lock(mutex_);
  cursor_ = cursor.value_or(storage::FoldCursor{});
  log_head_ = std::max(log_head_, cursor_.position);
  return absl::OkStatus();
}

absl::Status Aggregator::StartOver() {
  base::MutexLock lock(fold_mutex_);
  return BeginAnew();
}

absl::Status Aggregator::BeginAnew() {
  IMDI_RETURN_IF_ERROR(store_->Reset());
  fold_ = std::make_unique<Fold>();
  ++generation_;
  reload_ = false;
  refolding_ = true;
  refold_to_.reset();
  refold_run_.reset();
  unpublished_ = false;  // The figures of before are served until those of now are whole.
  base::MutexLock lock(mutex_);
  cursor_ = {};
  log_head_ = 0;
  behind_since_.reset();
  stopped_.clear();
  return absl::OkStatus();
}

absl::Status Aggregator::CheckLog(const ingestion_pb::FollowLogResponse& chunk) const {
  base::MutexLock lock(mutex_);
  if (cursor_.log_id.empty()) return absl::OkStatus();
  if (chunk.head().log_id() != cursor_.log_id || chunk.head().epoch() != cursor_.epoch) {
    return Diverged(base::StrCat("followed log ", cursor_.log_id, " epoch ", cursor_.epoch,
                                 ", and now hear of ", base::Quoted(chunk.head().log_id()),
                                 " epoch ", chunk.head().epoch()));
  }
  return absl::OkStatus();
}

absl::Status Aggregator::StopOn(absl::Status status) {
  const std::string why =
      base::StrCat(base::Name(base::ReasonOf(status)), ": ", base::ToStd(status.message()));
  bool news = false;  // It is tried again and again, and said once.
  {
    base::MutexLock lock(mutex_);
    news = stopped_ != why;
    stopped_ = why;
  }
  if (news) base::LogEvent(base::Level::kError, "folding_stopped", {{"status", why}});
  return status;
}

absl::Status Aggregator::Consume(const ingestion_pb::FollowLogResponse& chunk) {
  base::MutexLock fold_lock(fold_mutex_);
  if (reload_) IMDI_RETURN_IF_ERROR(Load());
  IMDI_RETURN_IF_ERROR(CheckLog(chunk));
  storage::FoldCursor next;
  {
    base::MutexLock lock(mutex_);
    if (snapshot_->unheard.empty()) unheard_.clear();  // Of a silence since the start none is told.
    next = cursor_;
    log_head_ = std::max(chunk.head().position(), cursor_.position);
    NoteLag();
  }
  if (!refold_to_.has_value()) {
    refold_to_ = chunk.head().position();
    if (refolding_ && refold_ != nullptr) refold_run_.emplace(refold_->Begin(*refold_to_));
  }
  if (chunk.records().empty() && !next.log_id.empty()) return absl::OkStatus();  // A sign of life.
  if (next.log_id.empty()) next = BeginOf(chunk.head());

  absl::Status failed;
  KeptItems puts;
  int64_t time_us = fold_->time_us();
  for (const ingestion_pb::LogRecord& entry : chunk.records()) {
    if (entry.position() <= next.position) continue;  // Seen already.
    absl::StatusOr<ChainedRecord> followed = Follow(next, entry);
    if (!followed.ok()) {
      failed = base::ReasonOf(followed.status()) == base::Reason::kStoreCorrupt
                   ? StopOn(followed.status())
                   : followed.status();
      break;
    }
    const store_pb::Record& record = followed->record;
    if (absl::Status applied = fold_->Apply(entry.position(), entry.time_us(), record);
        !applied.ok()) {
      failed = StopOn(std::move(applied));
      break;
    }
    Keep(entry.position(), entry.time_us(), record, *fold_, puts);
    next = std::move(followed->cursor);
    time_us = entry.time_us();
  }

  std::vector<storage::FoldItem> items;
  items.reserve(puts.size() + 1);
  for (auto& [key, value] : puts) items.push_back({.key = key, .value = std::move(value)});
  items.push_back(TimeItem(time_us));
  if (absl::Status written = store_->Write(items, {}, next); !written.ok()) {
    reload_ = true;
    return written;
  }
  {
    base::MutexLock lock(mutex_);
    cursor_ = next;
    NoteLag();
    if (failed.ok()) stopped_.clear();
    if (next.position >= *refold_to_ || !stopped_.empty()) refolding_ = false;
  }
  if (refold_run_.has_value()) {
    refold_run_->To(next.position);
    if (next.position >= *refold_to_) refold_run_->Succeed();
    if (!refolding_) refold_run_.reset();
  }
  if (refolding_) return failed;
  IMDI_RETURN_IF_ERROR(PublishWhenDue());
  return failed;
}

absl::Status Aggregator::PublishWhenDue() {
  if (shortest_swap_.count() == 0 || std::chrono::steady_clock::now() >= next_swap_)
    return Publish();
  unpublished_ = true;
  due_changed_.NotifyAll();
  return absl::OkStatus();
}

void Aggregator::RunPublisher() {
  base::MutexLock lock(fold_mutex_);
  while (!ending_) {
    if (!unpublished_ || reload_) {  // Nothing is served that is not kept.
      due_changed_.Wait(fold_mutex_);
    } else if (std::chrono::steady_clock::now() < next_swap_) {
      due_changed_.WaitUntil(fold_mutex_, next_swap_);
    } else {
      (void)Publish();  // What stops it is logged, and told with the figures.
    }
  }
}

absl::Status Aggregator::Publish() {
  unpublished_ = false;
  next_swap_ = std::chrono::steady_clock::now() + shortest_swap_;
  auto next = std::make_shared<Snapshot>(*Current());
  {
    base::MutexLock lock(mutex_);
    // Folded again from a first record: nothing of before belongs to this position.
    if (next->generation != generation_) *next = Snapshot();
    next->generation = generation_;
    next->log_id = cursor_.log_id;
    next->epoch = cursor_.epoch;
  }
  next->position = fold_->position();
  next->time_us = fold_->time_us();
  absl::Status status;
  for (const std::string& id : fold_->TakeTouched()) {
    absl::StatusOr<std::shared_ptr<const domain::EditionCounts>> counts = fold_->CountsOf(id);
    if (!counts.ok()) {
      status = StopOn(counts.status());
      fold_->Touch(id);
    } else if (*counts != nullptr) {
      next->editions[id] = *std::move(counts);
    }
  }
  if (next->definitions->size() != fold_->definition_steps().size())
    next->definitions = std::make_shared<const Snapshot::Steps>(fold_->definition_steps());
  if (!SameReleases(*next->releases, fold_->releases().closed()))
    next->releases = std::make_shared<const ReleaseParts::Closed>(fold_->releases().closed());
  Serve(std::move(next));
  return status;
}

void Aggregator::Serve(std::shared_ptr<Snapshot> next) {
  std::vector<std::shared_ptr<const Listener>> listeners;
  {
    base::MutexLock lock(mutex_);
    next->stopped = stopped_;
    next->unheard = unheard_;
    snapshot_ = std::move(next);
    for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
  }
  for (const auto& listener : listeners) (*listener)();
}

void Aggregator::SetUnheard(std::string why) {
  base::MutexLock fold_lock(fold_mutex_);
  {
    base::MutexLock lock(mutex_);
    if (unheard_.empty()) unheard_from_ = std::chrono::steady_clock::now();
    unheard_ = std::move(why);
    if (unheard_.empty() == snapshot_->unheard.empty()) return;
  }
  Serve(std::make_shared<Snapshot>(*Current()));
}

absl::StatusOr<std::shared_ptr<const std::vector<std::string>>> Aggregator::PartsOf(
    const ClosedRelease& release) const {
  if (release.parts != nullptr) return release.parts;
  IMDI_ASSIGN_OR_RETURN(std::vector<std::string> parts, LoadParts(*store_, release));
  return std::make_shared<const std::vector<std::string>>(std::move(parts));
}

ingestion_pb::Cursor Aggregator::cursor() const {
  base::MutexLock lock(mutex_);
  ingestion_pb::Cursor out;
  out.set_log_id(cursor_.log_id);
  out.set_epoch(cursor_.epoch);
  out.set_position(cursor_.position);
  if (cursor_.position > 0) out.set_chain_hash(std::string(base::AsText(cursor_.chain)));
  return out;
}

void Aggregator::NoteLag() {
  if (cursor_.position >= log_head_) {
    behind_since_.reset();
  } else if (!behind_since_.has_value()) {
    behind_since_ = std::chrono::steady_clock::now();
  }
}

Aggregator::Lag Aggregator::lag() const {
  base::MutexLock lock(mutex_);
  if (!behind_since_.has_value()) return {};
  return {.records = log_head_ - cursor_.position,
          .since = absl::FromChrono(std::chrono::steady_clock::now() - *behind_since_)};
}

int64_t Aggregator::log_head() const {
  base::MutexLock lock(mutex_);
  return log_head_;
}

std::string Aggregator::stopped() const {
  base::MutexLock lock(mutex_);
  return stopped_;
}

Aggregator::Silence Aggregator::silence() const {
  base::MutexLock lock(mutex_);
  if (unheard_.empty()) return {};
  return {.why = unheard_, .length = std::chrono::steady_clock::now() - unheard_from_};
}

std::shared_ptr<const Snapshot> Aggregator::Current() const {
  base::MutexLock lock(mutex_);
  return snapshot_;
}

int64_t Aggregator::AddListener(Listener listener) {
  base::MutexLock lock(mutex_);
  listeners_.emplace(++last_listener_, std::make_shared<const Listener>(std::move(listener)));
  return last_listener_;
}

void Aggregator::RemoveListener(int64_t id) {
  base::MutexLock lock(mutex_);
  listeners_.erase(id);
}

}  // namespace imdi::aggregation
