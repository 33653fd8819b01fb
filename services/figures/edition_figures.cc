#include "services/figures/edition_figures.h"

#include <bit>
#include <cassert>
#include <span>
#include <utility>

#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/text.h"
#include "services/domain/estimate.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

constexpr size_t kEtagBytes = 16;
// Ahead of all else that an etag covers: another layout of the bytes below is another tag.
constexpr std::string_view kEtagLayout = "figure/1";

query_pb::NoValue NoValueLike(query_pb::NoValueReason reason, const char* sdmx_status,
                              const char* sign, const char* nn, const char* nb, const char* en) {
  query_pb::NoValue out;
  out.set_reason(reason);
  out.set_sdmx_status(sdmx_status);
  out.set_sign(sign);
  *out.mutable_text() = Text(nn, nb, en);
  return out;
}

query_pb::EstimateStatus StatusOf(domain::EstimateStatus status) {
  switch (status) {
    case domain::EstimateStatus::kOk:
      return query_pb::ESTIMATE_STATUS_OK;
    case domain::EstimateStatus::kEmpty:
      return query_pb::ESTIMATE_STATUS_EMPTY;
    case domain::EstimateStatus::kCensus:
      return query_pb::ESTIMATE_STATUS_CENSUS;
    case domain::EstimateStatus::kNoDf:
      return query_pb::ESTIMATE_STATUS_NO_DF;
    case domain::EstimateStatus::kDegenerate:
      return query_pb::ESTIMATE_STATUS_DEGENERATE;
    case domain::EstimateStatus::kZeroVariance:
      return query_pb::ESTIMATE_STATUS_ZERO_VARIANCE;
  }
  return query_pb::ESTIMATE_STATUS_UNSPECIFIED;
}

query_pb::IntervalMethod MethodOf(domain::IntervalMethod method) {
  switch (method) {
    case domain::IntervalMethod::kNone:
      return query_pb::INTERVAL_METHOD_NONE;
    case domain::IntervalMethod::kKnown:
      return query_pb::INTERVAL_METHOD_KNOWN;
    case domain::IntervalMethod::kHypergeometric:
      return query_pb::INTERVAL_METHOD_HYPERGEOMETRIC;
    case domain::IntervalMethod::kPredictive:
      return query_pb::INTERVAL_METHOD_PREDICTIVE;
    case domain::IntervalMethod::kWilson:
      return query_pb::INTERVAL_METHOD_WILSON;
  }
  return query_pb::INTERVAL_METHOD_UNSPECIFIED;
}

query_pb::Estimate EstimateOf(std::span<const domain::StratumCell> strata, domain::BaseKind kind,
                              int32_t may_belong) {
  const domain::ShareEstimate share = domain::EstimateShare(strata, kind, may_belong);
  query_pb::Estimate out;
  out.set_value(share.point);
  out.set_lower(share.lower);
  out.set_upper(share.upper);
  out.set_level(share.level);
  out.set_method(MethodOf(share.method));
  out.set_status(StatusOf(share.status));
  out.set_standard_error(share.standard_error);
  out.set_df(share.df);
  out.set_effective_n(share.n_eff_adj);
  if (share.base_units.has_value()) out.set_base_units(*share.base_units);
  out.set_may_belong(share.may_belong);
  out.set_bound_lower(share.bound_lower);
  out.set_bound_upper(share.bound_upper);
  out.set_unrepresented(share.unrepresented);
  return out;
}

// IEEE bits: equal numbers have equal bytes, and both zeros are zero.
void PutDouble(std::string& out, double value) {
  base::PutU64(out, std::bit_cast<uint64_t>(value == 0 ? 0.0 : value));
}
void PutInt(std::string& out, int64_t value) { base::PutU64(out, static_cast<uint64_t>(value)); }

}  // namespace

