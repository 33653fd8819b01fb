#include "services/aggregation/fold.h"

#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/answers.h"
#include "services/domain/packed_answers.h"

namespace imdi::aggregation {
namespace {

absl::Status Corrupt(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt, what);
}

absl::StatusOr<const domain::Catalog::EditionEntry*> EntryOf(const domain::Catalog& catalog,
                                                             std::string_view edition) {
  const domain::Catalog::EditionEntry* entry = catalog.FindEdition(edition);
  if (entry == nullptr) {
    return Corrupt(base::StrCat("a record names edition ", base::Quoted(edition),
                                ", which no record before it defines"));
  }
  return entry;
}

// The answers under the version that they were given under.
absl::StatusOr<domain::AnswerSet> Unpack(const domain::Catalog::EditionEntry& entry,
                                         int32_t questionnaire,
                                         const store_pb::PackedAnswers& packed) {
  const auto* version = entry.Version(questionnaire);
  if (version == nullptr) {
    return Corrupt(base::StrCat("answers to ", entry.id, " name questionnaire version ",
                                questionnaire, ", which no record before them defines"));
  }
  return domain::UnpackAnswers(packed, *version->compiled, *version->items);
}

}  // namespace

struct Fold::Edition {
  std::map<std::string, UnitRecord, std::less<>> units;
  std::optional<domain::EditionCounter> counter;  // Empty = to be built from `units`.
};

Fold::Fold() = default;
Fold::~Fold() = default;

Fold::Edition& Fold::EditionOf(std::string_view id) {
  auto found = editions_.find(id);
  if (found == editions_.end())
    found = editions_.emplace(std::string(id), std::make_unique<Edition>()).first;
  return *found->second;
}

absl::Status Fold::Apply(int64_t position, int64_t time_us, const store_pb::Record& record) {
  if (position <= position_) {
    return Corrupt(
        base::StrCat("the record at position ", position, " comes after position ", position_));
  }
  switch (record.body_case()) {
    case store_pb::Record::kDefinitionApplied:
      IMDI_RETURN_IF_ERROR(ApplyDefinition(record.definition_applied()));
      break;
    case store_pb::Record::kEditionStateChanged:
      IMDI_RETURN_IF_ERROR(ApplyState(record.edition_state_changed()));
      break;
    case store_pb::Record::kSubmissionAccepted:
      IMDI_RETURN_IF_ERROR(ApplyAccepted(record.submission_accepted()));
      break;
    case store_pb::Record::kSubmissionWithdrawn:
      IMDI_RETURN_IF_ERROR(ApplyWithdrawn(record.submission_withdrawn()));
      break;
    case store_pb::Record::kDispositionSet:
      IMDI_RETURN_IF_ERROR(ApplyDisposition(record.disposition_set()));
      break;
    case store_pb::Record::kTextErased:
      break;  // Texts count nowhere.
    case store_pb::Record::kReleaseChunk:
    case store_pb::Record::kReleasePublished:
      break;  // What was published follows from what is counted, not the other way round.
    case store_pb::Record::BODY_NOT_SET:
      return base::Error(
          base::Reason::kUnknownRecordKind,
          base::StrCat(
              "the record at position ", position,
              " is of a kind that this build does not know; upgrade it, and it goes on here"));
  }
  AdvanceTo(position, time_us);
  return absl::OkStatus();
}

void Fold::AdvanceTo(int64_t position, int64_t time_us) {
  position_ = position;
  time_us_ = time_us;
}

absl::Status Fold::ApplyDefinition(const store_pb::DefinitionApplied& applied) {
  std::vector<domain::ItemNumbers::Assigned> numbers;
  for (const store_pb::ItemNumber& item : applied.new_items())
    numbers.push_back({item.item(), item.number()});
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const domain::Catalog> next,
                        catalog_->Apply(applied.definition(), applied.revision(), numbers));
  catalog_ = std::move(next);
  // What a document says can reach every edition of its survey (indicators list several), and
  // applying is rare.
  for (const auto& [id, entry] : catalog_->editions()) {
    EditionOf(id).counter.reset();
    touched_.insert(id);
  }
  return absl::OkStatus();
}

absl::Status Fold::ApplyState(const store_pb::EditionStateChanged& changed) {
  IMDI_ASSIGN_OR_RETURN(
      std::shared_ptr<const domain::Catalog> next,
      catalog_->WithState(changed.edition(), changed.state(), changed.unit(), changed.revision()));
  catalog_ = std::move(next);
  touched_.insert(changed.edition());
  return absl::OkStatus();
}

absl::Status Fold::ApplyAccepted(const store_pb::SubmissionAccepted& accepted) {
  IMDI_ASSIGN_OR_RETURN(const auto* entry, EntryOf(*catalog_, accepted.edition()));
  // Read once here, so that a record which cannot be counted stops the fold at its own position.
  IMDI_RETURN_IF_ERROR(Unpack(*entry, accepted.questionnaire(), accepted.answers()).status());
  Edition& edition = EditionOf(accepted.edition());
  edition.units[accepted.unit()].parts[accepted.part()] =
      PartAnswers{.revision = accepted.revision(),
                  .questionnaire = accepted.questionnaire(),
                  .withdrawn = false,
                  .answers = accepted.answers()};
  touched_.insert(accepted.edition());
  return Recount(*entry, edition, accepted.unit());
}

