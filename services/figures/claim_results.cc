#include "services/figures/claim_results.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "services/base/encoding.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/claim.h"
#include "services/domain/claim_document.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/tipping.h"
#include "services/figures/claim_texts.h"
#include "services/figures/etag_bytes.h"

namespace imdi::figures {
namespace {

using domain::ClaimVerdict;
using domain::CountedShare;

constexpr double kLevel = 0.95;
constexpr std::string_view kIncreases = "increases";  // Family of the sentences that claim one.
constexpr std::string_view kClaimEtagLayout = "claim/3";

query_pb::Verdict ToMessage(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::kHolds:
      return query_pb::VERDICT_HOLDS;
    case ClaimVerdict::kHoldsAmongAnswers:
      return query_pb::VERDICT_HOLDS_AMONG_ANSWERS;
    case ClaimVerdict::kContradicted:
      return query_pb::VERDICT_CONTRADICTED;
    case ClaimVerdict::kUndecidable:
      break;
  }
  return query_pb::VERDICT_UNDECIDABLE;
}

CountedShare ShareOf(const query_pb::Figure& figure) { return {figure.numerator(), figure.base()}; }
CountedShare ShareOf(const query_pb::SharePoint& point) {
  return {point.numerator(), point.base()};
}

bool HasShare(const std::optional<query_pb::Figure>& figure) {
  return figure.has_value() && !figure->has_no_value() && figure->base() > 0;
}

bool IsBreak(const query_pb::ChangeFigure& change) {
  return change.has_no_value() &&
         change.no_value().reason() == query_pb::NO_VALUE_REASON_SERIES_BREAK;
}
bool IsAssumed(const query_pb::ChangeFigure& change) {
  return std::ranges::find(change.relations(),
                           static_cast<int>(model::SERIES_RELATION_KIND_ASSUMED_SAME)) !=
         change.relations().end();
}

// The changes that an increase names, for a cell of its indicator; without those that the indicator
// does not declare.
std::vector<query_pb::ChangeFigure> ChangesNamed(const model::Claim& claim,
                                                 const domain::CompiledIndicator& indicator,
                                                 const std::string& cell,
                                                 const ClaimSources& sources) {
  std::vector<query_pb::ChangeFigure> out;
  for (const int32_t year : claim.increase().years()) {
    const auto& compare = indicator.definition().compare();
    const auto declared = std::ranges::find(compare, year, &model::Comparison::year);
    if (declared == compare.end()) continue;
    std::optional<query_pb::ChangeFigure> change =
        sources.find_change(base::StrCat(CellInGroup(cell, declared->group()), "@", year));
    if (change.has_value()) out.push_back(*std::move(change));
  }
  return out;
}

std::vector<domain::YearComparison> YearsOf(std::span<const query_pb::ChangeFigure> changes) {
  std::vector<domain::YearComparison> out;
  for (const query_pb::ChangeFigure& change : changes) {
    domain::YearComparison& year = out.emplace_back();
    year.comparable = !IsBreak(change);
    // A figure without a value is no share of nobody.
    if (!change.has_value()) continue;
    year.later = ShareOf(change.later());
    year.earlier = ShareOf(change.earlier());
    year.change = change.estimate().value();
    if (change.estimate().has_p()) year.p = change.estimate().p();
    year.known = change.test_status() == query_pb::CHANGE_TEST_STATUS_KNOWN;
  }
  return out;
}

// Judges one sentence, remark by remark.
class Judge {
 public:
  Judge(const model::Claim& claim, const ClaimSources& sources, const IncreaseTests& tests)
      : claim_(claim), sources_(sources), tests_(tests) {
    *out_.mutable_claim() = claim;
    for (const std::string& cell : claim.figures()) {
      std::optional<query_pb::Figure> figure = sources.find(cell);
      if (figure.has_value()) *out_.add_figures() = *std::move(figure);
    }
    if (!claim.figures().empty()) {
      cell_ = claim.figures(0);
      reference_ = domain::ParseFigureReference(cell_);
      figure_ = sources.find(cell_);
      if (reference_.has_value()) indicator_ = sources.find_indicator(reference_->indicator);
    }
  }

