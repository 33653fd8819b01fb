#pragma once

// The words of verdicts and remarks, in nynorsk, bokmål and English, with their numbers.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/questionnaire.pb.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "services/domain/claim.h"
#include "services/domain/tipping.h"

namespace imdi::figures::claim_texts {

namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;

model::LocalizedText Of(domain::ClaimVerdict verdict);

// A share of those who answered beside the share on another basis, which says otherwise.
model::LocalizedText BasesDisagree(domain::CountedShare share, const model::LocalizedText& basis,
                                   domain::CountedShare other,
                                   const model::LocalizedText& other_basis);
// Changes on another basis that say otherwise than those on the claim's own.
model::LocalizedText BasesDisagreeOnChange(const model::LocalizedText& other_basis,
                                           std::span<const query_pb::ChangeFigure> changes);
model::LocalizedText NearEdge(const domain::PhraseRange& range, domain::CountedShare share);
// The interval reaches beyond the range while the share lies in it.
model::LocalizedText IntervalReachesOut(const domain::PhraseRange& range,
                                        const domain::ShareInterval& interval);
// The share lies outside the range while the interval reaches into it.
model::LocalizedText IntervalReachesIn(const domain::PhraseRange& range,
                                       const domain::ShareInterval& interval);
model::LocalizedText IntervalExcludes(const domain::PhraseRange& range,
                                      const domain::ShareInterval& interval);
model::LocalizedText RoundsOtherwise(int32_t stated, domain::CountedShare share);

// The test of a year does not reject: interval, p value, panel.
model::LocalizedText ChangeNotShown(const query_pb::ChangeFigure& change);
// A year has no test: why.
model::LocalizedText ChangeNotTestable(const query_pb::ChangeFigure& change);
// Each year rejects by itself, and the sentence does not among those tested with it.
model::LocalizedText ChangeNotShownAmongAll(const query_pb::ClaimTest& test);
// What those who did not say, `may_belong` of them, could do to the sentence.
model::LocalizedText TippingWords(const domain::TippingPoint& point, int64_t may_belong);
// The same of a response rate: of it all is known.
model::LocalizedText RateIsKnown();
model::LocalizedText YearNotLower(const query_pb::ChangeFigure& change);
// Both years print as `rounded`, which has `decimals`.
model::LocalizedText RoundedEqual(const query_pb::ChangeFigure& change, int64_t rounded,
                                  int32_t decimals);
model::LocalizedText SeriesBreak(const query_pb::ChangeFigure& change);
model::LocalizedText AssumedSame(std::span<const int32_t> years);  // At least one.

// `a` and `b` are the categories' labels.
model::LocalizedText PairNotShown(const query_pb::PairDifference& pair, bool tested,
                                  const model::LocalizedText& a, const model::LocalizedText& b);
model::LocalizedText CategoryNotLower(const query_pb::PairDifference& pair,
                                      const model::LocalizedText& a, const model::LocalizedText& b);

// `cell` has no value: why.
model::LocalizedText NoValue(std::string_view cell, const model::LocalizedText& why);
// The edition has no such figure.
model::LocalizedText NoFigure(std::string_view cell);
// The earlier year has no value: why.
model::LocalizedText NoChange(const query_pb::ChangeFigure& change);
model::LocalizedText NoPhrase(std::string_view phrase);
model::LocalizedText NoComparison(int32_t year);
model::LocalizedText NoNumberStated();
model::LocalizedText Fact();
model::LocalizedText NoTestStated();
model::LocalizedText AmbiguousWord(const model::AmbiguousWord& word);

}  // namespace imdi::figures::claim_texts
