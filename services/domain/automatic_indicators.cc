#include "services/domain/automatic_indicators.h"

#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::domain {
namespace {

model::LocalizedText Text(const char* nn, const char* nb, const char* en) {
  model::LocalizedText out;
  out.set_nn(nn);
  out.set_nb(nb);
  out.set_en(en);
  return out;
}

void AddBasis(model::Indicator& to, std::string_view id, std::string base,
              model::LocalizedText title) {
  model::Basis& basis = *to.add_bases();
  basis.set_id(std::string(id));
  basis.set_base(std::move(base));
  *basis.mutable_title() = std::move(title);
}

// "Question – row", in the languages that both have.
model::LocalizedText TitleOf(const CompiledQuestionnaire& questionnaire, const Item& item) {
  const Question& question = questionnaire.questions()[item.question];
  const model::Question& definition =
      questionnaire.definition().questions(question.definition_index);
  model::LocalizedText title = questionnaire.Neutral(definition.text(), question.scope);
  if (item.row < 0) return title;
  const model::LocalizedText row =
      questionnaire.Neutral(definition.rows(item.row).text(), question.scope);
  title.set_nn(base::StrCat(title.nn(), " – ", row.nn()));
  title.set_nb(base::StrCat(title.nb(), " – ", row.nb()));
  title.set_en(title.en().empty() || row.en().empty() ? std::string()
                                                      : base::StrCat(title.en(), " – ", row.en()));
  return title;
}

model::Indicator DefinitionOf(const CompiledQuestionnaire& questionnaire,
                              const CompiledFrame& frame, const Item& item) {
  const Question& question = questionnaire.questions()[item.question];
  model::Indicator out;
  out.set_name(base::StrCat("indicators/", AutomaticIndicatorId(item.id)));
  out.set_kind(model::INDICATOR_KIND_DISTRIBUTION);
  *out.mutable_title() = TitleOf(questionnaire, item);
  out.set_question(item.id);
  const std::string answered = base::StrCat("answered(", item.id, ")");
  AddBasis(out, kAnsweredBasis, answered,
           Text("Dei som svarte på spørsmålet", "De som svarte på spørsmålet",
                "Those that answered the question"));
  std::vector<int32_t> without;
  for (const model::Code& code : question.codes) {
    if (code.code() > kSubstantiveMax) without.push_back(code.code());
  }
  if (!without.empty() && without.size() < question.codes.size()) {
    const std::string_view verb = item.type == ValueType::kCodeSet ? " has_any (" : " in (";
    AddBasis(out, kSubstantiveBasis,
             base::StrCat(answered, " and not ", item.id, verb, base::StrJoin(without, ","), ")"),
             Text("Dei som svarte og tok stilling (utan «veit ikkje» og «ikkje aktuelt»)",
                  "De som svarte og tok stilling (uten «vet ikke» og «ikke aktuelt»)",
                  "Those that answered and took a position (without \"don't know\" and \"not "
                  "applicable\")"));
  }
  if (frame.FindAttribute(kAutomaticBreakdown).has_value())
    out.add_breakdowns(std::string(kAutomaticBreakdown));
  out.add_editions(base::StrCat("editions/", questionnaire.edition_id()));
  out.set_policy(model::DISCLOSURE_POLICY_AGGREGATE_ONLY);
  out.set_min_base(base::kAggregateBaseMin);
  out.set_min_count(base::kAggregateCountMin);
  return out;
}

}  // namespace

std::string AutomaticIndicatorId(std::string_view item) {
  std::string out(kAutomaticPrefix);
  for (const char c : item)
    out.push_back(c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c);
  return out;
}

std::vector<std::shared_ptr<const CompiledIndicator>> AutomaticIndicators(
    const CompiledQuestionnaire& questionnaire, const CompiledFrame& frame) {
  std::vector<std::shared_ptr<const CompiledIndicator>> out;
  const SymbolTable symbols = questionnaire.Symbols(&frame);
  for (const Item& item : questionnaire.items()) {
    if (item.type != ValueType::kCode && item.type != ValueType::kCodeSet) continue;
    CompiledIndicator::Result compiled = CompiledIndicator::CompileAutomatic(
        DefinitionOf(questionnaire, frame, item), questionnaire, frame, symbols);
    // A questionnaire that compiled has nothing that could be refused here; texts are complete, ids
    // are distinct and codes exist.
    if (compiled.indicator != nullptr) out.push_back(std::move(compiled.indicator));
  }
  return out;
}

}  // namespace imdi::domain