  query_pb::ClaimResult Run() {
    const ClaimVerdict verdict = Decide();
    out_.set_verdict(ToMessage(verdict));
    *out_.mutable_verdict_text() = claim_texts::Of(verdict);
    for (const model::AmbiguousWord& word : claim_.ambiguous())
      Remark(query_pb::CLAIM_REMARK_KIND_AMBIGUOUS_WORD, claim_texts::AmbiguousWord(word));
    return std::move(out_);
  }

 private:
  ClaimVerdict Decide() {
    switch (claim_.test_case()) {
      case model::Claim::kShareInWords:
        return ShareInWords();
      case model::Claim::kStatedPercent:
        return StatedPercent();
      case model::Claim::kIncrease:
        return Increase();
      case model::Claim::kRanking:
        return Ranking();
      case model::Claim::kNotTestable:
        if (claim_.not_testable().reason() == model::NOT_TESTABLE_REASON_FACT)
          Remark(query_pb::CLAIM_REMARK_KIND_FACT, claim_texts::Fact());
        else
          Remark(query_pb::CLAIM_REMARK_KIND_NO_NUMBER_STATED, claim_texts::NoNumberStated());
        return ClaimVerdict::kUndecidable;
      case model::Claim::TEST_NOT_SET:
        break;
    }
    Remark(query_pb::CLAIM_REMARK_KIND_NO_TEST_STATED, claim_texts::NoTestStated());
    return ClaimVerdict::kUndecidable;
  }

  void Remark(query_pb::ClaimRemarkKind kind, model::LocalizedText text) {
    query_pb::ClaimRemark& remark = *out_.add_remarks();
    remark.set_kind(kind);
    *remark.mutable_text() = std::move(text);
  }

  // A figure that the verdict rests on has no share: says why.
  void NoShare(const std::string& cell, const std::optional<query_pb::Figure>& figure) {
    if (!figure.has_value())
      Remark(query_pb::CLAIM_REMARK_KIND_NO_VALUE, claim_texts::NoFigure(cell));
    else if (figure->has_no_value())
      Remark(query_pb::CLAIM_REMARK_KIND_NO_VALUE,
             claim_texts::NoValue(cell, figure->no_value().text()));
    else
      Remark(query_pb::CLAIM_REMARK_KIND_NO_VALUE,
             claim_texts::NoValue(cell, NoValueOf(domain::CellState::kNoAnswer).text()));
  }

  // The claim's own cell on another basis of its indicator.
  std::string OnBasis(std::string_view basis) const {
    std::string out = base::StrCat(reference_->indicator, ".", basis);
    if (reference_->answer != 0) base::StrAppend(out, ".answer=", reference_->answer);
    return out;
  }
  model::LocalizedText TitleOf(std::string_view basis) const {
    for (const auto& one : indicator_->bases())
      if (one.id == basis) return one.title;
    return {};
  }

  // What the same test says of the same indicator on its other bases, whether or not the claim
  // shows them.
  template <typename SaysOtherwise>
  void CompareBases(const SaysOtherwise& says_otherwise) {
    if (indicator_ == nullptr) return;
    for (const auto& basis : indicator_->bases()) {
      if (basis.id == reference_->basis) continue;
      const std::optional<query_pb::Figure> other = sources_.find(OnBasis(basis.id));
      if (HasShare(other) && says_otherwise(ShareOf(*other)))
        Remark(query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE,
               claim_texts::BasesDisagree(ShareOf(*figure_), TitleOf(reference_->basis),
                                          ShareOf(*other), basis.title));
    }
  }

