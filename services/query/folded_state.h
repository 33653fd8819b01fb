#pragma once

// What query knows: the definitions folded from their steps, the counts of every edition, and the
// releases. A swap makes a new state out of the one before, or leaves it as it is.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/edition_counts.h"
#include "services/domain/survey_catalog.h"
#include "services/query/edition_book.h"
#include "services/query/live_set.h"
#include "services/query/release_set.h"
#include "services/query/snapshot.h"
#include "services/query/swap.h"

namespace imdi::query {

// Small to copy: all of it is shared.
class FoldedState {
 public:
  struct Edition {
    std::shared_ptr<const EditionBook> book;  // Null while there is no plan.
    std::shared_ptr<const domain::EditionCounts> counts;
    std::shared_ptr<const LiveSet> live;
    std::map<int32_t, std::shared_ptr<const query_pb::Release>> releases;
    std::shared_ptr<const ReleaseSet> latest;
  };

  bool loaded() const { return !log_id_.empty(); }
  const std::string& log_id() const { return log_id_; }
  int64_t epoch() const { return epoch_; }
  int64_t position() const { return position_; }
  int64_t time_us() const { return time_us_; }
  // Of the last definition step.
  int64_t definitions_position() const { return definitions_position_; }
  const std::string& stopped() const { return stopped_; }
  const std::map<std::string, Edition, std::less<>>& editions() const { return editions_; }

  // The state after a swap. STORE_CORRUPT for a definition that does not compile here, counts of
  // another plan than ours, or a release that is not what it says: another build wrote it, or it is
  // damaged.
  absl::StatusOr<FoldedState> After(const Swap& swap) const;

  // A state that was kept, one piece after the other: definitions in order, then counts, then
  // releases. As After.
  absl::Status AddDefinition(const aggregation_pb::DefinitionStep& step);
  // To be called when all definitions are there.
  void MakeBooks();
  absl::Status AddCounts(const std::string& edition, const Swap::Counts& counts);
  // Facts of a release; the last of an edition comes with its figures. Takes the place of one with
  // its number; where that said something else, those behind it are of a past that was restored
  // away, and go.
  void AddRelease(const query_pb::Release& facts, std::shared_ptr<const ReleaseSet> figures);
  void Place(std::string log_id, int64_t epoch, int64_t position, int64_t time_us);

  // What readers see.
  std::shared_ptr<const Snapshot> ToSnapshot() const;

 private:
  std::string log_id_;
  int64_t epoch_ = 0;
  int64_t position_ = 0;
  int64_t time_us_ = 0;
  int64_t definitions_position_ = 0;
  std::string stopped_;
  std::shared_ptr<const domain::Catalog> catalog_ = domain::Catalog::Empty();
  std::map<std::string, Edition, std::less<>> editions_;
};

}  // namespace imdi::query
