#include "services/query/snapshot.h"

#include <algorithm>

#include "services/base/text.h"

namespace imdi::query {

const query_pb::Release* EditionView::FindRelease(int32_t number) const {
  const auto found = std::lower_bound(
      releases.begin(), releases.end(), number,
      [](const auto& release, int32_t wanted) { return release->number() < wanted; });
  return found == releases.end() || (*found)->number() != number ? nullptr : found->get();
}

query_pb::EditionSummary SummaryOf(const std::string& id, const EditionView& edition,
                                   const Snapshot& snapshot) {
  query_pb::EditionSummary out;
  out.set_name(base::StrCat("editions/", id));
  if (const domain::Catalog::EditionEntry* entry = snapshot.catalog->FindEdition(id);
      entry != nullptr && entry->definition != nullptr) {
    *out.mutable_title() = entry->definition->title();
    out.set_reference_year(entry->definition->reference_year());
    out.set_survey(entry->definition->survey());
    out.set_state(entry->state);
  } else if (edition.latest != nullptr) {
    const query_pb::EditionFacts& facts = edition.latest->header().edition_facts();
    *out.mutable_title() = facts.title();
    out.set_reference_year(facts.reference_year());
    out.set_survey(facts.survey());
    out.set_state(facts.state());
  }
  out.set_position(snapshot.position);
  out.set_time_us(snapshot.time_us);
  out.set_stale(snapshot.stale);
  out.set_stale_since_us(snapshot.stale_since_us);
  out.set_stale_reason(snapshot.stale_reason);
  if (!edition.releases.empty()) out.set_latest_release(edition.releases.back()->number());
  return out;
}

}  // namespace imdi::query