  ClaimVerdict ShareInWords() {
    const model::ShareInWords& test = claim_.share_in_words();
    const auto* phrases = sources_.catalog.FindPhrases(sources_.edition.definition->survey());
    const model::Phrase* phrase =
        domain::FindPhrase(phrases == nullptr ? nullptr : phrases->definition.get(), test.phrase());
    if (phrase == nullptr) {
      Remark(query_pb::CLAIM_REMARK_KIND_NO_TEST_STATED, claim_texts::NoPhrase(test.phrase()));
      return ClaimVerdict::kUndecidable;
    }
    const domain::PhraseRange range = domain::RangeOf(*phrase, test.tenths());
    out_.set_range_lower(static_cast<double>(range.lower) / domain::kHundredthsOfWhole);
    out_.set_range_upper(static_cast<double>(range.upper) / domain::kHundredthsOfWhole);
    if (!HasShare(figure_)) {
      NoShare(cell_, figure_);
      return ClaimVerdict::kUndecidable;
    }
    const CountedShare share = ShareOf(*figure_);
    std::optional<domain::ShareInterval> interval;
    if (figure_->has_estimate())
      interval = {figure_->estimate().lower(), figure_->estimate().upper()};
    const domain::ShareJudgement judged = domain::JudgeShareInWords(range, share, interval);
    if (judged.near_edge)
      Remark(query_pb::CLAIM_REMARK_KIND_NEAR_EDGE, claim_texts::NearEdge(range, share));
    if (judged.verdict == ClaimVerdict::kHoldsAmongAnswers)
      Remark(query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT,
             claim_texts::IntervalReachesOut(range, *interval));
    if (judged.verdict == ClaimVerdict::kContradicted && interval.has_value()) {
      if (judged.interval_outside)
        Remark(query_pb::CLAIM_REMARK_KIND_INTERVAL_EXCLUDES,
               claim_texts::IntervalExcludes(range, *interval));
      else
        Remark(query_pb::CLAIM_REMARK_KIND_INTERVAL_REACHES_OUT,
               claim_texts::IntervalReachesIn(range, *interval));
    }
    CompareBases([&](CountedShare other) {
      return domain::Contains(range, share) != domain::Contains(range, other);
    });
    TipShare(range);
    return judged.verdict;
  }

  ClaimVerdict StatedPercent() {
    if (!HasShare(figure_)) {
      NoShare(cell_, figure_);
      return ClaimVerdict::kUndecidable;
    }
    const int32_t percent = claim_.stated_percent().percent();
    const ClaimVerdict verdict = domain::JudgeStatedPercent(percent, ShareOf(*figure_));
    if (verdict == ClaimVerdict::kContradicted)
      Remark(query_pb::CLAIM_REMARK_KIND_ROUNDS_OTHERWISE,
             claim_texts::RoundsOtherwise(percent, ShareOf(*figure_)));
    CompareBases(
        [&](CountedShare other) { return domain::JudgeStatedPercent(percent, other) != verdict; });
    TipShare(domain::RangeOfPercent(percent));
    return verdict;
  }

  // What those who did not say could do to it.
  void Tip(const domain::TippingPoint& point, const domain::TippingGround& ground,
           domain::ShareInterval worst, std::string turns) {
    query_pb::Tipping& out = *out_.mutable_tipping();
    if (point.units.has_value()) out.set_units(static_cast<int32_t>(*point.units));
    out.set_may_belong(static_cast<int32_t>(ground.may_belong));
    out.set_settled(static_cast<int32_t>(ground.settled));
    out.set_makes_true(point.makes_true);
    out.set_upwards(point.upwards);
    out.set_turns(std::move(turns));
    out.set_bound_lower(worst.lower);
    out.set_bound_upper(worst.upper);
    const bool rate =
        indicator_ != nullptr && indicator_->kind() == model::INDICATOR_KIND_OUTCOME_RATE;
    *out.mutable_text() =
        rate ? claim_texts::RateIsKnown() : claim_texts::TippingWords(point, ground.may_belong);
  }
  void TipShare(const domain::PhraseRange& range) {
    const auto ground = sources_.find_ground(cell_);
    if (!ground.has_value()) return;
    const auto [least, most] = BoundsOf(*figure_);
    Tip(domain::TipRange(range, *ground), *ground, {least, most}, cell_);
  }

