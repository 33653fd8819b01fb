#include "clients/cli/explain_text.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
using base::StrCat;

constexpr size_t kStratumColumns = 44;

// The name of a change, and its sixteen counts by stratum: s silent, o outside the base, n no, y
// yes; "ny" = no earlier, yes later.
std::string ChangeTable(const query_api::Explanation& answer) {
  constexpr std::string_view kStates = "sony";
  const query_api::ChangeFigure& change = answer.change();
  std::string text = StrCat("change ", change.name(), "\n", "between ", change.earlier().figure(),
                            "\nand     ", change.later().figure(), "\n\n");
  std::vector<std::vector<std::string>> rows = {{"stratum", "N_a", "N_b", "N_ab"}};
  for (const char earlier : kStates) {
    for (const char later : kStates) rows[0].push_back({earlier, later});
  }
  for (const query_api::ChangeStratum& stratum : answer.change_strata()) {
    std::vector<std::string>& row = rows.emplace_back();
    row = {stratum.stratum(), StrCat(stratum.frame_earlier()), StrCat(stratum.frame_later()),
           StrCat(stratum.frame_both())};
    for (const int32_t units : stratum.states()) row.push_back(units == 0 ? "" : StrCat(units));
  }
  return StrCat(text, FormatTable(rows),
                "s silent, o outside the base, n no, y yes; earlier state, then later\n");
}

// "raked", "linear" …
std::string MethodOf(model::WeightMethod method) {
  switch (method) {
    case model::WEIGHT_METHOD_POSTSTRATIFIED:
      return "post-stratified";
    case model::WEIGHT_METHOD_RAKED:
      return "raked";
    case model::WEIGHT_METHOD_LINEAR:
      return "calibrated linearly";
    default:
      return "";  // By strata alone.
  }
}

// Which weights, what they were brought to, and how uneven they are.
std::string WeightsText(const query_api::WeightSetInfo& weights, const std::string& title) {
  std::string text =
      StrCat("weighted by ", weights.name(),
             weights.revision() > 0 ? StrCat("@", weights.revision()) : std::string(" (built in)"));
  for (const std::string& words : {title, MethodOf(weights.method())}) {
    if (!words.empty()) base::StrAppend(text, "; ", words);
  }
  text += '\n';
  if (weights.has_problem()) {
    base::StrAppend(text, "no weights: ", weights.problem().reason(), ": ",
                    Wrap(weights.problem().message(), 12, kTextColumns), "\n");
  }
  if (!weights.targets().empty()) {
    std::vector<std::vector<std::string>> rows = {
        {"calibrated to", "frame", "weighted before", "weighted after"}};
    for (const query_api::WeightTarget& target : weights.targets()) {
      rows.push_back({target.level(), Number(target.frame(), "%.10g"),
                      Number(target.before(), "%.4f"), Number(target.after(), "%.4f")});
    }
    text += FormatTable(rows);
  }
  if (weights.largest() > 0) {
    base::StrAppend(text, "weights from ", Number(weights.smallest(), "%.4f"), " to ",
                    Number(weights.largest(), "%.4f"), ", Kish's design effect ",
                    Number(weights.kish_design_effect(), "%.4f"), "\n");
  }
  return text;
}

