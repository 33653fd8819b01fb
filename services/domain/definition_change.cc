#include "services/domain/definition_change.h"

#include <algorithm>
#include <string_view>

#include "services/base/text.h"

namespace imdi::domain {
namespace {

void Add(DefinitionFindings& findings, std::string path, std::string message,
         std::string_view remedy) {
  findings.push_back(
      {std::move(path), 0, "CHANGE_WHILE_ANSWERS_EXIST", std::move(message), std::string(remedy)});
}

constexpr std::string_view kNewId = "use a new item id, or state a recode";

constexpr std::string_view kNewVersion = "make it the next version of the questionnaire";

bool SameBytes(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

template <typename Messages>
bool SameMessages(const Messages& a, const Messages& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return SameBytes(x, y); });
}

}  // namespace

DefinitionFindings CheckQuestionnaireChange(const CompiledQuestionnaire& before,
                                            const CompiledQuestionnaire& after) {
  DefinitionFindings out;
  // Answers under this very version are read by it: only a next version can add items or recode.
  const bool same_version = before.version() == after.version();
  const auto recode_of = [&after](const Item& item) {
    const auto& recodes = after.definition().recodes();
    const auto found = std::ranges::find(recodes, item.id, &model::Recode::item);
    return found == recodes.end() ? nullptr : &*found;
  };
  if (same_version) {
    for (const Item& item : after.items()) {
      if (!before.FindItem(item.id).has_value())
        Add(out, after.PathOf(after.questions()[item.question]),
            base::StrCat("item ", item.id, " was added to a version that has answers"),
            kNewVersion);
    }
    if (!SameMessages(before.definition().recodes(), after.definition().recodes()))
      Add(out, "questionnaire.recodes", "the recodes of a version that has answers changed",
          kNewVersion);
  }
  for (const Item& item : before.items()) {
    const Question& old_question = before.questions()[item.question];
    const std::optional<ItemIndex> now = after.FindItem(item.id);
    if (!now.has_value()) {
      Add(out, "questionnaire.questions", base::StrCat("item ", item.id, " was taken away"),
          "keep it; route it out where it no longer applies");
      continue;
    }
    const Question& question = after.QuestionOf(*now);
    const std::string path = after.PathOf(question);
    const model::Recode* recode = same_version ? nullptr : recode_of(item);
    if (question.type != old_question.type)
      Add(out, path + ".type", base::StrCat("the type of ", item.id, " changed"), kNewId);
    if (!(question.code_bits == old_question.code_bits) && recode == nullptr)
      Add(out, path, base::StrCat("the code list of ", item.id, " changed"), kNewId);
    for (int i = 0; recode != nullptr && i < recode->pairs_size(); ++i) {
      if (!old_question.code_bits.Has(recode->pairs(i).from()))
        Add(out, "questionnaire.recodes",
            base::StrCat("the recode of ", item.id, " starts from code ", recode->pairs(i).from(),
                         ", which the version before does not have"),
            "name one of its codes");
    }
    const Question* offered_by = after.questions().data() + question.options_from;
    const Question* offered_before = before.questions().data() + old_question.options_from;
    if ((question.options_from == kNoQuestion) != (old_question.options_from == kNoQuestion) ||
        (question.options_from != kNoQuestion && offered_by->id != offered_before->id))
      Add(out, path + ".options_from",
          base::StrCat("the question that offers the options of ", item.id, " changed"), kNewId);
    if (question.required != old_question.required)
      Add(out, path + ".required",
          base::StrCat("whether ", item.id, " must be answered changed, which is a hard check"),
          kNewId);
    if (question.background != old_question.background)
      Add(out, path + ".section",
          base::StrCat("whether ", item.id, " counts for complete and partial changed"),
          "keep it in a section of the same kind");
    if (!(question.exclusive == old_question.exclusive))
      Add(out, path + ".exclusive", base::StrCat("the exclusive codes of ", item.id, " changed"),
          kNewId);
    if (question.scope != old_question.scope)
      Add(out, path + ".scope", base::StrCat("the scope of ", item.id, " changed"), kNewId);
    if (question.part != old_question.part)
      Add(out, path + ".section", base::StrCat(item.id, " moved to another part"), kNewId);
    const std::string route_before =
        base::StrCat(old_question.route.Print(), "\n", item.route.Print());
    if (base::StrCat(question.route.Print(), "\n", after.items()[*now].route.Print()) !=
        route_before)
      Add(out, path + ".route", base::StrCat("the route of ", item.id, " changed"), kNewId);
    if (!SameBytes(question.numeric, old_question.numeric))
      Add(out, path + ".numeric", base::StrCat("the numeric rule of ", item.id, " changed"),
          kNewId);
    if (question.open_text.max_chars() < old_question.open_text.max_chars())
      Add(out, path + ".open_text.max_chars",
          base::StrCat("the text of ", item.id, " may be shorter only than before"),
          "keep the bound or raise it");
  }
  const auto hard_checks = [](const CompiledQuestionnaire& questionnaire,
                              const CompiledQuestionnaire& other) {
    std::vector<std::string> out;
    for (const CompiledCheck& check : questionnaire.checks()) {
      const bool shared = std::ranges::all_of(check.violated.items(), [&](ItemIndex item) {
        return other.FindItem(questionnaire.items()[item].id).has_value();
      });
      if (check.grade == model::GRADE_HARD && shared)
        out.push_back(base::StrCat(check.id, ": ", check.violated.Print()));
    }
    std::ranges::sort(out);
    return out;
  };
  if (hard_checks(before, after) != hard_checks(after, before)) {
    Add(out, "questionnaire.checks", "the hard checks on existing items changed",
        "make the new check soft, or use new items");
  }
  if (!SameBytes(before.outcome(), after.outcome()))
    Add(out, "questionnaire.outcome", "the outcome rule changed", "keep it for this edition");
  return out;
}

DefinitionFindings CheckFrameChange(const CompiledFrame& before, const CompiledFrame& after,
                                    const std::function<bool(std::string_view unit)>& has_answers) {
  DefinitionFindings out;
  if (after.definition().reason().empty())
    Add(out, "frame.reason", "a revision of a frame states its reason", "add it");
  for (const model::Unit& unit : before.definition().units()) {
    const std::optional<UnitIndex> now = after.Find(unit.code());
    if (!now.has_value()) {
      if (has_answers && has_answers(unit.code()))
        Add(out, "frame.units", base::StrCat("unit ", unit.code(), " has answers and was removed"),
            "keep it with out_of_scope: true");
    } else if (after.unit(*now).type() != unit.type()) {
      Add(out, base::StrCat("frame.units[", *now, "].type"),
          base::StrCat("the type of unit ", unit.code(), " changed"), "keep it");
    }
  }
  return out;
}

DefinitionFindings CheckEditionChange(const model::Edition& before, const model::Edition& after,
                                      bool has_answers) {
  DefinitionFindings out;
  if (before.survey() != after.survey())
    Add(out, "edition.survey", "an edition keeps its survey", "keep it");
  if (!has_answers) return out;
  bool same = before.parts_size() == after.parts_size();
  for (int i = 0; same && i < before.parts_size(); ++i) {
    same = before.parts(i).id() == after.parts(i).id() &&
           std::ranges::equal(before.parts(i).sections(), after.parts(i).sections());
  }
  if (!same)
    Add(out, "edition.parts", "the parts changed while answers exist",
        "keep parts and their sections");
  return out;
}

}  // namespace imdi::domain