  void TipIncrease() {
    std::vector<domain::TippingPoint> points;
    std::vector<domain::TippingGround> grounds;
    for (const query_pb::ChangeFigure& change : out_.changes()) {
      const auto ground = sources_.find_ground(change.later().figure());
      if (!change.has_value() || !ground.has_value()) return;
      points.push_back(domain::TipIncrease(*ground, ShareOf(change.earlier())));
      grounds.push_back(*ground);
    }
    if (points.empty()) return;
    size_t place = 0;
    const domain::TippingPoint point = domain::TipAll(points, &place);
    const query_pb::ChangeFigure& change = out_.changes(static_cast<int>(place));
    Tip(point, grounds[place], {change.bound_lower(), change.bound_upper()}, change.name());
  }

  ClaimVerdict Increase() {
    if (indicator_ == nullptr) {
      NoShare(cell_, figure_);
      return ClaimVerdict::kUndecidable;
    }
    const std::vector<query_pb::ChangeFigure> changes =
        ChangesNamed(claim_, *indicator_, cell_, sources_);
    for (const query_pb::ChangeFigure& change : changes) *out_.add_changes() = change;
    std::optional<double> q;
    if (const auto test = tests_.find(claim_.name()); test != tests_.end()) {
      *out_.mutable_test() = test->second;
      q = test->second.q();
    }
    ClaimVerdict verdict = domain::JudgeIncrease(YearsOf(changes), q);
    bool all_declared = true;
    for (const int32_t year : claim_.increase().years()) {
      if (std::ranges::any_of(changes, [year](const query_pb::ChangeFigure& change) {
            return change.earlier().year() == year;
          }))
        continue;
      Remark(query_pb::CLAIM_REMARK_KIND_NO_VALUE, claim_texts::NoComparison(year));
      all_declared = false;
    }
    if (!all_declared && verdict != ClaimVerdict::kContradicted)
      verdict = ClaimVerdict::kUndecidable;
    std::vector<int32_t> assumed;
    for (const query_pb::ChangeFigure& change : changes) {
      if (IsBreak(change)) {
        Remark(query_pb::CLAIM_REMARK_KIND_SERIES_BREAK, claim_texts::SeriesBreak(change));
        continue;
      }
      if (!change.has_value()) {
        Remark(query_pb::CLAIM_REMARK_KIND_NO_VALUE, claim_texts::NoChange(change));
        continue;
      }
      const CountedShare later = ShareOf(change.later());
      const CountedShare earlier = ShareOf(change.earlier());
      if (domain::CompareShares(later, earlier) <= 0)
        Remark(query_pb::CLAIM_REMARK_KIND_NOT_HIGHER, claim_texts::YearNotLower(change));
      const int32_t decimals = indicator_->definition().precision();
      const int64_t rounded = domain::RoundedPercent(later, decimals);
      if (rounded == domain::RoundedPercent(earlier, decimals))
        Remark(query_pb::CLAIM_REMARK_KIND_ROUNDED_EQUAL,
               claim_texts::RoundedEqual(change, rounded, decimals));
      if (IsAssumed(change)) assumed.push_back(change.earlier().year());
    }
    if (!assumed.empty())
      Remark(query_pb::CLAIM_REMARK_KIND_ASSUMED_SAME, claim_texts::AssumedSame(assumed));
    if (verdict == ClaimVerdict::kHoldsAmongAnswers) NotShown(changes);
    for (const auto& basis : indicator_->bases()) {
      if (basis.id == reference_->basis || verdict == ClaimVerdict::kUndecidable) continue;
      const std::vector<query_pb::ChangeFigure> other =
          ChangesNamed(claim_, *indicator_, OnBasis(basis.id), sources_);
      // Whether it is shown for all is another test; what the answers say must be the same.
      const bool contradicted =
          domain::JudgeIncrease(YearsOf(other), std::nullopt) == ClaimVerdict::kContradicted;
      const bool decided =
          std::ranges::all_of(other, [](const auto& change) { return change.has_value(); });
      if (decided && contradicted != (verdict == ClaimVerdict::kContradicted))
        Remark(query_pb::CLAIM_REMARK_KIND_BASES_DISAGREE,
               claim_texts::BasesDisagreeOnChange(basis.title, other));
    }
    TipIncrease();
    return verdict;
  }

