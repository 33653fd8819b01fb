#include "services/query/folded_state.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/figure_plan.h"

namespace imdi::query {
namespace {

absl::Status Unusable(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt, what);
}

// The edition that a release belongs to, by its name.
std::string EditionOf(const query_pb::Release& facts) {
  return std::string(domain::EditionIdOf(facts.name()));
}

}  // namespace

absl::Status FoldedState::AddDefinition(const aggregation_pb::DefinitionStep& step) {
  if (step.position() <= definitions_position_) {
    return Unusable(base::StrCat("the definition step at position ", step.position(),
                                 " comes after position ", definitions_position_));
  }
  if (step.has_definition_applied()) {
    const store_pb::DefinitionApplied& applied = step.definition_applied();
    std::vector<domain::ItemNumbers::Assigned> numbers;
    for (const store_pb::ItemNumber& item : applied.new_items())
      numbers.push_back({item.item(), item.number()});
    IMDI_ASSIGN_OR_RETURN(catalog_,
                          catalog_->Apply(applied.definition(), applied.revision(), numbers));
  } else if (step.has_edition_state_changed()) {
    const store_pb::EditionStateChanged& changed = step.edition_state_changed();
    IMDI_ASSIGN_OR_RETURN(catalog_, catalog_->WithState(changed.edition(), changed.state(),
                                                        changed.unit(), changed.revision()));
  } else {
    return Unusable(base::StrCat("the definition step at position ", step.position(),
                                 " is of a kind that this build does not know; upgrade it"));
  }
  definitions_position_ = step.position();
  return absl::OkStatus();
}

// What a document says can reach every edition of its survey, and applying is rare: all books are
// made anew. Counts stay where the plan is the same.
void FoldedState::MakeBooks() {
  for (const auto& [id, entry] : catalog_->editions()) {
    std::shared_ptr<const domain::FigurePlan> plan = domain::PlanOf(*catalog_, id);
    Edition& edition = editions_[id];
    if (plan == nullptr) {
      edition.book = nullptr;
      edition.counts = nullptr;
      edition.live = nullptr;
      continue;
    }
    const bool kept =
        edition.counts != nullptr && edition.counts->plan().fingerprint() == plan->fingerprint();
    edition.book = std::make_shared<const EditionBook>(catalog_, id, plan);
    edition.counts = kept ? std::make_shared<const domain::EditionCounts>(std::move(plan),
                                                                          edition.counts->parts())
                          : nullptr;
    edition.live = kept ? std::make_shared<const LiveSet>(edition.book, edition.counts) : nullptr;
  }
}

absl::Status FoldedState::AddCounts(const std::string& id, const Swap::Counts& counts) {
  const auto found = editions_.find(id);
  if (found == editions_.end() || found->second.book == nullptr) {
    return Unusable(base::StrCat("counts came for edition ", base::Quoted(id),
                                 ", which has no plan of figures here"));
  }
  Edition& edition = found->second;
  const std::shared_ptr<const domain::FigurePlan>& plan = edition.book->plan();
  if (plan->fingerprint() != counts.plan) {
    return Unusable(base::StrCat("the counts of edition ", id,
                                 " were made by a build that plans its figures otherwise: upgrade "
                                 "the services together"));
  }
  const size_t part_count = domain::EditionCounts::PartCount(*plan);
  std::vector<domain::EditionCounts::Part> parts(part_count);
  if (edition.counts != nullptr) parts = edition.counts->parts();
  bool changed = edition.counts == nullptr;
  for (const auto& [index, values] : counts.blocks) {
    if (index >= part_count || values.size() != domain::EditionCounts::PartSize(*plan, index)) {
      return Unusable(base::StrCat("block ", index, " of the counts of edition ", id,
                                   " has another size than the plan says"));
    }
    // A stream that begins anew sends what is here already; figures that hold are not computed
    // again.
    if (parts[index] != nullptr && *parts[index] == values) continue;
    parts[index] = std::make_shared<const std::vector<int32_t>>(values);
    changed = true;
  }
  for (size_t index = 0; index < part_count; ++index) {
    const bool here = counts.blocks.contains(static_cast<uint32_t>(index));
    if (parts[index] == nullptr || (counts.whole && !here)) {
      return Unusable(
          base::StrCat("block ", index, " of the counts of edition ", id, " is missing"));
    }
  }
  if (!changed) return absl::OkStatus();
  edition.counts = std::make_shared<const domain::EditionCounts>(plan, std::move(parts));
  edition.live = std::make_shared<const LiveSet>(edition.book, edition.counts);
  return absl::OkStatus();
}

void FoldedState::AddRelease(const query_pb::Release& facts,
                             std::shared_ptr<const ReleaseSet> figures) {
  Edition& edition = editions_[EditionOf(facts)];
  const auto kept = edition.releases.find(facts.number());
  if (kept != edition.releases.end() && kept->second->content_hash() != facts.content_hash())
    edition.releases.erase(kept, edition.releases.end());
  edition.releases[facts.number()] = std::make_shared<const query_pb::Release>(facts);
  if (figures != nullptr && edition.releases.rbegin()->first == facts.number())
    edition.latest = std::move(figures);
}

void FoldedState::Place(std::string log_id, int64_t epoch, int64_t position, int64_t time_us) {
  log_id_ = std::move(log_id);
  epoch_ = epoch;
  position_ = position;
  time_us_ = time_us;
}

absl::StatusOr<FoldedState> FoldedState::After(const Swap& swap) const {
  FoldedState next = *this;
  if (swap.reset) {
    next = FoldedState();
    // Releases are data of their log and outlive a restore of it; another log has others.
    if (swap.log_id == log_id_) {
      for (const auto& [id, edition] : editions_) {
        if (edition.releases.empty()) continue;
        Edition& kept = next.editions_[id];
        kept.releases = edition.releases;
        kept.latest = edition.latest;
      }
    }
  } else if (loaded() && (swap.log_id != log_id_ || swap.epoch != epoch_)) {
    return Unusable("a swap of another log came without a reset");
  }
  for (const aggregation_pb::DefinitionStep& step : swap.definitions)
    IMDI_RETURN_IF_ERROR(next.AddDefinition(step));
  if (swap.reset || !swap.definitions.empty()) next.MakeBooks();
  for (const auto& [id, counts] : swap.counts) IMDI_RETURN_IF_ERROR(next.AddCounts(id, counts));
  for (const Swap::Release& release : swap.releases) {
    IMDI_ASSIGN_OR_RETURN(auto figures, ReleaseSet::Read(release.facts, release.parts));
    next.AddRelease(release.facts, std::move(figures));
  }
  next.Place(swap.log_id, swap.epoch, swap.position, swap.time_us);
  next.stopped_ = swap.stopped;
  return next;
}

std::shared_ptr<const Snapshot> FoldedState::ToSnapshot() const {
  auto out = std::make_shared<Snapshot>();
  out->log_id = log_id_;
  out->epoch = epoch_;
  out->position = position_;
  out->time_us = time_us_;
  out->stale = false;
  out->catalog = catalog_;
  for (const auto& [id, edition] : editions_) {
    if (edition.live == nullptr && edition.releases.empty()) continue;
    EditionView view{.live = edition.live, .releases = {}, .latest = edition.latest};
    for (const auto& [number, release] : edition.releases) view.releases.push_back(release);
    out->editions.emplace(id, std::move(view));
  }
  return out;
}

}  // namespace imdi::query
