#pragma once

// Everything that a call is answered from. Immutable.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imdi/survey/query/v1/query_service.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "services/domain/survey_catalog.h"
#include "services/query/answer_cache.h"
#include "services/query/claim_cache.h"
#include "services/query/live_set.h"
#include "services/query/release_set.h"

namespace imdi::query {

struct EditionView {
  // Null while the edition has no frame or no questionnaire, or its counts have not come.
  std::shared_ptr<const LiveSet> live;
  // Ascending numbers.
  std::vector<std::shared_ptr<const query_pb::Release>> releases;
  std::shared_ptr<const ReleaseSet> latest;  // The last of them; null where there is none.

  const query_pb::Release* FindRelease(int32_t number) const;
};

struct Snapshot {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  int64_t time_us = 0;
  bool stale = true;           // The figures may be old.
  int64_t stale_since_us = 0;  // Since when; 0 = they are not, or never were heard.
  std::string stale_reason;    // Why; empty while they are not.
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  std::map<std::string, EditionView, std::less<>> editions;  // By id; only those with figures.
  // Verdicts on the live figures, each edition's made when first asked for.
  std::shared_ptr<ClaimCache> claims = std::make_shared<ClaimCache>();
  // Answers that were given from it, by the bytes of their requests.
  std::shared_ptr<KeptAnswers> answers = std::make_shared<KeptAnswers>();

  bool loaded() const { return !log_id.empty(); }
};

query_pb::EditionSummary SummaryOf(const std::string& id, const EditionView& edition,
                                   const Snapshot& snapshot);

}  // namespace imdi::query