  // Why an increase among those who answered is not shown for all.
  void NotShown(std::span<const query_pb::ChangeFigure> changes) {
    bool said = false;
    for (const query_pb::ChangeFigure& change : changes) {
      if (change.test_status() == query_pb::CHANGE_TEST_STATUS_KNOWN) continue;
      const bool rejects = change.estimate().has_p() && change.estimate().value() > 0 &&
                           change.estimate().p() < domain::kSignificanceLevel;
      if (rejects) continue;
      said = true;
      Remark(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN,
             change.tested() ? claim_texts::ChangeNotShown(change)
                             : claim_texts::ChangeNotTestable(change));
    }
    // Each year rejects by itself, and not among the sentences that are tested together.
    if (!said)
      Remark(query_pb::CLAIM_REMARK_KIND_CHANGE_NOT_SHOWN,
             claim_texts::ChangeNotShownAmongAll(out_.test()));
  }

  model::LocalizedText TitleOfCategory(int32_t code) const {
    for (const auto& category : indicator_->categories())
      if (category.code == code) return category.title;
    return {};
  }

  ClaimVerdict Ranking() {
    const model::Ranking& test = claim_.ranking();
    reference_ = test.top().empty() ? std::nullopt : domain::ParseFigureReference(test.top(0));
    indicator_ = reference_.has_value() ? sources_.find_indicator(reference_->indicator) : nullptr;
    if (indicator_ == nullptr) {
      NoShare(test.top().empty() ? cell_ : test.top(0), std::nullopt);
      return ClaimVerdict::kUndecidable;
    }
    std::set<int32_t> left_out(test.except().begin(), test.except().end());
    std::vector<int32_t> top;
    for (const std::string& cell : test.top()) {
      const auto one = domain::ParseFigureReference(cell);
      top.push_back(one.has_value() ? one->answer : 0);
      left_out.insert(top.back());
    }
    std::vector<domain::RankedPair> pairs;
    std::vector<domain::TippingPoint> points;
    const std::optional<domain::TippingGround> ground = sources_.find_ground(test.top(0));
    for (int i = 0; i < test.top_size(); ++i) {
      const std::optional<query_pb::Figure> named = sources_.find(test.top(i));
      if (!HasShare(named)) {
        NoShare(test.top(i), named);
        return ClaimVerdict::kUndecidable;
      }
      for (const auto& category : indicator_->categories()) {
        if (left_out.contains(category.code)) continue;
        const std::string other =
            base::StrCat(reference_->indicator, ".", reference_->basis, ".answer=", category.code);
        const std::optional<PairEvidence> evidence = sources_.find_pair(test.top(i), other);
        if (!evidence.has_value()) {
          NoShare(other, std::nullopt);
          return ClaimVerdict::kUndecidable;
        }
        const query_pb::PairDifference& pair = evidence->pair;
        *out_.add_pairs() = pair;
        domain::RankedPair ranked{.a = {pair.a_yes(), pair.base()},
                                  .b = {pair.b_yes(), pair.base()},
                                  .difference = pair.difference(),
                                  .p = std::nullopt,
                                  .known = evidence->known};
        if (evidence->tested) ranked.p = pair.p();
        pairs.push_back(ranked);
        if (ground.has_value()) {
          domain::TippingGround of_pair = *ground;
          of_pair.yes = pair.a_yes();
          points.push_back(domain::TipRank(of_pair, pair.b_yes()));
        }
        const model::LocalizedText title = TitleOfCategory(top[static_cast<size_t>(i)]);
        if (pair.base() > 0 && pair.a_yes() <= pair.b_yes())
          Remark(query_pb::CLAIM_REMARK_KIND_NOT_HIGHER,
                 claim_texts::CategoryNotLower(pair, title, category.title));
        else if (!domain::Rejects(ranked))
          Remark(query_pb::CLAIM_REMARK_KIND_PAIR_NOT_SHOWN,
                 claim_texts::PairNotShown(pair, evidence->tested, title, category.title));
      }
    }
    if (!points.empty()) {
      size_t place = 0;
      const domain::TippingPoint point = domain::TipAll(points, &place);
      const query_pb::PairDifference& pair = out_.pairs(static_cast<int>(place));
      Tip(point, *ground, {pair.bound_lower(), pair.bound_upper()}, pair.b());
    }
    return domain::JudgeRanking(pairs);
  }