// The lines that the estimate rests on: strata, or with calibrated weights the cells that share a
// weight; with the counts and sums that the kind of figure has. `title_of` says what a stratum is
// called.
std::string EvidenceTable(const query_api::Explanation& answer, const LabelOf& label) {
  const auto& lines = answer.strata();
  const auto any = [&](const auto& has) { return std::any_of(lines.begin(), lines.end(), has); };
  const bool cells = any([](const auto& line) { return line.cell_frame() > 0; });
  const bool sums = any([](const auto& line) { return line.has_sums(); });
  const bool quantile = any([](const auto& line) { return line.has_quantile(); });
  const bool ratio = sums && !answer.denominator().empty();  // Of a mean or a total b is 1.
  const bool total = any([](const auto& line) { return line.sums().determined() > 0; });
  std::vector<std::vector<std::string>> rows = {{"stratum"}};
  const auto head = [&](std::initializer_list<const char*> names) {
    rows[0].insert(rows[0].end(), names.begin(), names.end());
  };
  if (cells) {
    head({"N_h", "r_h", "cell", "invited", "answered", "weight", "group N", "base m"});
  } else {
    head({"invited N", "answered r", "weight N/r", "cell N", "base m"});
  }
  if (!sums && !quantile) head({"yes y"});
  if (total) head({"settled q"});
  if (sums) head({"sum a", "sum a²"});
  if (ratio) head({"sum b", "sum b²", "sum ab"});
  if (quantile)
    head({"up to it", "below it", "below lower", "to lower", "below upper", "to upper"});
  int left_out = 0;
  for (const query_api::StratumEvidence& line : lines) {
    if (cells && line.cell_responded() == 0 && line.domain_frame() == 0) {
      ++left_out;
      continue;
    }
    std::vector<std::string>& row = rows.emplace_back();
    std::string title = label(line.title());
    row.push_back(Fit(title.empty() ? line.stratum() : std::move(title), kStratumColumns));
    const auto add = [&](const auto&... values) { (row.push_back(StrCat(values)), ...); };
    if (cells) add(line.frame(), line.responded(), base::StrJoin(line.levels(), " "));
    add(cells ? line.cell_frame() : line.frame(), cells ? line.cell_responded() : line.responded(),
        Number(line.weight(), "%.4f"), line.domain_frame(), line.base());
    if (!sums && !quantile) add(line.yes());
    if (!line.has_sums() && (sums || total)) continue;  // Nobody of it is in the base.
    if (total) add(line.sums().determined());
    if (sums) add(line.sums().a(), line.sums().aa());
    if (ratio) add(line.sums().b(), line.sums().bb(), line.sums().ab());
    if (quantile) {
      const query_api::QuantileCounts& counts = line.quantile();
      add(line.yes(), counts.below(), counts.below_lower(), counts.to_lower(), counts.below_upper(),
          counts.to_upper());
    }
  }
  std::string text = FormatTable(rows);
  if (left_out > 0)
    base::StrAppend(text, left_out,
                    " more cells, without units of the group, in which nobody answered\n");
  const query_api::Figure& figure = answer.figure();
  if (sums && figure.sum_decimals() > 0)
    base::StrAppend(text, "a in units of 10^-", figure.sum_decimals(), "\n");
  if (ratio && figure.denominator_decimals() > 0)
    base::StrAppend(text, "b in units of 10^-", figure.denominator_decimals(), "\n");
  return text;
}

}  // namespace

std::string ExplanationText(const query_api::Explanation& answer, const LabelOf& label) {
  const query_api::Figure& figure = answer.figure();
  std::string text =
      StrCat(figure.name(), "\n", label(figure.title()), "; ", label(figure.basis_title()), "\n");
  if (!answer.measure().empty())
    base::StrAppend(text, "number        ", answer.measure(), "\n");
  else if (!answer.numerator_expression().empty())
    base::StrAppend(text, "counts where  ", answer.numerator_expression(), "\n");
  if (!answer.denominator().empty())
    base::StrAppend(text, "divided by    ", answer.denominator(), "\n");
  if (!answer.base_expression().empty())
    base::StrAppend(text, "of those with ", answer.base_expression(), "\n");
  base::StrAppend(text, "rests on log ", answer.log_id(), " up to position ", answer.position(),
                  ", rules of version ", figure.rule_version(), "\n\n");
  if (answer.has_change()) base::StrAppend(text, ChangeTable(answer), "\n");
  if (answer.has_weights() && !answer.has_change())
    base::StrAppend(text, WeightsText(answer.weights(), label(answer.weights().title())), "\n");
  if (figure.has_estimate_problem())
    base::StrAppend(text, "no estimate: ", figure.estimate_problem().reason(), ": ",
                    Wrap(figure.estimate_problem().message(), 13, kTextColumns), "\n\n");
  if (!answer.has_change()) {
    base::StrAppend(text, EvidenceTable(answer, label), "\n");
  }
  for (const query_api::CollapsedStratum& collapsed : answer.collapsed()) {
    base::StrAppend(text, "joined: ", collapsed.from(), " into ", collapsed.into(), ": ",
                    label(collapsed.reason()), "\n");
  }
  if (!answer.collapsed().empty()) text += '\n';
  // Steps that follow one formula, stratum by stratum, need it once.
  std::string formula;
  for (const query_api::FormulaStep& step : answer.steps()) {
    base::StrAppend(text, step.symbol(), " = ", Number(step.result(), "%.10g"), "   ",
                    label(step.title()), "\n");
    if (!step.formula().empty() && step.formula() != std::exchange(formula, step.formula()))
      base::StrAppend(text, "    = ", Wrap(step.formula(), 6, kTextColumns), "\n");
    if (!step.substituted().empty())
      base::StrAppend(text, "    = ", Wrap(step.substituted(), 6, kTextColumns), "\n");
  }
  text += '\n';
  for (const query_api::DefinitionRevision& definition : answer.definitions())
    base::StrAppend(text, definition.name(), "@", definition.revision(), "\n");
  return text;
}

}  // namespace imdi::cli
