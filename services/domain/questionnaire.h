#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "imdi/survey/model/v1/edition.pb.h"
#include "imdi/survey/model/v1/questionnaire.pb.h"
#include "services/base/text.h"
#include "services/domain/expression.h"
#include "services/domain/frame.h"
#include "services/domain/types.h"

namespace imdi::domain {

// A set of parts by number; an edition has at most 16.
using PartMask = uint32_t;

// One item: a question that is not a grid, or a row of one.
struct Item {
  std::string id;  // INT01, SYS06.a
  QuestionIndex question = kNoQuestion;
  int row = -1;  // Index of the row in the question's definition; -1 = no grid.
  ValueType type = ValueType::kCode;
  Expression route;  // Further condition of a row; empty = as the question.
};

// One question in form order.
struct Question {
  std::string id;
  model::QuestionType type = model::QUESTION_TYPE_UNSPECIFIED;
  model::Scope scope = model::SCOPE_BOTH;
  bool required = false;
  bool background = false;  // Its section is outside the count that decides complete or partial.
  uint32_t part = 0;
  int definition_index = 0;  // Place in the document.
  Expression route;          // Empty = all in scope.
  // Parts whose answers decide whether it is asked, through all routes behind the route.
  PartMask route_parts = 0;
  ItemIndex first_item = 0;
  uint32_t item_count = 0;  // 1, or the rows of a grid.

  // SINGLE, MULTI, GRID: the codes in the order shown, from codelist, options or options_from.
  std::vector<model::Code> codes;
  CodeBits code_bits;
  CodeBits exclusive;
  CodeBits other_text;
  // With options_from: the question whose ticked substantive codes are offered.
  QuestionIndex options_from = kNoQuestion;
  model::NumericRule numeric;
  model::TextRule open_text;
};

struct CompiledCheck {
  std::string id;
  model::Grade grade = model::GRADE_UNSPECIFIED;
  Expression violated;
  PartMask parts = 0;  // Parts whose answers it reads.
  model::LocalizedText text;
};

// One question as far as following routes through the form needs it, small enough for all of them
// to lie together.
struct FormStep {
  ItemIndex first_item = 0;
  uint32_t item_count = 0;
  QuestionIndex question = 0;
  uint32_t route = 0;  // Number of its route among the form's distinct ones; 0 = none.
  uint8_t part = 0;
  model::Scope scope = model::SCOPE_BOTH;
  bool background = false;
  bool row_routes = false;  // Some row has a route of its own.
};

// A questionnaire version that has passed every check, in the form that validation and derivation
// use. Immutable.
class CompiledQuestionnaire {
 public:
  struct Result {
    std::shared_ptr<const CompiledQuestionnaire>
        questionnaire;            // Null exactly when there are findings.
    DefinitionFindings findings;  // All of them at once.
  };
  // `frame` may be null as long as no route or check names an attribute other than unit.type.
  static Result Compile(const model::Questionnaire& questionnaire, const model::Edition& edition,
                        const CompiledFrame* frame = nullptr);

  const std::string& edition_id() const { return edition_id_; }
  int32_t version() const { return version_; }
  const model::Questionnaire& definition() const { return definition_; }

  // In form order, those with position LAST at the end.
  const std::vector<Question>& questions() const { return questions_; }
  const std::vector<Item>& items() const { return items_; }
  size_t item_count() const { return items_.size(); }
  // As questions().
  const std::vector<FormStep>& steps() const { return steps_; }
  std::optional<ItemIndex> FindItem(std::string_view id) const;
  const Question* FindQuestion(std::string_view id) const;
  const Question& QuestionOf(ItemIndex item) const { return questions_[items_[item].question]; }
  // "questionnaire.questions[12]", for findings.
  std::string PathOf(const Question& question) const;