  const model::Claim& claim_;
  const ClaimSources& sources_;
  const IncreaseTests& tests_;
  query_pb::ClaimResult out_;
  std::string cell_;  // The figure that the verdict rests on; empty = the claim has none.
  std::optional<domain::FigureReference> reference_;
  std::optional<query_pb::Figure> figure_;
  std::shared_ptr<const domain::CompiledIndicator> indicator_;
};

// Sums over the strata of a pair, and the test of their difference. `may_belong`: units that may
// belong to the base and have not said so; while there are any, nothing is known for all.
PairEvidence Evidence(const domain::EditionCounts::PairCounts& counts, bool swapped,
                      int32_t may_belong, std::string_view name_a, std::string_view name_b) {
  const auto& first = swapped ? counts.b : counts.a;
  const auto& second = swapped ? counts.a : counts.b;
  PairEvidence out;
  query_pb::PairDifference& pair = out.pair;
  pair.set_a(std::string(name_a));
  pair.set_b(std::string(name_b));
  std::vector<domain::DifferenceCell> cells;
  bool everybody = may_belong == 0;
  for (size_t h = 0; h < first.size(); ++h) {
    const domain::StratumCell& a = first[h];
    const domain::StratumCell& b = second[h];
    pair.set_base(pair.base() + a.base);
    pair.set_a_yes(pair.a_yes() + a.yes);
    pair.set_b_yes(pair.b_yes() + b.yes);
    pair.set_both_yes(pair.both_yes() + counts.both[h]);
    everybody = everybody && a.responded == a.frame;
    // The difference is "second question less first", so the category named comes second.
    cells.push_back({.frame = a.frame,
                     .responded = a.responded,
                     .base_a = b.base,
                     .yes_a = b.yes,
                     .base_b = a.base,
                     .yes_b = a.yes,
                     .base_both = a.base,
                     .yes_a_of_both = b.yes,
                     .yes_b_of_both = a.yes,
                     .yes_both = counts.both[h]});
  }
  const domain::Difference difference = domain::EstimateDifference(cells, domain::Lonely::kAdjust);
  pair.set_p(1);
  if (difference.status == domain::EstimateStatus::kEmpty) return out;
  // All who may belong do, and name the one and not the other.
  const double units = pair.base() + may_belong;
  pair.set_bound_lower((pair.a_yes() - pair.b_yes() - may_belong) / units);
  pair.set_bound_upper((pair.a_yes() - pair.b_yes() + may_belong) / units);
  pair.set_difference(difference.estimate);
  pair.set_standard_error(difference.standard_error);
  pair.set_df(difference.df);
  pair.set_lower(difference.estimate);
  pair.set_upper(difference.estimate);
  out.known = everybody;
  if (everybody) {
    pair.set_p(difference.estimate == 0 ? 1 : 0);
  } else if (difference.p.has_value()) {
    out.tested = true;
    pair.set_p(*difference.p);
    const auto interval =
        domain::WaldInterval(difference.estimate, difference.standard_error, difference.df, kLevel);
    if (interval.has_value()) {
      pair.set_lower(interval->lower);
      pair.set_upper(interval->upper);
    }
  }
  return out;
}

std::optional<PairEvidence> PairOf(const EditionFigures& edition, std::string_view a,
                                   std::string_view b) {
  const domain::FigurePlan& plan = edition.plan();
  const std::optional<size_t> index_a = plan.Find(a);
  const std::optional<size_t> index_b = plan.Find(b);
  if (!index_a.has_value() || !index_b.has_value()) return std::nullopt;
  const domain::FigurePlan::Cell cell_a = plan.CellAt(*index_a);
  const domain::FigurePlan::Cell cell_b = plan.CellAt(*index_b);
  for (size_t i = 0; i < plan.pairs().size(); ++i) {
    const domain::FigurePlan::Pair& pair = plan.pairs()[i];
    if (pair.block != cell_a.block || pair.block != cell_b.block) continue;
    const bool straight = pair.a == cell_a.category && pair.b == cell_b.category;
    const bool swapped = pair.a == cell_b.category && pair.b == cell_a.category;
    if (!straight && !swapped) continue;
    // The state of the edition decides no count.
    const int32_t may_belong =
        edition.counts().CountsOf(cell_a, edition.entry().state).may_belong();
    return Evidence(edition.counts().CountsOfPair(i), swapped, may_belong, a, b);
  }
  return std::nullopt;
}

std::optional<domain::TippingGround> GroundOf(const EditionFigures& edition,
                                              std::string_view cell) {
  const std::optional<size_t> index = edition.plan().Find(cell);
  if (!index.has_value()) return std::nullopt;
  const domain::FigurePlan::Cell place = edition.plan().CellAt(*index);
  const domain::CellCounts counts = edition.counts().CountsOf(place, edition.entry().state);
  const auto& indicator = edition.plan().IndicatorOf(edition.plan().blocks()[place.block]);
  // Of a response rate all is known.
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE)
    return domain::TippingGround{counts.numerator, counts.in_base, counts.in_base, 0};
  return domain::TippingGround{.yes = counts.numerator,
                               .base = counts.in_base,
                               .settled = counts.possible - counts.may_belong(),
                               .may_belong = counts.may_belong()};
}

}  // namespace

