#include "services/domain/measure.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/document_form.h"
#include "services/domain/weight_set.h"

namespace imdi::domain {
namespace {

using Source = CompiledIndicator::Measure::Source;

constexpr size_t kMunicipalityDigits = 4;

void CheckScores(const std::string& path, const model::CodeScores& scores,
                 DefinitionFindings& out) {
  if (scores.question().empty())
    out.push_back(Finding(path + ".question", "MISSING_QUESTION", "the question is required",
                          "name a single choice, or a row of a grid"));
  if (scores.scores_size() < 2)
    out.push_back(Finding(path + ".scores", "MISSING_CODES",
                          "at least two codes have a score, or there is nothing to average",
                          "state the score of each code that has one"));
  std::set<int32_t> codes;
  for (int i = 0; i < scores.scores_size(); ++i) {
    const model::CodeScore& one = scores.scores(i);
    const std::string place = base::StrCat(path, ".scores[", i, "]");
    if (!codes.insert(one.code()).second)
      out.push_back(Finding(place + ".code", "DUPLICATE",
                            base::StrCat("code ", one.code(), " stands twice"),
                            "leave one of them out"));
    if (one.score() < -kScoreMax || one.score() > kScoreMax)
      out.push_back(Finding(place + ".score", "BAD_BOUNDS",
                            base::StrCat("a score is -", kScoreMax, " to ", kScoreMax),
                            "correct it"));
  }
}

// The answer to a question that holds a number.
void ReadNumber(const std::string& path, const std::string& id, IndicatorReader& reader,
                CompiledMeasure& out) {
  const Question* question = reader.FindQuestion(path, id);
  if (question == nullptr) return;
  if (question->type != model::QUESTION_TYPE_NUMERIC) {
    reader.Add(path, "TYPE_MISMATCH", base::StrCat(id, " is not answered with a number"),
               "name a numeric question; write scores for a single choice, options for a multiple");
    return;
  }
  const model::NumericRule& rule = question->numeric;
  if (rule.min() < -kMeasureMax || rule.max() > kMeasureMax) {
    reader.Add(path, "MEASURE_TOO_LARGE",
               base::StrCat("answers to ", id, " go from ", rule.min(), " to ", rule.max(),
                            "; sums hold numbers to ", kMeasureMax, " to either side"),
               "ask in a larger unit, or with fewer decimals");
    return;
  }
  out.measure.source = Source::kNumber;
  out.measure.item = question->first_item;
  out.measure.decimals = rule.decimals();
  out.measure.text = id;
  out.needs = base::StrCat("answered(", id, ")");
  out.answers_without = rule.allow_dont_know();
}

void ReadOptions(const std::string& path, const std::string& id, IndicatorReader& reader,
                 CompiledMeasure& out) {
  const Question* question = reader.FindQuestion(path, id);
  if (question == nullptr) return;
  if (question->type != model::QUESTION_TYPE_MULTI) {
    reader.Add(path, "TYPE_MISMATCH", base::StrCat(id, " is not a multiple choice"),
               "name a question of which several options may be chosen");
    return;
  }
  out.measure.source = Source::kOptions;
  out.measure.item = question->first_item;
  out.measure.text = base::StrCat("options(", id, ")");
  out.needs = base::StrCat("answered(", id, ")");
}

void ReadScores(const std::string& path, const model::CodeScores& scores, IndicatorReader& reader,
                CompiledMeasure& out) {
  const std::string& id = scores.question();
  const Question* question =
      reader.FindQuestion(path + ".question", std::string_view(id).substr(0, id.find('.')));
  if (question == nullptr) return;
  const std::optional<ItemIndex> item = reader.questionnaire().FindItem(id);
  if (!item.has_value() || reader.questionnaire().items()[*item].type != ValueType::kCode) {
    const bool grid = question->type == model::QUESTION_TYPE_GRID;
    reader.Add(path + ".question", "TYPE_MISMATCH",
               base::StrCat(id, " is not answered with one code"),
               grid ? base::StrCat("name a row of the grid, for example ",
                                   reader.questionnaire().items()[question->first_item].id)
                    : std::string("name a single choice, or a row of a grid"));
    return;
  }
  out.measure.source = Source::kScores;
  out.measure.item = *item;
  for (int i = 0; i < scores.scores_size(); ++i) {
    const model::CodeScore& one = scores.scores(i);
    if (question->code_bits.Has(one.code()))
      out.measure.scores.emplace_back(one.code(), one.score());
    else
      reader.Add(base::StrCat(path, ".scores[", i, "].code"), "UNKNOWN_CODE",
                 base::StrCat(id, " has no code ", one.code()), "name one of its codes");
  }
  std::ranges::sort(out.measure.scores);
  std::vector<std::string> pairs;
  for (const auto& [code, score] : out.measure.scores)
    pairs.push_back(base::StrCat(code, "=", score));
  out.measure.text = base::StrCat("score(", id, ": ", base::StrJoin(pairs, ", "), ")");
  out.needs = base::StrCat("answered(", id, ")");
  out.answers_without = out.measure.scores.size() < question->codes.size();
}

void ReadFrameNumber(model::FrameNumber number, CompiledMeasure& out) {
  out.measure.source = Source::kFrame;
  out.measure.number = number;
  out.measure.text = FrameNumberName(number);
}

// `sums`: a unit where `when` cannot hold is no part. `twice`: bases of which OSLO_TWICE was said.
void CheckFrameNumber(const std::string& path, const CompiledIndicator::Measure& measure,
                      const std::vector<CompiledIndicator::Basis>& bases, bool sums,
                      IndicatorReader& reader, std::vector<bool>* twice) {
  const CompiledFrame& frame = reader.frame();
  const std::vector<bool> of_municipalities =
      reader.questionnaire().ScopeFor(model::UNIT_TYPE_MUNICIPALITY);
  const std::vector<bool> of_districts = reader.questionnaire().ScopeFor(model::UNIT_TYPE_DISTRICT);
  for (size_t b = 0; b < bases.size(); ++b) {
    const UnitIndex none = static_cast<UnitIndex>(frame.size());
    UnitIndex unknown = none;
    std::set<std::string_view> municipalities;
    std::set<std::string_view> with_districts;
    for (UnitIndex unit = 0; unit < frame.size(); ++unit) {
      const UnitFacts facts = frame.FactsOf(unit);
      const bool district = facts.type == model::UNIT_TYPE_DISTRICT;
      const std::vector<bool>& in_scope = district ? of_districts : of_municipalities;
      if (frame.unit(unit).out_of_scope() || !CanBeTrue(bases[b].base, facts, in_scope)) continue;
      // Where `when` cannot hold the number is 0, known or not.
      const bool counts = CanBeTrue(measure.when, facts, in_scope);
      if (counts && unknown == none && NumberOf(frame, unit, measure.number) == 0) unknown = unit;
      if (sums && !counts) continue;
      const std::string_view code = frame.unit(unit).code();
      (district ? with_districts : municipalities).insert(code.substr(0, kMunicipalityDigits));
    }
    const std::string base_path = base::StrCat("indicator.bases[", b, "].base");
    if (unknown != none)
      reader.Add(path, "NUMBER_UNKNOWN",
                 base::StrCat("the frame of ", reader.questionnaire().edition_id(),
                              " does not know it of unit ", frame.unit(unknown).code(),
                              ", which the base ", bases[b].id, " can hold"),
                 "state it in the frame, or narrow the base");
    for (const std::string_view code : with_districts) {
      if ((*twice)[b] || !municipalities.contains(code)) continue;
      (*twice)[b] = true;
      reader.Add(base_path, "OSLO_TWICE",
                 base::StrCat("municipality ", code,
                              " and its districts can both be in the base, and everybody who "
                              "lives there would count twice"),
                 "count by municipalities (and unit.type == municipality), or leave the "
                 "municipality itself out and count by its districts");
    }
  }
}

}  // namespace

void CheckMeasure(const std::string& path, const model::Measure& measure, DefinitionFindings& out) {
  switch (measure.number_case()) {
    case model::Measure::kQuestion:
    case model::Measure::kOptions:
      if (measure.question().empty() && measure.options().empty())
        out.push_back(
            Finding(path, "MISSING_QUESTION", "the question is required", "name the question"));
      break;
    case model::Measure::kScores:
      CheckScores(path + ".scores", measure.scores(), out);
      break;
    case model::Measure::kFrame:
      if (!model::FrameNumber_IsValid(measure.frame()) ||
          measure.frame() == model::FRAME_NUMBER_UNSPECIFIED)
        out.push_back(Finding(path + ".frame", "MISSING_NUMBER",
                              "it is not said which number of the frame", "population"));
      break;
    case model::Measure::NUMBER_NOT_SET:
      out.push_back(Finding(path, "MISSING_MEASURE", "it is not said which number of a unit",
                            "question, scores, frame or options"));
      break;
  }
}

CompiledMeasure CompileMeasure(const std::string& path, const model::Measure& measure,
                               IndicatorReader& reader) {
  CompiledMeasure out;
  switch (measure.number_case()) {
    case model::Measure::kQuestion:
      ReadNumber(path + ".question", measure.question(), reader, out);
      break;
    case model::Measure::kOptions:
      ReadOptions(path + ".options", measure.options(), reader, out);
      break;
    case model::Measure::kScores:
      ReadScores(path + ".scores", measure.scores(), reader, out);
      break;
    case model::Measure::kFrame:
      ReadFrameNumber(measure.frame(), out);
      break;
    case model::Measure::NUMBER_NOT_SET:
      break;
  }
  out.measure.when = reader.Parse(path + ".when", measure.when(), ExpressionUse::kNumerator);
  if (!out.measure.when.empty())
    base::StrAppend(out.measure.text, " where ", out.measure.when.Print());
  return out;
}

void CheckDenominator(const std::string& path, const CompiledIndicator::Measure& measure,
                      IndicatorReader& reader) {
  if (measure.source == Source::kScores &&
      std::ranges::any_of(measure.scores, [](const auto& one) { return one.second < 0; }))
    reader.Add(path + ".scores", "DENOMINATOR_NEGATIVE", "a ratio is not divided by scores below 0",
               "state scores from 0");
  if (measure.source == Source::kNumber &&
      reader.questionnaire().QuestionOf(measure.item).numeric.min() < 0)
    reader.Add(path + ".question", "DENOMINATOR_NEGATIVE",
               base::StrCat("answers to ", measure.text,
                            " may lie below 0, and a ratio is not divided by them"),
               "name a question whose answers begin at 0");
}

void CheckFrameNumbers(const CompiledIndicator& indicator, IndicatorReader& reader) {
  const std::vector<CompiledIndicator::Basis>& bases = indicator.bases();
  // Of sums a unit with the number 0 is no part; means and quantiles hold it as a unit all the
  // same.
  const bool sums = indicator.kind() == model::INDICATOR_KIND_RATIO ||
                    indicator.kind() == model::INDICATOR_KIND_TOTAL;
  std::vector<bool> twice(bases.size());
  const std::pair<const CompiledIndicator::Measure&, std::string> measures[] = {
      {indicator.measure(), "indicator.measure.frame"},
      {indicator.denominator(), "indicator.denominator.frame"}};
  for (const auto& [measure, path] : measures) {
    if (measure.source == Source::kFrame)
      CheckFrameNumber(path, measure, bases, sums, reader, &twice);
  }
}

}  // namespace imdi::domain
