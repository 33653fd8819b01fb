#include "tests/oracle/case_edition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/derivation.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::oracle {
namespace {

namespace model = survey::model::v1;
using base::StrCat;
using testing_support::AddQuestion;
using testing_support::Words;

constexpr std::string_view kSurvey = "SMALL";
constexpr int32_t kNone = 90;  // A choice of several in which none was chosen.

// Questions by the columns of the cases.
const std::map<std::string, std::string>& Questions() {
  static const std::map<std::string, std::string> questions = {
      {"q1", "Q1"}, {"q2", "Q2"}, {"q3", "Q3"}, {"q5", "Q5"},
      {"q6", "Q6"}, {"n1", "N1"}, {"n2", "N2"}};
  return questions;
}
const std::map<std::string, std::vector<int32_t>>& Codes() {
  static const std::map<std::string, std::vector<int32_t>> codes = {{"Q1", {1, 2, 9}},
                                                                    {"Q2", {1, 2, 3, 4, 5}},
                                                                    {"Q3", {1, 2, 3, 4, 5, 9}},
                                                                    {"Q5", {1, 2, 3, 9}},
                                                                    {"Q6", {1, 2}}};
  return codes;
}
bool IsOption(std::string_view column) { return column.starts_with("q4_"); }
std::string ItemOf(const std::string& column) {
  if (IsOption(column)) return "Q4";
  const auto found = Questions().find(column);
  return found == Questions().end() ? std::string() : found->second;
}

// a, b, c, d, x are 1 to 5; other codes are numbers.
int32_t CodeOf(std::string_view text) {
  constexpr std::string_view kLetters = "abcdx";
  const size_t letter = kLetters.find(text.front());
  return letter != std::string_view::npos ? static_cast<int32_t>(letter) + 1
                                          : static_cast<int32_t>(*base::ParseInt64(text));
}
std::string CodesOf(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) out.push_back(StrCat(CodeOf(text)));
  return base::StrJoin(out, ",");
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

class Maker {
 public:
  explicit Maker(const Case& data) : data_(data) {}

  CaseEdition Make() {
    Apply([&](model::Definition& to) { *to.mutable_edition() = Edition(); });
    Apply([&](model::Definition& to) { *to.mutable_questionnaire() = Questionnaire(); });
    Apply([&](model::Definition& to) { *to.mutable_frame() = Frame(); });
    for (const Request& request : data_.requests) Take(request);
    auto open = catalog_->WithState("C", model::EDITION_STATE_OPEN, "", 1);
    if (!open.ok()) {
      ADD_FAILURE() << open.status();
      return std::move(out_);
    }
    catalog_ = *std::move(open);
    const auto plan = domain::PlanOf(*catalog_, "C");
    out_.figures = std::make_shared<const figures::EditionFigures>(catalog_, "C", Counts(plan));
    return std::move(out_);
  }

 private:
  template <typename Fill>
  void Apply(const Fill& fill) {
    model::Definition definition;
    fill(definition);
    const domain::DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    for (const domain::DefinitionFinding& finding : verdict.findings)
      ADD_FAILURE() << verdict.name << ": " << domain::ToText(finding);
    auto applied = catalog_->Apply(definition, 1, verdict.new_items);
    if (!applied.ok()) {
      ADD_FAILURE() << verdict.name << ": " << applied.status();
      return;
    }
    catalog_ = *std::move(applied);
  }

  static model::Edition Edition() {
    model::Edition out = testing_support::SmallEdition("C");
    out.clear_parts();
    model::Part& part = *out.add_parts();
    part.set_id("all");
    *part.mutable_role() = Words("role");
    part.add_sections("A");
    return out;
  }