IncreaseTests TestIncreases(std::span<const model::Claim* const> claims,
                            const ClaimSources& sources) {
  std::vector<std::string> names;
  std::vector<std::optional<double>> p;
  for (const model::Claim* claim : claims) {
    if (!claim->has_increase() || claim->figures().empty()) continue;
    const auto reference = domain::ParseFigureReference(claim->figures(0));
    const auto indicator =
        reference.has_value() ? sources.find_indicator(reference->indicator) : nullptr;
    if (indicator == nullptr) continue;
    const std::vector<query_pb::ChangeFigure> changes =
        ChangesNamed(*claim, *indicator, claim->figures(0), sources);
    if (static_cast<int>(changes.size()) != claim->increase().years_size()) continue;
    const std::optional<double> largest = domain::LargestP(YearsOf(changes));
    if (!largest.has_value()) continue;
    names.push_back(claim->name());
    p.push_back(largest);
  }
  query_pb::TestFamily family;
  const std::vector<std::optional<double>> q = Adjust(p, kIncreases, &family);
  IncreaseTests out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!q[i].has_value()) continue;
    query_pb::ClaimTest& test = out[names[i]];
    test.set_p(*p[i]);
    test.set_q(*q[i]);
    *test.mutable_family() = family;
  }
  return out;
}

query_pb::ClaimResult JudgeClaim(const model::Claim& claim, int64_t revision,
                                 const ClaimSources& sources, const IncreaseTests& tests) {
  query_pb::ClaimResult out = Judge(claim, sources, tests).Run();
  out.set_claim_revision(revision);
  out.set_etag(EtagOf(out));
  return out;
}

