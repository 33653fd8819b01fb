#include "services/query/snapshot_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/kept_state.h"

namespace imdi::query {

absl::StatusOr<std::unique_ptr<SnapshotKeeper>> SnapshotKeeper::Open(
    std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots, const base::Clock& clock) {
  std::unique_ptr<SnapshotKeeper> keeper(new SnapshotKeeper(std::move(store), snapshots, clock));
  if (absl::Status loaded = keeper->Load(); !loaded.ok()) {
    base::LogEvent(base::Level::kWarning, "kept_figures_discarded",
                   {{"status", loaded.ToString()}});
    IMDI_RETURN_IF_ERROR(keeper->store_->Reset());
  }
  return keeper;
}

absl::Status SnapshotKeeper::Load() {
  IMDI_ASSIGN_OR_RETURN(std::optional<KeptState> kept, LoadState(*store_));
  if (!kept.has_value()) {
    // Something else than a state of ours may lie there: another format, or half a reset.
    IMDI_ASSIGN_OR_RETURN(const auto items, store_->List("", "", 1));
    return items.empty() ? absl::OkStatus() : store_->Reset();
  }
  state_ = std::move(kept->state);
  heard_us_ = kept->heard_us;
  kept_ = state_;
  auto snapshot = std::make_shared<Snapshot>(*state_.ToSnapshot());
  snapshot->stale = true;
  snapshot->stale_since_us = heard_us_;
  snapshot->stale_reason = "aggregation has not been heard since the start";
  // A restart makes figures no younger. By the wall clock, which may have been set since.
  snapshots_.Publish(std::move(snapshot),
                     std::chrono::microseconds(std::max<int64_t>(0, NowUs() - heard_us_)));
  return absl::OkStatus();
}

int64_t SnapshotKeeper::NowUs() const { return absl::ToUnixMicros(clock_.Now()); }

aggregation_pb::FollowFiguresRequest SnapshotKeeper::Request() const {
  aggregation_pb::FollowFiguresRequest request;
  if (ask_for_all_) return request;
  request.set_log_id(state_.log_id());
  request.set_epoch(state_.epoch());
  request.set_definitions_position(state_.definitions_position());
  for (const auto& [id, edition] : state_.editions()) {
    for (const auto& [number, release] : edition.releases) {
      aggregation_pb::KnownRelease& known = *request.add_releases();
      known.set_name(release->name());
      known.set_content_hash(release->content_hash());
    }
  }
  return request;
}

absl::Status SnapshotKeeper::Consume(const aggregation_pb::FollowFiguresResponse& chunk) {
  absl::StatusOr<std::optional<Swap>> swap = assembler_.Add(chunk);
  absl::Status status = swap.status();
  if (status.ok() && swap->has_value()) {
    status = Take(**std::move(swap));
    ask_for_all_ = !status.ok();
  }
  if (!status.ok()) snapshots_.MarkStale(NowUs(), base::ToStd(status.message()));
  return status;
}

absl::Status SnapshotKeeper::Take(Swap swap) {
  const bool other_log = state_.loaded() && swap.log_id != state_.log_id();
  IMDI_ASSIGN_OR_RETURN(state_, state_.After(swap));
  heard_us_ = NowUs();
  unkept_ = true;
  if (swap.reset) {
    kept_.reset();
    unkept_definitions_.clear();
  }
  if (other_log) {
    drop_all_ = true;
    unkept_releases_.clear();
  }
  for (aggregation_pb::DefinitionStep& step : swap.definitions)
    unkept_definitions_.push_back(std::move(step));
  const bool released = !swap.releases.empty();
  for (Swap::Release& release : swap.releases) unkept_releases_.push_back(std::move(release));
  if (released) {
    // At once: a release that another follows is read from the disk.
    if (absl::Status kept = Keep(); !kept.ok()) {
      base::LogEvent(base::Level::kWarning, "figures_not_kept", {{"status", kept.ToString()}});
    }
  }
  auto next = std::make_shared<Snapshot>(*state_.ToSnapshot());
  if (!state_.stopped().empty()) {
    const std::shared_ptr<const Snapshot> before = snapshots_.Current();
    next->stale = true;
    next->stale_since_us =
        before->stale && before->stale_since_us != 0 ? before->stale_since_us : heard_us_;
    next->stale_reason = state_.stopped();
  }
  snapshots_.Publish(std::move(next));
  return absl::OkStatus();
}

void SnapshotKeeper::StreamEnded(const absl::Status& status) {
  assembler_.Forget();
  if (!status.ok()) snapshots_.MarkStale(NowUs(), base::ToStd(status.message()));
}

absl::Status SnapshotKeeper::Keep() {
  if (!unkept_) return absl::OkStatus();
  if (drop_all_) {
    IMDI_RETURN_IF_ERROR(store_->Reset());
    drop_all_ = false;
  }
  while (!unkept_releases_.empty()) {
    IMDI_RETURN_IF_ERROR(WriteRelease(*store_, unkept_releases_.front()));
    unkept_releases_.erase(unkept_releases_.begin());
  }
  IMDI_RETURN_IF_ERROR(WriteState(*store_, {.before = kept_.has_value() ? &*kept_ : nullptr,
                                            .now = &state_,
                                            .definitions = unkept_definitions_,
                                            .heard_us = heard_us_}));
  kept_ = state_;
  unkept_ = false;
  unkept_definitions_.clear();
  return absl::OkStatus();
}

}  // namespace imdi::query