  const std::vector<CompiledCheck>& checks() const { return checks_; }
  const CompiledCheck* FindCheck(std::string_view id) const;
  const std::vector<std::string>& parts() const { return parts_; }
  std::optional<uint32_t> FindPart(std::string_view id) const;
  const model::OutcomeRule& outcome() const { return definition_.outcome(); }
  bool IsNotFielded(std::string_view question_id) const;
  bool reads_attributes() const { return reads_attributes_; }
  // Whether some check reads the unit's answers to the edition before.
  bool reads_previous() const { return reads_previous_; }

  static bool InScope(model::Scope scope, model::UnitType type);
  bool InScope(ItemIndex item, model::UnitType type) const {
    return InScope(QuestionOf(item).scope, type);
  }
  // By item index, for CanBeTrue.
  std::vector<bool> ScopeFor(model::UnitType type) const;

  // The text with its piping marks filled in. English falls back to bokmål.
  std::string Text(const model::LocalizedText& text, model::UnitType type,
                   model::Language language) const;
  // The same in all languages at once.
  model::LocalizedText Piped(const model::LocalizedText& text, model::UnitType type) const;

  // For readers of figures over several types of unit: a mark becomes the text of the type that the
  // scope names, or both with a slash between where they differ ("kommunen/bydelen").
  model::LocalizedText Neutral(const model::LocalizedText& text, model::Scope scope) const;

  // For expressions over this questionnaire: its items, and the frame's attributes where one is
  // given.
  SymbolTable Symbols(const CompiledFrame* frame) const;

 private:
  friend class QuestionnaireCompiler;
  CompiledQuestionnaire() = default;
  std::string edition_id_;
  int32_t version_ = 0;
  model::Questionnaire definition_;
  std::vector<Question> questions_;
  std::vector<Item> items_;
  std::vector<FormStep> steps_;
  std::vector<CompiledCheck> checks_;
  std::vector<std::string> parts_;
  std::unordered_map<std::string, ItemIndex, base::TextHash, std::equal_to<>> item_by_id_;
  std::map<std::string, QuestionIndex, std::less<>> question_by_id_;
  std::map<std::string, std::string, std::less<>> grid_example_;
  bool reads_attributes_ = false;
  bool reads_previous_ = false;
};

// Numbers of items within a survey: assigned once, in log order, from 1, never reused.
class ItemNumbers {
 public:
  struct Assigned {
    std::string item;
    uint32_t number = 0;
    friend bool operator==(const Assigned&, const Assigned&) = default;
  };

  // 0 = the item has none.
  uint32_t Find(std::string_view item) const;
  // Empty for a number that is not assigned.
  std::string_view IdOf(uint32_t number) const;
  uint32_t largest() const { return static_cast<uint32_t>(ids_.size()); }
  // Numbers arrive in order: `assigned.number` must be largest() + 1 and the item new; false
  // otherwise.
  bool Add(const Assigned& assigned);

 private:
  std::vector<std::string> ids_;  // ids_[n - 1] has number n.
  std::map<std::string, uint32_t, std::less<>> numbers_;
};

// Numbers for those items of `questionnaire` that have none yet, in form order.
std::vector<ItemNumbers::Assigned> AssignItemNumbers(const ItemNumbers& existing,
                                                     const CompiledQuestionnaire& questionnaire);

// The items of one questionnaire version under their survey numbers.
struct ItemBinding {
  std::vector<uint32_t> number_of;   // By item index; ≥ 1.
  std::vector<ItemIndex> index_of;   // By number; kNoItem = not in this version.
  std::vector<ItemIndex> by_number;  // Item indices in ascending order of their numbers.
  std::vector<ValueType> type_of;    // By number; of items that are in this version.

  ItemIndex IndexOf(uint32_t number) const {
    return number < index_of.size() ? index_of[number] : kNoItem;
  }
};
// Every item of `questionnaire` must have a number.
ItemBinding BindItems(const CompiledQuestionnaire& questionnaire, const ItemNumbers& numbers);

}  // namespace imdi::domain