std::vector<query_pb::ClaimResult> JudgeClaims(const EditionFigures& edition,
                                               const EditionChanges& changes) {
  return *JudgeClaims(edition, changes, [] { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<query_pb::ClaimResult>> JudgeClaims(
    const EditionFigures& edition, const EditionChanges& changes,
    const std::function<absl::Status()>& wanted) {
  std::map<std::string_view, std::shared_ptr<const domain::CompiledIndicator>> indicators;
  for (const auto& indicator : edition.plan().indicators())
    indicators.emplace(indicator->id(), indicator);
  const ClaimSources sources{
      .catalog = edition.catalog(),
      .edition = edition.entry(),
      .find_indicator =
          [&indicators](std::string_view id) {
            const auto found = indicators.find(id);
            return found == indicators.end() ? nullptr : found->second;
          },
      .find = [&edition](std::string_view cell) -> std::optional<query_pb::Figure> {
        std::optional<store_pb::ReleaseFigure> found = edition.Find(cell);
        if (!found.has_value()) return std::nullopt;
        return std::move(*found->mutable_figure());
      },
      .find_pair = [&edition](std::string_view a,
                              std::string_view b) { return PairOf(edition, a, b); },
      .find_change = [&changes](std::string_view name) -> std::optional<query_pb::ChangeFigure> {
        const query_pb::ChangeFigure* found = changes.Find(name);
        return found == nullptr ? std::nullopt : std::optional(*found);
      },
      .find_ground = [&edition](std::string_view cell) { return GroundOf(edition, cell); }};
  std::vector<const model::Claim*> all;
  for (const auto& [id, claim] : edition.entry().claims) all.push_back(claim.second.get());
  const IncreaseTests tests = TestIncreases(all, sources);
  std::vector<query_pb::ClaimResult> out;
  // By id, which is by name, since all belong to one edition.
  for (const auto& [id, claim] : edition.entry().claims) {
    IMDI_RETURN_IF_ERROR(wanted());
    out.push_back(JudgeClaim(*claim.second, claim.first, sources, tests));
  }
  return out;
}

std::string EtagOf(const query_pb::ClaimResult& result) {
  std::string bytes(kClaimEtagLayout);
  PutText(bytes, domain::CanonicalBytes(result.claim()));
  for (const query_pb::Figure& figure : result.figures()) PutText(bytes, figure.etag());
  PutInt(bytes, result.claim_revision());
  PutInt(bytes, result.verdict());
  for (const auto& [there, end] : {std::pair(result.has_range_lower(), result.range_lower()),
                                   {result.has_range_upper(), result.range_upper()}}) {
    PutInt(bytes, there ? 1 : 0);
    PutDouble(bytes, end);
  }
  for (const query_pb::ClaimRemark& remark : result.remarks())
    PutText(bytes, domain::CanonicalBytes(remark));
  // The figures of other years have no tag here: what their changes are computed from stands for
  // them.
  for (const query_pb::ChangeFigure& change : result.changes()) {
    for (const query_pb::SharePoint* point : {&change.later(), &change.earlier()}) {
      PutInt(bytes, point->year());
      PutInt(bytes, point->numerator());
      PutInt(bytes, point->base());
    }
    PutText(bytes, change.earlier_release());
    PutInt(bytes, change.no_value().reason());
    for (const int relation : change.relations()) PutInt(bytes, relation);
    PutInt(bytes, change.test_status());
    const query_pb::ChangeEstimate& estimate = change.estimate();
    for (const double number :
         {estimate.value(), estimate.lower(), estimate.upper(), estimate.standard_error(),
          estimate.p(), change.q(), change.bound_lower(), change.bound_upper()})
      PutDouble(bytes, number);
    PutInt(bytes, estimate.df());
    const query_pb::PanelCounts& panel = change.panel();
    for (const int32_t count : {panel.yes_yes(), panel.yes_no(), panel.no_yes(), panel.no_no()})
      PutInt(bytes, count);
  }
  PutInt(bytes, result.has_test() ? 1 : 0);
  PutDouble(bytes, result.test().p());
  PutDouble(bytes, result.test().q());
  PutInt(bytes, result.test().family().size());
  const query_pb::Tipping& tipping = result.tipping();
  PutInt(bytes, tipping.has_units() ? tipping.units() : -1);
  for (const int32_t count : {tipping.may_belong(), tipping.settled()}) PutInt(bytes, count);
  PutText(bytes, tipping.turns());
  PutDouble(bytes, tipping.bound_lower());
  PutDouble(bytes, tipping.bound_upper());
  for (const query_pb::PairDifference& pair : result.pairs()) {
    for (const int32_t count : {pair.base(), pair.a_yes(), pair.b_yes(), pair.both_yes()})
      PutInt(bytes, count);
    for (const double number : {pair.difference(), pair.standard_error(), pair.lower(),
                                pair.upper(), pair.p(), pair.bound_lower(), pair.bound_upper()})
      PutDouble(bytes, number);
    PutInt(bytes, pair.df());
  }
  return TagOf(bytes);
}

}  // namespace imdi::figures
