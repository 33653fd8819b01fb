#include "services/query/snapshot_keeper.h"

#include <optional>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

// The swap without its editions, and each edition under its name.
constexpr std::string_view kSwapKey = "swap";
constexpr std::string_view kEditionPrefix = "edition/";
constexpr int64_t kLoadPage = 100;

absl::Status Unreadable(std::string_view key) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("the kept figures under ", base::Quoted(key), " cannot be read"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotKeeper>> SnapshotKeeper::Open(
    std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots) {
  std::unique_ptr<SnapshotKeeper> keeper(new SnapshotKeeper(std::move(store), snapshots));
  if (absl::Status loaded = keeper->Load(); !loaded.ok()) {
    base::LogEvent(base::Level::kWarning, "kept_figures_discarded",
                   {{"status", loaded.ToString()}});
    IMDI_RETURN_IF_ERROR(keeper->store_->Reset());
  }
  return keeper;
}

absl::Status SnapshotKeeper::Load() {
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> swap, store_->Get(kSwapKey));
  if (!swap.has_value()) return absl::OkStatus();
  aggregation_pb::FollowFiguresResponse kept;
  if (!kept.ParseFromString(*swap)) return Unreadable(kSwapKey);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->log_id = kept.log_id();
  snapshot->epoch = kept.epoch();
  snapshot->position = kept.position();
  snapshot->time_us = kept.time_us();
  snapshot->stale = true;
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const std::vector<storage::FoldItem> items,
                          store_->List(kEditionPrefix, after, kLoadPage));
    if (items.empty()) break;
    for (const storage::FoldItem& item : items) {
      aggregation_pb::EditionFigures edition;
      if (!edition.ParseFromString(item.value)) return Unreadable(item.key);
      snapshot->editions[item.key.substr(kEditionPrefix.size())] =
          std::make_shared<const EditionView>(edition);
    }
    after = items.back().key;
  }
  snapshots_.Publish(std::move(snapshot));
  return absl::OkStatus();
}

absl::Status SnapshotKeeper::Consume(const aggregation_pb::FollowFiguresResponse& chunk) {
  IMDI_ASSIGN_OR_RETURN(SwapAssembler::Swap swap, assembler_.Add(chunk, *snapshots_.Current()));
  if (swap.snapshot == nullptr) return absl::OkStatus();
  unkept_ = true;
  if (swap.reset) {
    unkept_reset_ = true;
    unkept_editions_.clear();
  }
  for (auto& edition : swap.changed) {
    std::string name = edition->edition().name();
    unkept_editions_.insert_or_assign(std::move(name), std::move(edition));
  }
  snapshots_.Publish(std::move(swap.snapshot));
  return absl::OkStatus();
}

absl::Status SnapshotKeeper::Keep() {
  if (!unkept_) return absl::OkStatus();
  if (unkept_reset_) IMDI_RETURN_IF_ERROR(store_->Reset());
  const std::shared_ptr<const Snapshot> current = snapshots_.Current();
  aggregation_pb::FollowFiguresResponse swap;
  swap.set_log_id(current->log_id);
  swap.set_epoch(current->epoch);
  swap.set_position(current->position);
  swap.set_time_us(current->time_us);
  std::vector<storage::FoldItem> puts = {{std::string(kSwapKey), swap.SerializeAsString()}};
  for (const auto& [name, edition] : unkept_editions_) {
    puts.push_back({base::StrCat(kEditionPrefix, name.substr(name.rfind('/') + 1)),
                    edition->SerializeAsString()});
  }
  IMDI_RETURN_IF_ERROR(store_->Write(puts, {}, std::nullopt));
  unkept_ = false;
  unkept_reset_ = false;
  unkept_editions_.clear();
  return absl::OkStatus();
}

}  // namespace imdi::query
