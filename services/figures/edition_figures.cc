#include "services/figures/edition_figures.h"

#include <cassert>
#include <utility>

#include "services/base/encoding.h"
#include "services/base/text.h"
#include "services/figures/etag_bytes.h"
#include "services/figures/exact_sums.h"
#include "services/figures/figure_estimate.h"
#include "services/figures/texts.h"

namespace imdi::figures {
namespace {

// Ahead of all else that an etag covers: another layout of the bytes below is another tag.
constexpr std::string_view kFigureEtagLayout = "figure/1";

query_pb::NoValue NoValueLike(query_pb::NoValueReason reason, const char* sdmx_status,
                              const char* sign, const char* nn, const char* nb, const char* en) {
  query_pb::NoValue out;
  out.set_reason(reason);
  out.set_sdmx_status(sdmx_status);
  out.set_sign(sign);
  *out.mutable_text() = Text(nn, nb, en);
  return out;
}

// What only some figures have: each piece where it is there, behind a byte that names it. A figure
// without any has the tag that it had before there were such.
void PutPieces(std::string& out, const query_pb::Figure& figure) {
  if (figure.unit() == kNumberUnit) {
    base::PutU8(out, 1);
    PutInt(out, figure.sum());
    PutInt(out, figure.denominator_sum());
    PutInt(out, figure.silent_denominator());
    PutInt(out, figure.sum_decimals());
    PutInt(out, figure.denominator_decimals());
    const query_pb::Estimate& estimate = figure.estimate();
    base::PutU8(out, estimate.unbounded() ? 1 : 0);
    base::PutU8(out, estimate.lower_open() ? 1 : 0);
    base::PutU8(out, estimate.upper_open() ? 1 : 0);
  }
  if (figure.weight_set_revision() > 0) {
    base::PutU8(out, 2);
    PutText(out, figure.weight_set());
    PutInt(out, figure.weight_set_revision());
  }
  if (figure.has_estimate_problem()) {
    base::PutU8(out, 3);
    PutText(out, figure.estimate_problem().reason());
  }
}

void SetNumbers(const domain::CompiledIndicator& indicator, const FigureEstimate& made,
                query_pb::Figure& figure) {
  *figure.mutable_unit_title() = indicator.definition().unit();
  figure.set_sum_decimals(indicator.measure().decimals);
  if (indicator.kind() == model::INDICATOR_KIND_QUANTILE) return;
  figure.set_sum(made.sum);
  if (indicator.kind() != model::INDICATOR_KIND_RATIO) return;
  figure.set_denominator_sum(made.denominator_sum);
  figure.set_denominator_decimals(indicator.denominator().decimals);
  figure.set_silent_denominator(made.silent_denominator.value_or(0));
}

void PutEvidence(const FigureEstimate& made, bool total, store_pb::ReleaseFigure& out) {
  const int count = static_cast<int>(made.lines.size());
  out.mutable_strata()->Reserve(count);
  out.mutable_domain_frame()->Reserve(count);
  out.mutable_base()->Reserve(count);
  out.mutable_yes()->Reserve(count);
  for (size_t i = 0; i < made.lines.size(); ++i) {
    out.add_strata(made.places[i]);
    out.add_domain_frame(static_cast<uint32_t>(made.lines[i].domain_frame));
    out.add_base(static_cast<uint32_t>(made.lines[i].base));
    out.add_yes(static_cast<uint32_t>(made.lines[i].yes));
  }
  for (const domain::SumsCell& sums : made.sums) {
    query_pb::Sums& one = *out.add_sums();
    one = SumsOf(sums);
    if (total) one.set_determined(sums.responded);
  }
  out.mutable_quantile()->Assign(made.quantile.begin(), made.quantile.end());
}

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
  std::string bytes(kFigureEtagLayout);
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
  PutPieces(bytes, figure);
  return TagOf(bytes);
}

EditionFigures::EditionFigures(std::shared_ptr<const domain::Catalog> catalog, std::string edition,
                               std::shared_ptr<const domain::EditionCounts> counts)
    : catalog_(std::move(catalog)),
      edition_(std::move(edition)),
      entry_(catalog_->FindEdition(edition_)),
      counts_(std::move(counts)) {
  assert(entry_ != nullptr && counts_ != nullptr);
  weights_ = std::make_unique<const LayoutWeights>(counts_);
  const std::string built_in = entry_->definition == nullptr
                                   ? std::string()
                                   : domain::BuiltInWeightsOf(entry_->definition->survey());
  for (const std::shared_ptr<const domain::CompiledIndicator>& indicator : plan().indicators()) {
    IndicatorFacts& facts = indicators_.emplace_back();
    if (const auto* document = catalog_->FindIndicator(indicator->id()); document != nullptr) {
      facts.revision = document->revision;
    }
    if (indicator->weights() != nullptr) {
      facts.weight_set = indicator->weights()->name();
      facts.weight_set_revision = catalog_->RevisionOf(facts.weight_set);
    } else if (indicator->kind() != model::INDICATOR_KIND_OUTCOME_RATE) {
      facts.weight_set = built_in;
    }
  }
}

store_pb::ReleaseFigure EditionFigures::Make(size_t index) const {
  const domain::FigurePlan::Cell cell = plan().CellAt(index);
  const domain::FigurePlan::Block& block = plan().blocks()[cell.block];
  const domain::CompiledIndicator& indicator = plan().IndicatorOf(block);
  const IndicatorFacts& facts = indicators_[block.indicator];
  const domain::CellCounts counts = counts_->CountsOf(cell, entry_->state);
  FigureEstimate made = EstimateFigure(*counts_, cell, counts, *weights_);

  store_pb::ReleaseFigure out;
  query_pb::Figure& figure = *out.mutable_figure();
  figure.set_name(plan().NameOf(cell));
  if (counts.state != domain::CellState::kValue) {
    *figure.mutable_no_value() = NoValueOf(counts.state);
  } else if (made.value.has_value()) {
    figure.set_value(*made.value);
    if (made.problem.has_value()) *figure.mutable_estimate_problem() = *std::move(made.problem);
  } else {
    // Nobody in the base; or a ratio of those that answered with nothing to divide by.
    *figure.mutable_no_value() = NoValueOf(counts.in_base == 0 ? domain::CellState::kNoAnswer
                                                               : domain::CellState::kNotApplicable);
  }
  if (made.estimate.has_value()) *figure.mutable_estimate() = *std::move(made.estimate);
  figure.set_base(counts.in_base);
  figure.set_invited(counts.invited);
  figure.set_responded(counts.responded);
  figure.set_filter_unknown(counts.filter_unknown);
  figure.set_item_nonresponse(counts.item_nonresponse);
  if (indicator.numeric()) {
    SetNumbers(indicator, made, figure);
  } else {
    figure.set_numerator(counts.numerator);
  }
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    figure.set_complete(counts.complete);
    if (counts.in_base > 0) {
      figure.set_rr1(static_cast<double>(counts.complete) / counts.in_base);
    }
  }
  figure.set_indicator_revision(facts.revision);
  figure.set_rule_version(kRuleVersion);
  figure.set_questionnaire_version(plan().questionnaire().version());
  figure.set_frame_revision(entry_->frame_revision);
  figure.set_weight_set(facts.weight_set);
  figure.set_weight_set_revision(facts.weight_set_revision);
  figure.set_unit(std::string(indicator.numeric() ? kNumberUnit : kFractionUnit));
  figure.set_decimals(indicator.definition().precision());
  figure.set_etag(EtagOf(figure));
  out.set_weight_set(block.layout);
  PutEvidence(made, indicator.kind() == model::INDICATOR_KIND_TOTAL, out);
  return out;
}

std::optional<store_pb::ReleaseFigure> EditionFigures::Find(std::string_view cell_name) const {
  const std::optional<size_t> index = plan().Find(cell_name);
  if (!index.has_value()) return std::nullopt;
  return Make(*index);
}

}  // namespace imdi::figures
