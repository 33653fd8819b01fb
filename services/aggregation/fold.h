#pragma once

// The state that follows from a prefix of the log: the definitions that hold, what every unit
// answered last, the counts of each edition, and the releases that were closed. A pure function of
// the records; it knows no clock, no disk and no other thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/aggregation/release_parts.h"
#include "services/domain/answer_set.h"
#include "services/domain/derivation.h"
#include "services/domain/edition_counts.h"
#include "services/domain/survey_catalog.h"
#include "services/domain/unit_states.h"

namespace imdi::aggregation {

namespace aggregation_pb = survey::aggregation::v1;
namespace model = survey::model::v1;
namespace store_pb = survey::store::v1;

// The last record of a unit's part.
struct PartAnswers {
  int64_t revision = 0;
  int32_t questionnaire = 0;  // Version that the answers were given under.
  bool withdrawn = false;     // Then there are no answers.
  store_pb::PackedAnswers answers;
};

// What the log says of one unit of an edition.
struct UnitRecord {
  std::map<std::string, PartAnswers> parts;  // By part id.
  model::Disposition set_by_team = model::DISPOSITION_UNSPECIFIED;
};

// One thread owns it.
class Fold {
 public:
  Fold();
  ~Fold();

  // Takes the record at a position after all those before. On an error nothing has changed:
  // UNKNOWN_RECORD_KIND for a body that this build does not know (a newer writer), STORE_CORRUPT
  // for one that cannot follow on what is there.
  absl::Status Apply(int64_t position, int64_t time_us, const store_pb::Record& record);
  // All up to here is in, though the last records said nothing that is kept.
  void AdvanceTo(int64_t position, int64_t time_us);

  int64_t position() const { return position_; }
  int64_t time_us() const { return time_us_; }
  const domain::Catalog& catalog() const { return *catalog_; }

  // The edition's counts, made up to date; null while it has no questionnaire or no frame, or does
  // not exist. Parts that did not change are shared with what it returned before, and so is the
  // whole where nothing did. TOO_LARGE: its matrix would pass kMatrixBytesMax.
  absl::StatusOr<std::shared_ptr<const domain::EditionCounts>> CountsOf(std::string_view edition);
  // Editions whose figures may differ from those at the last call.
  std::set<std::string> TakeTouched();
  // Gives one back that could not be counted.
  void Touch(const std::string& edition) { touched_.insert(edition); }
  // Records that changed definitions, in log order; only ever added to.
  const std::vector<std::shared_ptr<const aggregation_pb::DefinitionStep>>& definition_steps()
      const {
    return steps_;
  }
  const ReleaseParts& releases() const { return releases_; }
  ReleaseParts& releases() { return releases_; }
  const std::shared_ptr<const domain::Catalog>& shared_catalog() const { return catalog_; }
  // Editions whose answer matrix is in memory; at most kEditionsLoadedMax after each CountsOf.
  size_t loaded() const;

  // What follows from the unit's current answers; empty while it has none.
  absl::StatusOr<std::optional<domain::DerivedResponse>> ResponseOf(std::string_view edition,
                                                                    std::string_view unit) const;
  const UnitRecord* FindUnit(std::string_view edition, std::string_view unit) const;

 private:
  struct Edition;

  absl::Status ApplyDefinition(int64_t position, const store_pb::DefinitionApplied& applied);
  absl::Status ApplyState(int64_t position, const store_pb::EditionStateChanged& changed);
  absl::Status ApplyAccepted(const store_pb::SubmissionAccepted& accepted);
  absl::Status ApplyWithdrawn(const store_pb::SubmissionWithdrawn& withdrawn);
  absl::Status ApplyDisposition(const store_pb::DispositionSet& set);
  absl::StatusOr<std::optional<domain::DerivedResponse>> Derive(
      const domain::Catalog::EditionEntry& entry, const UnitRecord& unit,
      domain::UnitIndex index) const;
  absl::Status Recount(const domain::Catalog::EditionEntry& entry, Edition& edition,
                       std::string_view unit);
  absl::Status SetUnit(const domain::Catalog::EditionEntry& entry, Edition& edition,
                       std::string_view unit);
  // Its counts, its states, and the counts of editions that read those, are those of before.
  void Outdate(std::string_view id, Edition& edition);
  absl::Status Load(const domain::Catalog::EditionEntry& entry, Edition& edition);
  absl::StatusOr<std::shared_ptr<const domain::UnitStates>> StatesOf(const std::string& id);
  // Whether a later edition may be counted together with it.
  bool IsCompared(const domain::Catalog::EditionEntry& entry) const;
  void UnloadIfClosed(const domain::Catalog::EditionEntry& entry, Edition& edition);
  void Unload();
  Edition& EditionOf(std::string_view id);

  int64_t position_ = 0;
  int64_t time_us_ = 0;
  std::shared_ptr<const domain::Catalog> catalog_ = domain::Catalog::Empty();
  std::map<std::string, std::unique_ptr<Edition>, std::less<>> editions_;
  std::set<std::string> touched_;
  std::vector<std::shared_ptr<const aggregation_pb::DefinitionStep>> steps_;
  ReleaseParts releases_;
  int64_t uses_ = 0;  // Counts calls of CountsOf.
};

}  // namespace imdi::aggregation