query_pb::NoValue NoValueOf(domain::CellState state) {
  static const query_pb::NoValue kNotAsked = NoValueLike(
      query_pb::NO_VALUE_REASON_NOT_ASKED, "L", ".", "ikkje spurt", "ikke spurt", "not asked");
  static const query_pb::NoValue kNotApplicable =
      NoValueLike(query_pb::NO_VALUE_REASON_NOT_APPLICABLE, "M", ".", "ikkje aktuelt",
                  "ikke aktuelt", "not applicable");
  static const query_pb::NoValue kNoAnswer = NoValueLike(
      query_pb::NO_VALUE_REASON_NO_ANSWER, "O", "..", "ikkje svar", "ikke svar", "no answer");
  static const query_pb::NoValue kNotYet =
      NoValueLike(query_pb::NO_VALUE_REASON_NOT_YET, "O", "..", "ikkje klart enno",
                  "ikke klart ennå", "not ready yet");
  static const query_pb::NoValue kFilterUnknown = NoValueLike(
      query_pb::NO_VALUE_REASON_FILTER_UNKNOWN, "O", "..", "svaret på filterspørsmålet er ukjent",
      "svaret på filterspørsmålet er ukjent", "the answer to the filter question is unknown");
  switch (state) {
    case domain::CellState::kValue:
      break;
    case domain::CellState::kNotAsked:
      return kNotAsked;
    case domain::CellState::kNotApplicable:
      return kNotApplicable;
    case domain::CellState::kNoAnswer:
      return kNoAnswer;
    case domain::CellState::kNotYet:
      return kNotYet;
    case domain::CellState::kFilterUnknown:
      return kFilterUnknown;
  }
  return {};
}

query_pb::NoValue SeriesBreak() {
  return NoValueLike(query_pb::NO_VALUE_REASON_SERIES_BREAK, "M", ".", "brot i serien",
                     "brudd i serien", "break in the series");
}

query_pb::NoValue NotYet() { return NoValueOf(domain::CellState::kNotYet); }

std::string EtagOf(const query_pb::Figure& figure) {
  std::string bytes(kEtagLayout);
  if (figure.has_no_value()) {
    base::PutU8(bytes, 0);
    PutInt(bytes, figure.no_value().reason());
  } else {
    base::PutU8(bytes, 1);
    PutDouble(bytes, figure.value());
  }
  PutInt(bytes, figure.numerator());
  PutInt(bytes, figure.base());
  PutInt(bytes, figure.invited());
  PutInt(bytes, figure.responded());
  PutInt(bytes, figure.complete());
  PutInt(bytes, figure.filter_unknown());
  PutInt(bytes, figure.item_nonresponse());
  PutDouble(bytes, figure.rr1());
  base::PutU8(bytes, figure.has_estimate() ? 1 : 0);
  if (figure.has_estimate()) {
    const query_pb::Estimate& estimate = figure.estimate();
    PutDouble(bytes, estimate.value());
    PutDouble(bytes, estimate.lower());
    PutDouble(bytes, estimate.upper());
    PutDouble(bytes, estimate.level());
    PutInt(bytes, estimate.method());
    PutInt(bytes, estimate.status());
    PutDouble(bytes, estimate.standard_error());
    PutInt(bytes, estimate.df());
    PutDouble(bytes, estimate.effective_n());
    base::PutU8(bytes, estimate.has_base_units() ? 1 : 0);
    PutInt(bytes, estimate.base_units());
    PutInt(bytes, estimate.may_belong());
    PutDouble(bytes, estimate.bound_lower());
    PutDouble(bytes, estimate.bound_upper());
    PutInt(bytes, estimate.unrepresented());
  }
  PutInt(bytes, figure.rule_version());
  PutInt(bytes, figure.indicator_revision());
  PutInt(bytes, figure.questionnaire_version());
  PutInt(bytes, figure.frame_revision());
  const base::Digest digest = base::Sha256(bytes);
  return base::Hex(std::span<const uint8_t>(digest).first(kEtagBytes));
}

