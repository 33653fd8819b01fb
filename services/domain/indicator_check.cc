// What can be said of an indicator document without knowing an edition.

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/document_form.h"
#include "services/domain/indicator.h"
#include "services/domain/measure.h"

namespace imdi::domain {
namespace {

constexpr size_t kBasisIdMax = 30;

// What a kind has, and what it must not have.
void CheckKind(const model::Indicator& indicator, DefinitionFindings& out) {
  const bool selection = indicator.has_selection();
  switch (indicator.kind()) {
    case model::INDICATOR_KIND_SHARE:
      if ((indicator.numerator().empty() && !selection) || indicator.bases().empty())
        out.push_back(Finding("indicator", "MISSING_BASE",
                              "a share has a numerator and at least one base", "state both"));
      if (!indicator.numerator().empty() && selection)
        out.push_back(Finding("indicator.selection", "NUMERATOR_TWICE",
                              "numerator and selection both say what counts", "keep one of them"));
      if (!indicator.question().empty())
        out.push_back(Finding("indicator.question", "TYPE_MISMATCH",
                              "a share names its question in the numerator or the selection",
                              "remove question, or make it a distribution"));
      break;
    case model::INDICATOR_KIND_DISTRIBUTION:
      if (indicator.question().empty())
        out.push_back(Finding("indicator.question", "MISSING_QUESTION",
                              "a distribution is of one question or one row of a grid", "name it"));
      if (indicator.bases().empty())
        out.push_back(Finding("indicator", "MISSING_BASE", "a distribution has at least one base",
                              "state it, for example answered(INT01)"));
      if (!indicator.numerator().empty() || selection)
        out.push_back(Finding("indicator", "TYPE_MISMATCH",
                              "every code of the question is a numerator of a distribution",
                              "remove numerator and selection, or make it a share"));
      break;
    case model::INDICATOR_KIND_OUTCOME_RATE:
      if (!indicator.numerator().empty() || !indicator.bases().empty() || selection ||
          !indicator.question().empty())
        out.push_back(Finding("indicator", "TYPE_MISMATCH",
                              "an outcome rate is counted from dispositions and has no expressions",
                              "remove numerator, bases, selection and question"));
      break;
    case model::INDICATOR_KIND_MEAN:
    case model::INDICATOR_KIND_TOTAL:
    case model::INDICATOR_KIND_RATIO:
    case model::INDICATOR_KIND_QUANTILE:
      if (indicator.bases().empty())
        out.push_back(Finding("indicator", "MISSING_BASE",
                              "a number is of the units of at least one base",
                              "state it, for example responded"));
      if (!indicator.numerator().empty() || selection || !indicator.question().empty())
        out.push_back(Finding("indicator", "TYPE_MISMATCH",
                              "what is added up of a unit stands in the measure",
                              "remove numerator, selection and question, or make it a share"));
      break;
    default:
      out.push_back(Finding("indicator.kind", "MISSING_KIND", "the kind is required",
                            "share, outcome_rate, distribution, mean, total, ratio or quantile"));
  }
}

// The numbers of a unit: what the kind needs of them, and what others must not have.
void CheckNumbers(const model::Indicator& indicator, DefinitionFindings& out) {
  const bool numeric = IsNumeric(indicator.kind());
  const bool ratio = indicator.kind() == model::INDICATOR_KIND_RATIO;
  const bool quantile = indicator.kind() == model::INDICATOR_KIND_QUANTILE;
  if (numeric) CheckMeasure("indicator.measure", indicator.measure(), out);
  if (ratio) CheckMeasure("indicator.denominator", indicator.denominator(), out);
  if (!numeric && indicator.has_measure())
    out.push_back(Finding("indicator.measure", "TYPE_MISMATCH",
                          "only a mean, a total, a ratio or a quantile is of a number",
                          "remove it, or choose one of these kinds"));
  if (!ratio && indicator.has_denominator())
    out.push_back(Finding("indicator.denominator", "TYPE_MISMATCH",
                          "only a ratio has a denominator", "remove it, or make it a ratio"));
  if (!quantile && indicator.quantile_thousandths() != 0)
    out.push_back(Finding("indicator.quantile_thousandths", "TYPE_MISMATCH",
                          "only a quantile says which one", "remove it, or make it a quantile"));
  else if (indicator.quantile_thousandths() < 0 || indicator.quantile_thousandths() > 999)
    out.push_back(Finding("indicator.quantile_thousandths", "BAD_BOUNDS",
                          "a quantile is 1 to 999 thousandths, or 0 for the median", "correct it"));
  if (!numeric && indicator.has_unit())
    out.push_back(
        Finding("indicator.unit", "TYPE_MISMATCH", "a share is counted in percent", "remove it"));
  else if (indicator.has_unit() && !Complete(indicator.unit()))
    out.push_back(Finding("indicator.unit", "MISSING_TEXT", "nynorsk and bokmål are both required",
                          "add the missing text, or remove the unit of a pure number"));
}

// Weights and interval of its estimates, and what may stand beside them.
void CheckEstimation(const model::Indicator& indicator, DefinitionFindings& out) {
  const bool rate = indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE;
  const bool built_in = IsBuiltInWeights(indicator.weights());
  if (!indicator.weights().empty() && WeightSetNameOf(indicator.weights()).id.empty())
    out.push_back(
        Finding("indicator.weights", "BAD_NAME",
                base::StrCat(base::Quoted(indicator.weights()), " is not a weight set name"),
                "surveys/{survey}/weightSets/{weight_set}, or leave it out"));
  else if (rate && !indicator.weights().empty())
    out.push_back(Finding("indicator.weights", "WEIGHTS_NOT_FOR_KIND",
                          "an outcome rate is of all who were invited and estimates nothing",
                          "remove the weights"));
  if (!model::IntervalChoice_IsValid(indicator.interval()))
    out.push_back(Finding("indicator.interval", "BAD_INTERVAL", "there is no such interval",
                          "wilson, wald, logit or beta, or leave it out"));
  else if (indicator.interval() != model::INTERVAL_CHOICE_UNSPECIFIED &&
           indicator.kind() != model::INDICATOR_KIND_SHARE &&
           indicator.kind() != model::INDICATOR_KIND_DISTRIBUTION)
    out.push_back(Finding("indicator.interval", "INTERVAL_NOT_FOR_KIND",
                          "only shares and distributions have a choice of interval", "remove it"));
  if (indicator.compare().empty()) return;
  if (IsNumeric(indicator.kind()))
    out.push_back(Finding("indicator.compare", "COMPARISON_NEEDS_SHARE",
                          "changes between years are tested of shares only",
                          "remove compare, or make it a share"));
  if (!built_in)
    out.push_back(Finding("indicator.compare", "COMPARISON_NEEDS_BUILT_IN_WEIGHTS",
                          "changes between years are tested under the built-in weights only",
                          "remove compare or weights"));
}

void CheckSelection(const model::Selection& selection, DefinitionFindings& out) {
  const std::string path = "indicator.selection";
  if (selection.question().empty())
    out.push_back(Finding(path + ".question", "MISSING_QUESTION", "the question is required",
                          "name a closed question"));
  if (selection.codes().empty())
    out.push_back(Finding(path + ".codes", "MISSING_CODES", "no answer would ever count",
                          "state the codes that count"));
  std::set<int32_t> codes;
  for (int i = 0; i < selection.codes_size(); ++i) {
    if (!codes.insert(selection.codes(i)).second)
      out.push_back(Finding(base::StrCat(path, ".codes[", i, "]"), "DUPLICATE",
                            base::StrCat("code ", selection.codes(i), " stands twice"),
                            "leave one of them out"));
  }
  std::set<std::string_view> rows;
  for (int i = 0; i < selection.rows_size(); ++i) {
    if (!rows.insert(selection.rows(i)).second)
      out.push_back(Finding(base::StrCat(path, ".rows[", i, "]"), "DUPLICATE",
                            "the row stands twice", "leave one of them out"));
  }
  const bool rule =
      selection.row_rule() == model::ROW_RULE_ANY || selection.row_rule() == model::ROW_RULE_ALL;
  if (!selection.rows().empty() && !rule)
    out.push_back(Finding(path + ".row_rule", "MISSING_ROW_RULE",
                          "it is not said how the rows count together", "any or all"));
  if (selection.rows().empty() && selection.row_rule() != model::ROW_RULE_UNSPECIFIED)
    out.push_back(Finding(path + ".row_rule", "TYPE_MISMATCH", "there are no rows to count",
                          "name rows of a grid, or remove it"));
}

void CheckBases(const model::Indicator& indicator, DefinitionFindings& out) {
  std::set<std::string_view> ids;
  for (int i = 0; i < indicator.bases_size(); ++i) {
    const model::Basis& basis = indicator.bases(i);
    const std::string path = base::StrCat("indicator.bases[", i, "]");
    if (!IsUpperCaseId(basis.id()) || basis.id().size() > kBasisIdMax ||
        !ids.insert(basis.id()).second)
      out.push_back(Finding(path + ".id", "BAD_ID", "not a base id, or it stands twice",
                            "upper case letters, digits, '_', at most 30"));
    if (!Complete(basis.title()))
      out.push_back(Finding(path + ".title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                            "add the missing text"));
    if (basis.base().find_first_not_of(" \t\r\n") == std::string::npos)
      out.push_back(Finding(path + ".base", "EMPTY_EXPRESSION", "a base needs an expression",
                            "write responded for all that answered the survey"));
  }
}

bool IsAggregateOnly(const model::Indicator& indicator) {
  return indicator.policy() == model::DISCLOSURE_POLICY_UNSPECIFIED ||
         indicator.policy() == model::DISCLOSURE_POLICY_AGGREGATE_ONLY;
}

// Policy against bounds: what nobody may see of single units must not show through small cells.
void CheckPolicy(const model::Indicator& indicator, DefinitionFindings& out) {
  if (!model::DisclosurePolicy_IsValid(indicator.policy()))
    out.push_back(Finding("indicator.policy", "BAD_POLICY", "there is no such policy",
                          "public_per_unit, internal_per_unit or aggregate_only"));
  const bool aggregate = IsAggregateOnly(indicator);
  const int32_t base_min = aggregate ? base::kAggregateBaseMin : 0;
  const int32_t count_min = aggregate ? base::kAggregateCountMin : 0;
  const std::string_view why = aggregate ? " under aggregate_only" : "";
  if (indicator.min_base() < base_min)
    out.push_back(Finding("indicator.min_base", "POLICY_TOO_WEAK",
                          base::StrCat("min_base is at least ", base_min, why), "raise it"));
  if (indicator.min_count() < count_min)
    out.push_back(Finding("indicator.min_count", "POLICY_TOO_WEAK",
                          base::StrCat("min_count is at least ", count_min, why), "raise it"));
}

void CheckBreakdowns(const model::Indicator& indicator, DefinitionFindings& out) {
  std::set<std::string_view> breakdowns;
  for (int i = 0; i < indicator.breakdowns_size(); ++i) {
    if (!breakdowns.insert(indicator.breakdowns(i)).second)
      out.push_back(Finding(base::StrCat("indicator.breakdowns[", i, "]"), "DUPLICATE",
                            "the variable stands twice", "leave one of them out"));
  }
  if (indicator.crossings_size() > kCrossingsMax)
    out.push_back(Finding("indicator.crossings", "TOO_MANY_CROSSINGS",
                          base::StrCat("at most ", kCrossingsMax, " crossings"),
                          "keep those that are read"));
  std::set<std::pair<std::string, std::string>> crossings;
  for (int i = 0; i < indicator.crossings_size(); ++i) {
    const auto& attributes = indicator.crossings(i).attributes();
    const std::string path = base::StrCat("indicator.crossings[", i, "]");
    if (attributes.size() != 2 || attributes[0] == attributes[1]) {
      out.push_back(Finding(path, "BAD_CROSSING", "a crossing is of two different variables",
                            "name exactly two"));
      continue;
    }
    if (!crossings.insert(std::minmax(attributes[0], attributes[1])).second)
      out.push_back(
          Finding(path, "DUPLICATE", "the crossing stands twice", "leave one of them out"));
  }
  std::set<int32_t> years;
  for (int i = 0; i < indicator.compare_size(); ++i) {
    const model::Comparison& comparison = indicator.compare(i);
    const std::string path = base::StrCat("indicator.compare[", i, "]");
    if (comparison.year() < 1990 || comparison.year() > 2100)
      out.push_back(Finding(path + ".year", "BAD_YEAR", "not a reference year", "1990 to 2100"));
    if (!years.insert(comparison.year()).second)
      out.push_back(Finding(path + ".year", "DUPLICATE",
                            base::StrCat(comparison.year(), " is compared twice"),
                            "leave one of them out"));
    if (comparison.group().empty()) continue;
    const size_t equals = comparison.group().find('=');
    if (equals == std::string::npos || equals + 1 == comparison.group().size())
      out.push_back(Finding(path + ".group", "BAD_GROUP",
                            base::StrCat(base::Quoted(comparison.group()), " is not a group"),
                            "{variable}={group}, for example unit_type=municipality"));
    else if (!breakdowns.contains(std::string_view(comparison.group()).substr(0, equals)))
      out.push_back(Finding(path + ".group", "GROUP_WITHOUT_BREAKDOWN",
                            base::StrCat("there are no figures by ",
                                         std::string_view(comparison.group()).substr(0, equals)),
                            "name it under breakdowns too"));
  }
}

// Numbers that no code list ends: answers in numbers, and numbers of the frame.
bool HasNoEnds(const model::Measure& measure) {
  return measure.has_question() || measure.has_frame();
}

}  // namespace

DefinitionFindings CheckEstimatorForPolicy(const model::Indicator& indicator) {
  const bool quantile = indicator.kind() == model::INDICATOR_KIND_QUANTILE;
  const bool sum = IsNumeric(indicator.kind()) && !quantile &&
                   (HasNoEnds(indicator.measure()) || HasNoEnds(indicator.denominator()));
  if (!(quantile || sum) || !IsAggregateOnly(indicator) ||
      indicator.min_base() >= base::kAggregateNumberBaseMin)
    return {};
  return {Finding(
      "indicator.min_base", "ESTIMATOR_NOT_FOR_POLICY",
      base::StrCat(quantile ? "a quantile is the number of one unit"
                            : "one unit can be most of a sum of such numbers",
                   ": under aggregate_only min_base is at least ", base::kAggregateNumberBaseMin),
      base::StrCat("raise it to ", base::kAggregateNumberBaseMin,
                   ", or choose another kind or policy"))};
}

DefinitionFindings CheckIndicator(const model::Indicator& indicator,
                                  CompiledIndicator::Origin origin) {
  DefinitionFindings out;
  constexpr std::string_view kPrefix = "indicators/";
  const std::string_view name = indicator.name();
  if (!name.starts_with(kPrefix) || !IsUpperCaseId(name.substr(kPrefix.size()))) {
    out.push_back(Finding("indicator.name", "BAD_NAME",
                          base::StrCat(base::Quoted(name), " is not an indicator name"),
                          "indicators/{ID}: upper case letters, digits, '_'"));
  } else if (name.substr(kPrefix.size()).starts_with(kAutomaticPrefix) &&
             origin == CompiledIndicator::Origin::kDocument) {
    out.push_back(Finding(
        "indicator.name", "RESERVED_ID",
        base::StrCat(kAutomaticPrefix, " begins the indicators that follow from the questions"),
        "begin it otherwise, for example with IND_"));
  }
  if (!Complete(indicator.title()))
    out.push_back(Finding("indicator.title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                          "add the missing text"));
  CheckKind(indicator, out);
  if (indicator.has_selection()) CheckSelection(indicator.selection(), out);
  CheckNumbers(indicator, out);
  CheckBases(indicator, out);
  CheckEstimation(indicator, out);
  if (indicator.precision() < 0 || indicator.precision() > 3)
    out.push_back(Finding("indicator.precision", "BAD_BOUNDS", "0 to 3 decimals", "correct it"));
  CheckPolicy(indicator, out);
  CheckBreakdowns(indicator, out);
  if (indicator.editions().empty())
    out.push_back(Finding("indicator.editions", "MISSING_EDITION",
                          "at least one edition is required", "name it as editions/{edition}"));
  std::set<std::string_view> editions;
  for (int i = 0; i < indicator.editions_size(); ++i) {
    if (!editions.insert(indicator.editions(i)).second)
      out.push_back(Finding(base::StrCat("indicator.editions[", i, "]"), "DUPLICATE",
                            "the edition stands twice", "leave one of them out"));
  }
  return out;
}

}  // namespace imdi::domain