absl::Status Fold::ApplyWithdrawn(const store_pb::SubmissionWithdrawn& withdrawn) {
  IMDI_ASSIGN_OR_RETURN(const auto* entry, EntryOf(*catalog_, withdrawn.edition()));
  Edition& edition = EditionOf(withdrawn.edition());
  edition.units[withdrawn.unit()].parts[withdrawn.part()] = PartAnswers{
      .revision = withdrawn.revision(), .questionnaire = 0, .withdrawn = true, .answers = {}};
  touched_.insert(withdrawn.edition());
  return Recount(*entry, edition, withdrawn.unit());
}

absl::Status Fold::ApplyDisposition(const store_pb::DispositionSet& set) {
  IMDI_ASSIGN_OR_RETURN(const auto* entry, EntryOf(*catalog_, set.edition()));
  Edition& edition = EditionOf(set.edition());
  edition.units[set.unit()].set_by_team = set.disposition();
  touched_.insert(set.edition());
  return Recount(*entry, edition, set.unit());
}

absl::StatusOr<std::optional<domain::DerivedResponse>> Fold::Derive(
    const domain::Catalog::EditionEntry& entry, const UnitRecord& unit,
    domain::UnitIndex index) const {
  const auto* current = entry.Current();
  const domain::CompiledQuestionnaire& questionnaire = *current->compiled;
  domain::AnswerSet answers(questionnaire.item_count());
  domain::PartMask submitted = 0;
  std::vector<bool> fielded;
  for (const auto& [part, record] : unit.parts) {
    const auto number = questionnaire.FindPart(part);
    if (record.withdrawn || !number.has_value()) continue;
    submitted |= domain::PartMask{1} << *number;
    IMDI_ASSIGN_OR_RETURN(domain::AnswerSet given,
                          Unpack(entry, record.questionnaire, record.answers));
    if (record.questionnaire != questionnaire.version()) {
      const auto* version = entry.Version(record.questionnaire);
      std::vector<bool> also_there;
      given = entry.ReadUnder(std::move(given), *version, *current, &also_there);
      if (fielded.empty()) fielded.assign(questionnaire.item_count(), true);
      for (domain::ItemIndex item = 0; item < questionnaire.item_count(); ++item) {
        if (questionnaire.QuestionOf(item).part == *number) fielded[item] = also_there[item];
      }
    }
    answers.MergeFrom(given);
  }
  if (submitted == 0) return std::optional<domain::DerivedResponse>();
  return std::optional<domain::DerivedResponse>(
      domain::Derive(questionnaire, {.unit = entry.frame->FactsOf(index),
                                     .answers = &answers,
                                     .submitted = submitted,
                                     .fielded = fielded.empty() ? nullptr : &fielded}));
}

absl::Status Fold::Recount(const domain::Catalog::EditionEntry& entry, Edition& edition,
                           std::string_view unit) {
  if (!edition.counter.has_value())
    return absl::OkStatus();  // All units are counted when it is built.
  const std::optional<domain::UnitIndex> index = entry.frame->Find(unit);
  if (!index.has_value()) return absl::OkStatus();
  const UnitRecord& record = edition.units.find(unit)->second;
  IMDI_ASSIGN_OR_RETURN(const std::optional<domain::DerivedResponse> response,
                        Derive(entry, record, *index));
  edition.counter->SetUnit(*index, response.has_value() ? &*response : nullptr, record.set_by_team);
  return absl::OkStatus();
}

absl::StatusOr<const domain::EditionCounter*> Fold::Counter(std::string_view id) {
  const domain::Catalog::EditionEntry* entry = catalog_->FindEdition(id);
  if (entry == nullptr || entry->frame == nullptr || entry->Current() == nullptr) return nullptr;
  Edition& edition = EditionOf(id);
  if (!edition.counter.has_value()) {
    edition.counter.emplace(entry->frame, entry->Current()->compiled, catalog_->IndicatorsOf(id));
    for (const auto& [unit, record] : edition.units) {
      if (absl::Status counted = Recount(*entry, edition, unit); !counted.ok()) {
        edition.counter.reset();
        return counted;
      }
    }
  }
  return &*edition.counter;
}

std::set<std::string> Fold::TakeTouched() { return std::exchange(touched_, {}); }

const UnitRecord* Fold::FindUnit(std::string_view edition, std::string_view unit) const {
  const auto found = editions_.find(edition);
  if (found == editions_.end()) return nullptr;
  const auto record = found->second->units.find(unit);
  return record == found->second->units.end() ? nullptr : &record->second;
}

absl::StatusOr<std::optional<domain::DerivedResponse>> Fold::ResponseOf(
    std::string_view edition, std::string_view unit) const {
  const domain::Catalog::EditionEntry* entry = catalog_->FindEdition(edition);
  const UnitRecord* record = FindUnit(edition, unit);
  if (entry == nullptr || record == nullptr || entry->frame == nullptr ||
      entry->Current() == nullptr) {
    return std::optional<domain::DerivedResponse>();
  }
  const std::optional<domain::UnitIndex> index = entry->frame->Find(unit);
  if (!index.has_value()) return std::optional<domain::DerivedResponse>();
  return Derive(*entry, *record, *index);
}

}  // namespace imdi::aggregation