EditionFigures::EditionFigures(std::shared_ptr<const domain::Catalog> catalog, std::string edition,
                               std::shared_ptr<const domain::EditionCounts> counts)
    : catalog_(std::move(catalog)),
      edition_(std::move(edition)),
      entry_(catalog_->FindEdition(edition_)),
      counts_(std::move(counts)) {
  assert(entry_ != nullptr && counts_ != nullptr);
  for (const std::shared_ptr<const domain::CompiledIndicator>& indicator : plan().indicators()) {
    IndicatorFacts facts;
    if (const auto* document = catalog_->FindIndicator(indicator->id()); document != nullptr) {
      facts.revision = document->revision;
    }
    facts.decimals = indicator->definition().precision();
    facts.rate = indicator->kind() == model::INDICATOR_KIND_OUTCOME_RATE;
    indicators_.push_back(facts);
  }
}

store_pb::ReleaseFigure EditionFigures::Make(size_t index) const {
  const domain::FigurePlan::Cell cell = plan().CellAt(index);
  const domain::FigurePlan::Block& block = plan().blocks()[cell.block];
  const IndicatorFacts& indicator = indicators_[block.indicator];
  const domain::CellCounts counts = counts_->CountsOf(cell, entry_->state);
  std::vector<uint16_t> numbers;
  const std::vector<domain::StratumCell> strata = counts_->StrataOf(cell, &numbers);

  store_pb::ReleaseFigure out;
  query_pb::Figure& figure = *out.mutable_figure();
  figure.set_name(plan().NameOf(cell));
  if (counts.state != domain::CellState::kValue) {
    *figure.mutable_no_value() = NoValueOf(counts.state);
  } else if (counts.in_base == 0) {
    *figure.mutable_no_value() = NoValueOf(domain::CellState::kNoAnswer);
  } else {
    figure.set_value(static_cast<double>(counts.numerator) / counts.in_base);
    if (!indicator.rate) {
      *figure.mutable_estimate() =
          EstimateOf(strata, plan().indicators()[block.indicator]->bases()[block.basis].kind,
                     counts.may_belong());
    }
  }
  figure.set_numerator(counts.numerator);
  figure.set_base(counts.in_base);
  figure.set_invited(counts.invited);
  figure.set_responded(counts.responded);
  figure.set_filter_unknown(counts.filter_unknown);
  figure.set_item_nonresponse(counts.item_nonresponse);
  if (indicator.rate) {
    figure.set_complete(counts.complete);
    if (counts.in_base > 0) {
      figure.set_rr1(static_cast<double>(counts.complete) / counts.in_base);
    }
  }
  figure.set_indicator_revision(indicator.revision);
  figure.set_rule_version(kRuleVersion);
  figure.set_questionnaire_version(plan().questionnaire().version());
  figure.set_frame_revision(entry_->frame_revision);
  figure.set_unit("fraction");
  figure.set_decimals(indicator.decimals);
  figure.set_etag(EtagOf(figure));

  const int count = static_cast<int>(strata.size());
  out.mutable_strata()->Reserve(count);
  out.mutable_domain_frame()->Reserve(count);
  out.mutable_base()->Reserve(count);
  out.mutable_yes()->Reserve(count);
  for (size_t i = 0; i < strata.size(); ++i) {
    out.add_strata(numbers[i]);
    out.add_domain_frame(static_cast<uint32_t>(strata[i].domain_frame));
    out.add_base(static_cast<uint32_t>(strata[i].base));
    out.add_yes(static_cast<uint32_t>(strata[i].yes));
  }
  return out;
}

std::optional<store_pb::ReleaseFigure> EditionFigures::Find(std::string_view cell_name) const {
  const std::optional<size_t> index = plan().Find(cell_name);
  if (!index.has_value()) return std::nullopt;
  return Make(*index);
}

}  // namespace imdi::figures
