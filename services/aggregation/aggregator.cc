#include "services/aggregation/aggregator.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/aggregation/fold_state.h"
#include "services/aggregation/live_figures.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/response_log.h"

namespace imdi::aggregation {
namespace {

absl::Status Diverged(std::string_view what) {
  return base::Error(base::Reason::kLogDiverged, what);
}

}  // namespace

absl::StatusOr<std::shared_ptr<Aggregator>> Aggregator::Open(
    std::unique_ptr<storage::FoldStore> store) {
  std::shared_ptr<Aggregator> out(new Aggregator(std::move(store)));
  if (const absl::Status loaded = out->Load(); !loaded.ok()) {
    base::LogEvent(base::Level::kWarning, "fold_state_discarded", {{"status", loaded.ToString()}});
    IMDI_RETURN_IF_ERROR(out->StartOver());
  }
  IMDI_RETURN_IF_ERROR(out->Publish());
  return out;
}

absl::Status Aggregator::Load() {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Fold> fold, LoadFold(*store_));
  IMDI_ASSIGN_OR_RETURN(const std::optional<storage::FoldCursor> cursor, store_->LoadCursor());
  fold_ = std::move(fold);
  reload_ = false;
  base::MutexLock lock(mutex_);
  cursor_ = cursor.value_or(storage::FoldCursor{});
  log_head_ = std::max(log_head_, cursor_.position);
  return absl::OkStatus();
}

absl::Status Aggregator::StartOver() {
  IMDI_RETURN_IF_ERROR(store_->Reset());
  fold_ = std::make_unique<Fold>();
  reload_ = false;
  base::MutexLock lock(mutex_);
  cursor_ = {};
  log_head_ = 0;
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
  base::LogEvent(base::Level::kError, "folding_stopped", {{"status", why}});
  base::MutexLock lock(mutex_);
  stopped_ = why;
  return status;
}

absl::Status Aggregator::Consume(const ingestion_pb::FollowLogResponse& chunk) {
  if (reload_) IMDI_RETURN_IF_ERROR(Load());
  IMDI_RETURN_IF_ERROR(CheckLog(chunk));
  storage::FoldCursor next;
  {
    base::MutexLock lock(mutex_);
    next = cursor_;
    log_head_ = std::max(chunk.head().position(), cursor_.position);
  }
  if (chunk.records().empty() && !next.log_id.empty()) return absl::OkStatus();  // A sign of life.
  if (next.log_id.empty()) {
    next.log_id = chunk.head().log_id();
    next.epoch = chunk.head().epoch();
    next.chain = storage::GenesisChain(next.log_id);
  }

  absl::Status failed;
  std::map<std::string, std::string> puts;  // By key: the last record of a unit is the one to keep.
  int64_t time_us = fold_->time_us();
  for (const ingestion_pb::LogRecord& entry : chunk.records()) {
    if (entry.position() <= next.position) continue;  // Seen already.
    if (entry.position() != next.position + 1) {
      failed = Diverged(
          base::StrCat("position ", entry.position(), " came after position ", next.position));
      break;
    }
    const storage::Hash chain = storage::NextChain(
        next.chain, entry.position(), absl::FromUnixMicros(entry.time_us()), entry.record());
    if (base::AsText(chain) != entry.chain_hash()) {
      failed = Diverged(base::StrCat("the chain hash of position ", entry.position(),
                                     " does not follow from the one before"));
      break;
    }
    store_pb::Record record;
    if (!record.ParseFromString(entry.record())) {
      failed = StopOn(base::Error(
          base::Reason::kStoreCorrupt,
          base::StrCat("the record at position ", entry.position(), " does not parse")));
      break;
    }
    if (absl::Status applied = fold_->Apply(entry.position(), entry.time_us(), record);
        !applied.ok()) {
      failed = StopOn(std::move(applied));
      break;
    }
    if (std::optional<storage::FoldItem> item =
            ItemFor(entry.position(), entry.time_us(), record)) {
      puts[std::move(item->key)] = std::move(item->value);
    }
    next.position = entry.position();
    next.chain = chain;
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
    if (failed.ok()) stopped_.clear();
  }
  IMDI_RETURN_IF_ERROR(Publish());
  return failed;
}

absl::Status Aggregator::Publish() {
  auto next = std::make_shared<Snapshot>(*Current());
  {
    base::MutexLock lock(mutex_);
    // Another log, or the same one folded again from its beginning: nothing of before belongs to
    // this position.
    const bool anew = next->log_id != cursor_.log_id || next->epoch != cursor_.epoch ||
                      next->position > fold_->position();
    if (anew) next->editions.clear();
    next->log_id = cursor_.log_id;
    next->epoch = cursor_.epoch;
  }
  next->position = fold_->position();
  next->time_us = fold_->time_us();
  for (const std::string& id : fold_->TakeTouched()) {
    const domain::Catalog::EditionEntry* entry = fold_->catalog().FindEdition(id);
    if (entry == nullptr) continue;
    absl::StatusOr<const domain::EditionCounter*> counter = fold_->Counter(id);
    if (!counter.ok()) return StopOn(counter.status());
    auto figures = std::make_shared<const aggregation_pb::EditionFigures>(
        LiveFigures(fold_->catalog(), *entry, *counter));
    std::shared_ptr<const aggregation_pb::EditionFigures>& held = next->editions[id];
    // The messages hold no maps, so equal content has equal bytes.
    if (held == nullptr || held->SerializeAsString() != figures->SerializeAsString())
      held = std::move(figures);
  }
  std::vector<std::shared_ptr<const Listener>> listeners;
  {
    base::MutexLock lock(mutex_);
    snapshot_ = std::move(next);
    for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
  }
  for (const auto& listener : listeners) (*listener)();
  return absl::OkStatus();
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

int64_t Aggregator::log_head() const {
  base::MutexLock lock(mutex_);
  return log_head_;
}

std::string Aggregator::stopped() const {
  base::MutexLock lock(mutex_);
  return stopped_;
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
