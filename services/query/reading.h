#pragma once

// One call's view: a snapshot, and behind it the older releases on the disk.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/call_context.h"
#include "services/query/names.h"
#include "services/query/page_token.h"
#include "services/query/release_shelf.h"
#include "services/query/snapshots.h"
#include "services/query/wire.h"

namespace imdi::query {

class Reading {
 public:
  // Without leave to read the disk, what lies only there ends in an error and `needs_disk`: the
  // call is to be repeated where it may wait. Given references must outlive it.
  Reading(const Snapshots& snapshots, ReleaseShelf& shelf, std::shared_ptr<const Snapshot> snapshot,
          bool may_read_disk, std::function<bool()> cancelled = nullptr)
      : snapshots_(snapshots),
        shelf_(shelf),
        snapshot_(std::move(snapshot)),
        may_read_disk_(may_read_disk),
        cancelled_(std::move(cancelled)) {}

  const Snapshot& snapshot() const { return *snapshot_; }
  bool needs_disk() const { return needs_disk_; }
  // CANCELLED once nobody waits for the answer: what goes on for long asks now and then.
  absl::Status CheckWanted() const {
    return cancelled_ && cancelled_() ? base::CallerGone() : absl::OkStatus();
  }

  // NOT_YET_FOLDED while nothing has been heard of aggregation since the process started, and
  // nothing was kept either.
  absl::Status CheckLoaded() const;
  // UNKNOWN_RESOURCE.
  absl::StatusOr<const EditionView*> Edition(std::string_view id) const;
  // UNKNOWN_RESOURCE; NOT_YET_FOLDED for live figures whose counts have not come.
  absl::StatusOr<std::shared_ptr<const FigureSet>> Figures(std::string_view edition,
                                                           const ReleaseRef& release);
  // A published one: UNKNOWN_RESOURCE; NAME_INVALID for live, which is none.
  absl::StatusOr<const query_pb::Release*> Facts(std::string_view edition,
                                                 const ReleaseRef& release) const;
  absl::StatusOr<std::shared_ptr<const ReleaseSet>> Release(const query_pb::Release& facts);

  // From here on the call is answered from the snapshot that a page token names. SNAPSHOT_GONE.
  absl::Status GoBackTo(const PageToken& token);

  // How current an answer out of `set` is, as fields that are added to the bytes of a Message
  // (Figure, Table). Fields may come in any order.
  template <typename Message>
  std::string CurrencyBytes(const FigureSet& set) const {
    std::string out;
    AppendVarintField(out, Message::kPositionFieldNumber,
                      static_cast<uint64_t>(set.PositionIn(snapshot_->position)));
    if (!snapshot_->stale) return out;
    AppendVarintField(out, Message::kStaleFieldNumber, 1);
    AppendVarintField(out, Message::kStaleSinceUsFieldNumber,
                      static_cast<uint64_t>(snapshot_->stale_since_us));
    return out;
  }

 private:
  const Snapshots& snapshots_;
  ReleaseShelf& shelf_;
  std::shared_ptr<const Snapshot> snapshot_;
  const bool may_read_disk_;
  const std::function<bool()> cancelled_;
  bool needs_disk_ = false;
};

// A page of a list over the figures of one release, or live.
class Page {
 public:
  // `list` says which list with which filters. FIELD_INVALID, PAGE_TOKEN_INVALID, SNAPSHOT_GONE,
  // and what Figures says.
  static absl::StatusOr<Page> Open(Reading& reading, const ReleaseName& parent, std::string list,
                                   size_t size, const std::string& token);

  const FigureSet& set() const { return *set_; }
  const std::shared_ptr<const FigureSet>& shared_set() const { return set_; }
  const std::string& after() const { return after_; }  // Last name of the page before.
  bool first() const { return first_; }
  size_t size() const { return size_; }
  // The token for the page behind `last_name`.
  std::string Next(std::string_view last_name) const;

 private:
  std::shared_ptr<const FigureSet> set_;
  std::string list_;
  std::string after_;
  bool first_ = true;
  size_t size_ = 0;
  PageToken token_;
};

}  // namespace imdi::query
