#include "services/aggregation/fold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/aggregation/errors.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/answers.h"
#include "services/domain/figure_plan.h"
#include "services/domain/packed_answers.h"

namespace imdi::aggregation {
namespace {

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

// Everything that a plan, and the reading of answers under it, is made of. Compiled objects are
// immutable, so equal pointers are equal definitions.
struct PlanInputs {
  std::shared_ptr<const domain::CompiledFrame> frame;
  std::vector<std::shared_ptr<const domain::CompiledQuestionnaire>> versions;
  std::vector<std::shared_ptr<const domain::CompiledIndicator>> indicators;
  std::vector<std::shared_ptr<const model::Claim>> claims;
  // Reference year and the edition before are stated there.
  std::shared_ptr<const model::Edition> definition;
  // Editions before, where some indicator is compared with them.
  struct Earlier {
    std::shared_ptr<const model::Edition> definition;
    std::shared_ptr<const domain::CompiledFrame> frame;
    std::vector<std::shared_ptr<const domain::CompiledIndicator>> indicators;
    friend bool operator==(const Earlier&, const Earlier&) = default;
  };
  std::vector<Earlier> earlier;
  friend bool operator==(const PlanInputs&, const PlanInputs&) = default;
};

PlanInputs InputsOf(const domain::Catalog& catalog, const domain::Catalog::EditionEntry& entry) {
  PlanInputs out;
  out.frame = entry.frame;
  for (const auto& [number, version] : entry.questionnaires)
    out.versions.push_back(version.compiled);
  out.indicators = catalog.IndicatorsOf(entry.id);
  for (const auto& [id, claim] : entry.claims) out.claims.push_back(claim.second);
  const bool follows = std::ranges::any_of(
      out.indicators, [](const auto& indicator) { return domain::IsFollowed(*indicator); });
  if (!follows) return out;
  out.definition = entry.definition;
  for (const domain::Catalog::EditionEntry* one : catalog.Before(entry))
    out.earlier.push_back({one->definition, one->frame, catalog.IndicatorsOf(one->id)});
  return out;
}

// `now` with every part that says the same as in `before` taken from there; `before` itself where
// all do under the same plan.
std::shared_ptr<const domain::EditionCounts> Shared(
    std::shared_ptr<const domain::EditionCounts> before,
    std::shared_ptr<const domain::EditionCounts> now) {
  if (before == nullptr || before == now ||
      before->plan().fingerprint() != now->plan().fingerprint())
    return now;
  bool all = true, some = false;
  std::vector<domain::EditionCounts::Part> parts = now->parts();
  for (size_t part = 0; part < parts.size(); ++part) {
    const domain::EditionCounts::Part& old = before->parts()[part];
    if (parts[part] == old) continue;
    if (*parts[part] == *old) {
      parts[part] = old;
      some = true;
    } else {
      all = false;
    }
  }
  if (all && before->shared_plan() == now->shared_plan()) return before;
  if (!some) return now;
  return std::make_shared<const domain::EditionCounts>(now->shared_plan(), std::move(parts));
}

}  // namespace

struct Fold::Edition {
  std::map<std::string, UnitRecord, std::less<>> units;
  PlanInputs inputs;
  std::shared_ptr<const domain::FigurePlan> plan;       // Null = to be made.
  std::optional<domain::AnswerMatrix> matrix;           // Empty = to be built from `units`.
  std::shared_ptr<const domain::UnitStates> states;     // For later editions; null = to be taken.
  std::shared_ptr<const domain::EditionCounts> counts;  // As they last were.
  bool counted = false;                                 // `counts` are those of now.
  int64_t used = 0;                                     // Last use of the matrix.
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
      IMDI_RETURN_IF_ERROR(ApplyDefinition(position, record.definition_applied()));
      break;
    case store_pb::Record::kEditionStateChanged:
      IMDI_RETURN_IF_ERROR(ApplyState(position, record.edition_state_changed()));
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
      IMDI_RETURN_IF_ERROR(EntryOf(*catalog_, record.release_chunk().edition()).status());
      IMDI_RETURN_IF_ERROR(releases_.TakePart(record.release_chunk()));
      break;
    case store_pb::Record::kReleasePublished:
      IMDI_RETURN_IF_ERROR(EntryOf(*catalog_, record.release_published().edition()).status());
      IMDI_RETURN_IF_ERROR(releases_.Close(position, time_us, record));
      break;
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

absl::Status Fold::ApplyDefinition(int64_t position, const store_pb::DefinitionApplied& applied) {
  std::vector<domain::ItemNumbers::Assigned> numbers;
  for (const store_pb::ItemNumber& item : applied.new_items())
    numbers.push_back({item.item(), item.number()});
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const domain::Catalog> next,
                        catalog_->Apply(applied.definition(), applied.revision(), numbers));
  catalog_ = std::move(next);
  // What a document says can reach several editions of its survey: those whose counts it reaches
  // are found by comparing what their plans are made of.
  for (const auto& [id, entry] : catalog_->editions()) {
    Edition& edition = EditionOf(id);
    PlanInputs inputs = InputsOf(*catalog_, *entry);
    if (edition.inputs == inputs) continue;
    edition.inputs = std::move(inputs);
    edition.plan = nullptr;
    edition.matrix.reset();
    Outdate(id, edition);
    touched_.insert(id);
  }
  auto step = std::make_shared<aggregation_pb::DefinitionStep>();
  step->set_position(position);
  *step->mutable_definition_applied() = applied;
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status Fold::ApplyState(int64_t position, const store_pb::EditionStateChanged& changed) {
  IMDI_ASSIGN_OR_RETURN(
      std::shared_ptr<const domain::Catalog> next,
      catalog_->WithState(changed.edition(), changed.state(), changed.unit(), changed.revision()));
  catalog_ = std::move(next);
  auto step = std::make_shared<aggregation_pb::DefinitionStep>();
  step->set_position(position);
  *step->mutable_edition_state_changed() = changed;
  step->mutable_edition_state_changed()->clear_reason();
  steps_.push_back(std::move(step));
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

void Fold::Outdate(std::string_view id, Edition& edition) {
  edition.counted = false;
  edition.states = nullptr;
  // Editions that are counted together with this one.
  for (auto& [other, later] : editions_) {
    if (later->plan == nullptr || !later->counted) continue;
    const auto& earlier = later->plan->panel_frame().earlier;
    if (std::ranges::none_of(earlier, [&](const auto& one) { return one.edition.id == id; }))
      continue;
    later->counted = false;
    touched_.insert(other);
  }
}

absl::Status Fold::Recount(const domain::Catalog::EditionEntry& entry, Edition& edition,
                           std::string_view unit) {
  Outdate(entry.id, edition);
  if (!edition.matrix.has_value()) return absl::OkStatus();  // All units are set when it is built.
  return SetUnit(entry, edition, unit);
}

absl::Status Fold::SetUnit(const domain::Catalog::EditionEntry& entry, Edition& edition,
                           std::string_view unit) {
  const std::optional<domain::UnitIndex> index = entry.frame->Find(unit);
  if (!index.has_value()) return absl::OkStatus();
  const UnitRecord& record = edition.units.find(unit)->second;
  IMDI_ASSIGN_OR_RETURN(const std::optional<domain::DerivedResponse> response,
                        Derive(entry, record, *index));
  edition.matrix->SetUnit(*index, response.has_value() ? &*response : nullptr, record.set_by_team);
  return absl::OkStatus();
}

absl::Status Fold::Load(const domain::Catalog::EditionEntry& entry, Edition& edition) {
  if (edition.plan == nullptr) edition.plan = domain::PlanOf(*catalog_, entry.id);
  if (edition.plan == nullptr || edition.matrix.has_value()) return absl::OkStatus();
  if (const size_t bytes = domain::AnswerMatrix::PredictBytes(*edition.plan);
      bytes > base::kMatrixBytesMax) {
    return base::Error(base::Reason::kTooLarge,
                       base::StrCat("counting ", entry.id, " would take ", bytes,
                                    " bytes, more than ", base::kMatrixBytesMax));
  }
  edition.matrix.emplace(edition.plan);
  for (const auto& [unit, record] : edition.units) {
    if (absl::Status set = SetUnit(entry, edition, unit); !set.ok()) {
      edition.matrix.reset();
      return set;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const domain::UnitStates>> Fold::StatesOf(const std::string& id) {
  Edition& edition = EditionOf(id);
  if (edition.states != nullptr) return edition.states;
  const domain::Catalog::EditionEntry& entry = *catalog_->FindEdition(id);
  IMDI_RETURN_IF_ERROR(Load(entry, edition));
  if (!edition.matrix.has_value()) return edition.states;  // Nothing to count in it.
  edition.states = edition.matrix->States();
  edition.used = ++uses_;
  UnloadIfClosed(entry, edition);
  return edition.states;
}

// A closed edition changes seldom: only where a unit was reopened, or the survey team says
// something of one. Its counts stay, and what later editions compare with.
void Fold::UnloadIfClosed(const domain::Catalog::EditionEntry& entry, Edition& edition) {
  if (entry.state != model::EDITION_STATE_CLOSED || !entry.reopened.empty()) return;
  if (edition.states == nullptr && IsCompared(entry)) edition.states = edition.matrix->States();
  edition.matrix.reset();
}

absl::StatusOr<std::shared_ptr<const domain::EditionCounts>> Fold::CountsOf(std::string_view id) {
  std::shared_ptr<const domain::EditionCounts> none;
  const domain::Catalog::EditionEntry* entry = catalog_->FindEdition(id);
  if (entry == nullptr || entry->frame == nullptr || entry->Current() == nullptr) return none;
  Edition& edition = EditionOf(id);
  if (edition.counted) return edition.counts;
  IMDI_RETURN_IF_ERROR(Load(*entry, edition));
  if (edition.plan == nullptr) return none;
  std::vector<std::shared_ptr<const domain::UnitStates>> earlier;
  for (const domain::PanelFrame::Earlier& one : edition.plan->panel_frame().earlier) {
    IMDI_ASSIGN_OR_RETURN(earlier.emplace_back(), StatesOf(one.edition.id));
  }
  edition.counts = Shared(std::move(edition.counts), edition.matrix->Count(earlier));
  edition.counted = true;
  edition.used = ++uses_;
  UnloadIfClosed(*entry, edition);
  Unload();
  return edition.counts;
}

bool Fold::IsCompared(const domain::Catalog::EditionEntry& entry) const {
  return std::ranges::any_of(catalog_->editions(), [&](const auto& one) {
    const auto before = catalog_->Before(*one.second);
    return std::ranges::find(before, &entry) != before.end();
  });
}

size_t Fold::loaded() const {
  size_t out = 0;
  for (const auto& [id, edition] : editions_) out += edition->matrix.has_value() ? 1 : 0;
  return out;
}

// The longest unused go first; their counts stay.
void Fold::Unload() {
  for (size_t count = loaded(); count > base::kEditionsLoadedMax; --count) {
    Edition* oldest = nullptr;
    for (const auto& [id, edition] : editions_) {
      if (edition->matrix.has_value() && (oldest == nullptr || edition->used < oldest->used))
        oldest = edition.get();
    }
    oldest->matrix.reset();
  }
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