  static model::Questionnaire Questionnaire() {
    model::Questionnaire out;
    out.set_name("editions/C/questionnaires/1");
    model::Section& section = *out.add_sections();
    section.set_id("A");
    *section.mutable_title() = Words("A");
    for (const char* id : {"Q1", "Q2", "Q3"})
      AddQuestion(out, id, "A", model::QUESTION_TYPE_SINGLE, Codes().at(id));
    AddQuestion(out, "Q4", "A", model::QUESTION_TYPE_MULTI, {1, 2, 3, 4, 5, kNone})
        .add_exclusive(kNone);
    AddQuestion(out, "Q5", "A", model::QUESTION_TYPE_SINGLE, Codes().at("Q5"), "Q1 == 1");
    AddQuestion(out, "Q6", "A", model::QUESTION_TYPE_SINGLE, Codes().at("Q6"));
    AddQuestion(out, "N1", "A", model::QUESTION_TYPE_NUMERIC).mutable_numeric()->set_max(100'000);
    model::NumericRule& n2 =
        *AddQuestion(out, "N2", "A", model::QUESTION_TYPE_NUMERIC).mutable_numeric();
    n2.set_max(1'000'000);
    n2.set_decimals(1);
    out.mutable_outcome()->set_complete_percent(80);
    out.mutable_outcome()->set_partial_percent(30);
    return out;
  }

  // Variables of the frame: its columns but the unit and the numbers.
  std::vector<size_t> Variables() const {
    std::vector<size_t> out;
    for (size_t c = 0; c < data_.frame.columns.size(); ++c) {
      const std::string& id = data_.frame.columns[c];
      if (c != data_.frame_unit && id != "population" && id != "settled") out.push_back(c);
    }
    return out;
  }

  model::Frame Frame() const {
    model::Frame out;
    out.set_name("editions/C/frame");
    out.set_frame_date("2017-12-31");
    const auto add_variable = [&](const std::string& id, const std::set<std::string>& groups) {
      model::FrameVariable& variable = *out.add_variables();
      variable.set_id(id);
      *variable.mutable_title() = Words(id);
      for (const std::string& code : groups) {
        model::Group& group = *variable.add_groups();
        group.set_code(code);
        *group.mutable_text() = Words(code);
      }
    };
    for (const size_t c : Variables()) {
      std::set<std::string> groups;
      for (const auto& row : data_.frame.rows) groups.insert(row[c]);
      add_variable(data_.frame.columns[c], groups);
    }
    // For designs without strata.
    add_variable("one", {"1"});
    add_variable("other", {"1"});
    const size_t population = *data_.frame.Find("population");
    for (size_t u = 0; u < data_.frame.rows.size(); ++u) {
      const auto& row = data_.frame.rows[u];
      model::Unit& unit = *out.add_units();
      // Districts are municipalities here: to the cases they are units like all.
      unit.set_code(StrCat(1000 + u));
      unit.set_name(row[data_.frame_unit]);
      unit.set_type(model::UNIT_TYPE_MUNICIPALITY);
      unit.set_population(*base::ParseInt64(row[population]));
      for (const size_t c : Variables())
        (*unit.mutable_attributes())[data_.frame.columns[c]] = row[c];
      (*unit.mutable_attributes())["one"] = "1";
      (*unit.mutable_attributes())["other"] = "1";
    }
    return out;
  }

  // ---- Requests

  // False where a design has no weight set of the house.
  bool TakeDesign(const Design& design, std::string* name) {
    if (design.sample || design.strata.size() > 1 || design.calibrate.size() > 1) return false;
    for (const Calibration& one : design.calibrate) {
      if (one.method == Calibration::Method::kRakeIpf) return false;
      for (const Column& total : one.totals) {
        if (total.name != "population") return false;
      }
    }
    *name = StrCat("surveys/", kSurvey, "/weightSets/D_", Upper(design.name));
    if (!designs_.insert(design.name).second) return true;
    model::WeightSet set;
    set.set_name(*name);
    *set.mutable_title() = Words(design.name);
    set.set_within(design.strata.empty() ? "one" : design.strata.front().name);
    set.set_along("other");
    set.set_method(model::WEIGHT_METHOD_STRATA);
    for (const Calibration& one : design.calibrate) {
      switch (one.method) {
        case Calibration::Method::kPoststratify:
          set.set_method(model::WEIGHT_METHOD_POSTSTRATIFIED);
          break;
        case Calibration::Method::kRaking:
          set.set_method(model::WEIGHT_METHOD_RAKED);
          break;
        case Calibration::Method::kLinear:
          set.set_method(model::WEIGHT_METHOD_LINEAR);
          break;
        case Calibration::Method::kRakeIpf:
          break;
      }
      for (const std::vector<Column>& margin : one.margins) {
        model::WeightMargin& to = *set.add_margins();
        for (const Column& column : margin) to.add_attributes(column.name);
      }
      for (size_t t = 0; t < one.totals.size(); ++t) set.add_totals(model::FRAME_NUMBER_POPULATION);
    }
    Apply([&](model::Definition& to) { *to.mutable_weight_set() = set; });
    return true;
  }

  static std::string Condition(const Column& column, const std::vector<std::string>& values) {
    const std::string item = ItemOf(column.name);
    return item.empty() ? StrCat("unit.", column.name, " in (", base::StrJoin(values, ","), ")")
                        : StrCat(item, " in (", CodesOf(values), ")");
  }

  static std::string BaseOf(const Request& request, std::vector<Column> need) {
    std::vector<std::string> terms;
    for (const Column& column : need) {
      const std::string item = ItemOf(column.name);
      terms.push_back(StrCat("answered(", item, ")"));
      if (!request.clause.exclude.empty())
        terms.push_back(StrCat("not ", item, " in (", CodesOf(request.clause.exclude), ")"));
    }
    for (const auto& [column, values] : request.clause.where)
      terms.push_back(Condition(column, values));
    return base::StrJoin(terms, " and ");
  }

  static std::optional<model::Measure> MeasureOf(const Request& request,
                                                 const Expression& expression) {
    model::Measure out;
    if (!expression.sum_of.empty()) {
      out.set_options("Q4");
      return out;
    }
    if (expression.question.has_value()) {
      const std::string item = ItemOf(expression.question->name);
      out.mutable_scores()->set_question(item);
      for (const int32_t code : Codes().at(item)) {
        const auto excluded = [&](const std::string& text) { return CodeOf(text) == code; };
        if (std::ranges::any_of(request.clause.exclude, excluded)) continue;
        model::CodeScore& score = *out.mutable_scores()->add_scores();
        score.set_code(code);
        for (const auto& [text, value] : expression.scores) {
          if (CodeOf(text) == code) score.set_score(static_cast<int32_t>(value));
        }
      }
      return out;
    }
    if (!expression.value.has_value()) {  // 1 where something holds.
      if (expression.when.size() != 1) return std::nullopt;
      const auto& [column, values] = expression.when.front();
      const std::string item = ItemOf(column.name);
      if (!Codes().contains(item)) return std::nullopt;
      out.mutable_scores()->set_question(item);
      for (const int32_t code : Codes().at(item)) {
        model::CodeScore& score = *out.mutable_scores()->add_scores();
        score.set_code(code);
        for (const std::string& text : values) {
          if (CodeOf(text) == code) score.set_score(1);
        }
      }
      return out;
    }
    const std::string item = ItemOf(expression.value->name);
    if (!item.empty()) {
      out.set_question(item);
    } else if (expression.value->name == "population") {
      out.set_frame(model::FRAME_NUMBER_POPULATION);
    } else {
      return std::nullopt;
    }
    std::vector<std::string> when;
    for (const auto& [column, values] : expression.when) when.push_back(Condition(column, values));
    out.set_when(base::StrJoin(when, " and "));
    return out;
  }

  // A document for the request; false where there is none.
  bool Document(const Request& request, model::Indicator& out) {
    using Type = Request::Type;
    switch (request.type) {
      case Type::kProportion: {
        if (request.reweight) return false;
        out.set_kind(model::INDICATOR_KIND_SHARE);
        const std::string item = ItemOf(request.clause.question.name);
        out.mutable_bases(0)->set_base(BaseOf(request, {request.clause.question}));
        out.set_numerator(IsOption(request.clause.question.name)
                              ? StrCat("Q4 has_any (", request.clause.question.name.substr(3), ")")
                              : StrCat(item, " in (", CodesOf(request.clause.yes), ")"));
        return true;
      }
      case Type::kMean:
      case Type::kTotal:
      case Type::kRatio: {
        if (request.reweight && request.type != Type::kTotal) return false;
        out.set_kind(request.type == Type::kMean    ? model::INDICATOR_KIND_MEAN
                     : request.type == Type::kTotal ? model::INDICATOR_KIND_TOTAL
                                                    : model::INDICATOR_KIND_RATIO);
        const auto measure = MeasureOf(request, request.numerator);
        if (!measure.has_value()) return false;
        *out.mutable_measure() = *measure;
        if (request.type == Type::kRatio) {
          const auto denominator = MeasureOf(request, *request.denominator);
          if (!denominator.has_value()) return false;
          *out.mutable_denominator() = *denominator;
        }
        out.mutable_bases(0)->set_base(BaseOf(request, request.need));
        return true;
      }
      case Type::kDistribution: {
        // The codes are those of the question; a base of answers may leave some of them out.
        if (request.reweight || !request.clause.exclude.empty()) return false;
        out.set_kind(model::INDICATOR_KIND_DISTRIBUTION);
        out.set_question(ItemOf(request.clause.question.name));
        out.mutable_bases(0)->set_base(BaseOf(request, {request.clause.question}));
        return true;
      }
      case Type::kQuantile:
        out.set_kind(model::INDICATOR_KIND_QUANTILE);
        out.mutable_measure()->set_question(ItemOf(request.value.name));
        out.mutable_bases(0)->set_base(BaseOf(request, request.need));
        return true;
      default:
        return false;
    }
  }

  void Take(const Request& request) {
    model::Indicator document;
    document.set_survey(std::string(kSurvey));
    *document.mutable_title() = Words(request.id);
    document.set_min_base(base::kAggregateNumberBaseMin);
    document.set_min_count(3);
    document.add_editions("editions/C");
    model::Basis& basis = *document.add_bases();
    basis.set_id("B");
    *basis.mutable_title() = Words("B");
    if (request.by.size() == 1) document.add_breakdowns(request.by.front().name);
    if (request.by.size() == 2) {
      for (const Column& column : request.by) document.add_breakdowns(column.name);
      model::Crossing& crossing = *document.add_crossings();
      for (const Column& column : request.by) crossing.add_attributes(column.name);
    }
    std::string weights;
    if (!request.unsupported.empty() || request.by.size() > 2 || !Document(request, document) ||
        !TakeDesign(request.design, &weights)) {
      out_.left_out.push_back(request.id);
      return;
    }
    document.set_weights(weights);
    if (request.type == Request::Type::kProportion) {
      for (int choice = 0; choice < model::IntervalChoice_ARRAYSIZE; ++choice) {
        document.set_interval(static_cast<model::IntervalChoice>(choice));
        Add(document, {.request = &request, .cell = "", .choice = document.interval()});
      }
    } else if (request.type == Request::Type::kQuantile) {
      for (size_t p = 0; p < request.probabilities.size(); ++p) {
        document.set_quantile_thousandths(
            static_cast<int32_t>(std::lround(request.probabilities[p] * 1000)));
        Add(document, {.request = &request, .cell = "", .probability = p});
      }
    } else {
      Add(document, {.request = &request, .cell = ""});
    }
  }

  void Add(model::Indicator document, ServedRequest served) {
    const std::string id = StrCat("R", out_.served.size());
    document.set_name("indicators/" + id);
    served.cell = id + ".B";
    Apply([&](model::Definition& to) { *to.mutable_indicator() = document; });
    out_.served.push_back(std::move(served));
  }

  // ---- Answers

  std::shared_ptr<const domain::EditionCounts> Counts(
      const std::shared_ptr<const domain::FigurePlan>& plan) const {
    const domain::CompiledQuestionnaire& form = plan->questionnaire();
    std::map<std::string, domain::UnitIndex> unit_of;
    for (size_t u = 0; u < data_.frame.rows.size(); ++u)
      unit_of[data_.frame.rows[u][data_.frame_unit]] = static_cast<domain::UnitIndex>(u);
    domain::AnswerMatrix matrix(plan);
    for (const auto& row : data_.answers.rows) {
      domain::AnswerSet answers(form.item_count());
      domain::CodeBits options;
      bool chose = false;
      for (size_t c = 0; c < data_.answers.columns.size(); ++c) {
        const std::string& column = data_.answers.columns[c];
        if (c == data_.answer_unit || row[c].empty()) continue;
        if (IsOption(column)) {
          chose = true;
          if (row[c] == "1") options.Add(CodeOf(column.substr(3)));
          continue;
        }
        const domain::ItemIndex item = *form.FindItem(ItemOf(column));
        if (column == "n1" || column == "n2") {
          const int64_t scale = column == "n2" ? 10 : 1;
          answers.Set(item, domain::AnswerValue::OfNumber(
                                std::llround(std::stod(row[c]) * static_cast<double>(scale))));
        } else {
          answers.Set(item, domain::AnswerValue::OfCode(CodeOf(row[c])));
        }
      }
      if (chose) {
        if (options.Empty()) options.Add(kNone);
        answers.Set(*form.FindItem("Q4"), domain::AnswerValue::OfCodes(options));
      }
      const domain::UnitIndex unit = unit_of.at(row[data_.answer_unit]);
      domain::DerivedResponse response = domain::Derive(form, {.unit = plan->frame().FactsOf(unit),
                                                               .answers = &answers,
                                                               .submitted = 1,
                                                               .fielded = nullptr});
      // To the cases whoever has a row has responded, however much was left blank.
      response.outcome = model::DISPOSITION_COMPLETE;
      matrix.SetUnit(unit, &response, model::DISPOSITION_UNSPECIFIED);
    }
    return matrix.Count();
  }

  const Case& data_;
  std::shared_ptr<const domain::Catalog> catalog_ = domain::Catalog::Empty();
  std::set<std::string> designs_;
  CaseEdition out_;
};

}  // namespace

CaseEdition EditionOf(const Case& data) { return Maker(data).Make(); }

std::string GroupOf(const Request& request, const std::string& level, const std::string& code) {
  std::map<std::string, std::string> pieces;  // By attribute, as names have them.
  if (!code.empty()) pieces["answer"] = StrCat(CodeOf(code));
  std::string_view rest = level;
  for (const Column& column : request.by) {
    const size_t bar = rest.find('|');
    pieces[column.name] = std::string(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  std::string out;
  for (const auto& [attribute, group] : pieces) base::StrAppend(out, ".", attribute, "=", group);
  return out;
}

}  // namespace imdi::oracle
