#include "services/figures/stratum_labels.h"

#include "services/base/text.h"
#include "services/figures/texts.h"

namespace imdi::figures {

namespace query_pb = survey::query::v1;

namespace {

query_pb::CollapsedStratum& Joined(const domain::Strata& strata, const domain::Collapse::Step& step,
                                   std::vector<query_pb::CollapsedStratum>& out) {
  query_pb::CollapsedStratum& one = out.emplace_back();
  one.set_from(strata[step.from].id);
  one.set_into(strata[step.into].id);
  one.set_responded(step.responded);
  return one;
}

}  // namespace

std::vector<query_pb::StratumEvidence> StrataInfos(const domain::EditionCounts& counts,
                                                   uint32_t number) {
  const domain::Strata& strata = counts.plan().layouts()[number].strata;
  const domain::Collapse& collapse = counts.collapse(number);
  const std::vector<domain::EditionCounts::Responded> units = counts.RespondedByStratum(number);
  std::vector<query_pb::StratumEvidence> out(collapse.count);
  // A stratum without invited units lends its name only where nobody else does.
  for (const bool invited : {true, false}) {
    for (size_t h = 0; h < strata.size(); ++h) {
      query_pb::StratumEvidence& into = out[collapse.to[h]];
      if ((units[h].invited > 0) != invited) continue;
      if (!invited && !into.stratum().empty()) continue;
      into.set_stratum(into.stratum().empty() ? strata[h].id
                                              : base::StrCat(into.stratum(), "+", strata[h].id));
      Append(*into.mutable_title(), "; ", strata[h].title);
      into.set_frame(into.frame() + units[h].invited);
      into.set_responded(into.responded() + units[h].responded);
    }
  }
  for (query_pb::StratumEvidence& stratum : out) {
    if (stratum.responded() > 0) {
      stratum.set_weight(static_cast<double>(stratum.frame()) / stratum.responded());
    }
  }
  return out;
}

std::vector<query_pb::CollapsedStratum> CollapsedInfos(const domain::EditionCounts& counts,
                                                       uint32_t layout) {
  std::vector<query_pb::CollapsedStratum> out;
  const domain::Strata& strata = counts.plan().layouts()[layout].strata;
  for (const domain::Collapse::Step& step : counts.collapse(layout).steps) {
    const std::string least = base::StrCat(domain::kStratumRespondentsMin);
    *Joined(strata, step, out).mutable_reason() =
        Text(base::StrCat(step.responded, " svar frå ", step.frame,
                          " einingar er for få til å vekte med; det trengst minst ", least),
             base::StrCat(step.responded, " svar fra ", step.frame,
                          " enheter er for få til å vekte med; det trengs minst ", least),
             base::StrCat(step.responded, " answers of ", step.frame,
                          " units are too few to weight by; it takes at least ", least));
  }
  return out;
}

std::vector<query_pb::CollapsedStratum> CollapsedInfos(
    const domain::Strata& strata, std::span<const domain::Collapse::Step> steps,
    std::span<const int32_t> years) {
  std::vector<query_pb::CollapsedStratum> out;
  const std::string list = base::StrJoin(years, ", ");
  for (const domain::Collapse::Step& step : steps) {
    query_pb::CollapsedStratum& one = Joined(strata, step, out);
    one.mutable_years()->Add(years.begin(), years.end());
    const std::string least = base::StrCat(domain::kStratumRespondentsMin);
    *one.mutable_reason() =
        Text(base::StrCat(step.responded, " svar, i det året av ", list,
                          " som har færrast, er for få til å vekte med; det trengst minst ", least),
             base::StrCat(step.responded, " svar, i det året av ", list,
                          " som har færrest, er for få til å vekte med; det trengs minst ", least),
             base::StrCat(step.responded, " answers, in the year with fewest of ", list,
                          ", are too few to weight by; it takes at least ", least));
  }
  return out;
}

}  // namespace imdi::figures
