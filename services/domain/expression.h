#pragma once

// The one expression language of routes, bases, checks and numerators.
//
//   expression := term { "or" term }          term := factor { "and" factor }
//   factor     := "not" factor | "(" expression ")" | atom
//   atom       := ITEM cmp literal            single, grid row (SYS06.a): a code; numeric: a number
//               | ITEM "in" "(" codes ")"     single, grid row
//               | ITEM "has_any" "(" codes ")"                     multi
//               | "count" "(" ITEM "in" codes-or-range ")" cmp n   multi
//               | "answered" "(" ITEM ")" | "routed" "(" ITEM ")"
//               | "responded"                                      bases and numerators only
//               | "previous" "(" ITEM ")" and one of the tests above   checks only
//               | "unit.type" ("==" | "!=") ("municipality" | "district")
//               | "unit.NAME" ("==" | "!=") group | "unit.NAME" "in" "(" groups ")"
//   codes      := n | a..b { "," n | a..b }   cmp := == != < <= > >=
//
// Precedence: not, and, or. Atoms on a missing or unrouted item are unknown; codes 90–98 are
// ordinary. A range means the codes of the question's list that lie in it. An expression is parsed
// once, checked against the questionnaire and the frame, and evaluated without strings.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/answer_set.h"
#include "services/domain/types.h"

namespace imdi::domain {

enum class ExpressionUse : uint8_t { kRoute, kBase, kNumerator, kCheck };

// A scaled number as the language writes it: 105 with one decimal is "10.5".
std::string PrintNumber(int64_t number, int decimals);

// What an expression may name.
class SymbolTable {
 public:
  struct Item {
    ItemIndex index = kNoItem;
    ValueType type = ValueType::kCode;
    CodeBits codes;    // kCode, kCodeSet: the codes that can be answered.
    int decimals = 0;  // kNumber.
  };
  struct Attribute {
    uint32_t index = 0;
    std::map<std::string, uint16_t, std::less<>> groups;  // Code → group number.
  };

  void AddItem(std::string id, Item item) { items_.insert_or_assign(std::move(id), item); }
  // A grid question, which can only be named by row; `example` is one of its items.
  void AddGrid(std::string id, std::string example) {
    grids_.insert_or_assign(std::move(id), std::move(example));
  }
  void AddAttribute(std::string id, Attribute attribute) {
    attributes_.insert_or_assign(std::move(id), std::move(attribute));
  }

  const Item* FindItem(std::string_view id) const;
  // An item of the grid, or null when it is none.
  const std::string* FindGrid(std::string_view id) const;
  const Attribute* FindAttribute(std::string_view id) const;

 private:
  std::map<std::string, Item, std::less<>> items_;
  std::map<std::string, std::string, std::less<>> grids_;
  std::map<std::string, Attribute, std::less<>> attributes_;
};

// One thing wrong with an expression. Rules: EXPRESSION_SYNTAX, EXPRESSION_TOO_LONG,
// EXPRESSION_TOO_DEEP, UNKNOWN_QUESTION, UNKNOWN_CODE, UNKNOWN_ATTRIBUTE, UNKNOWN_GROUP,
// FORWARD_REFERENCE, TYPE_MISMATCH, NOT_ALLOWED_HERE, NUMBER_OUT_OF_RANGE.
struct ExpressionError {
  int column = 0;  // From 1, in bytes.
  std::string rule;
  std::string message;
  std::string remedy;
  std::string subject;  // The id that is unknown or misused, where there is one.
};

enum class Compare : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

// A checked expression. A value: copies are independent, equality is structural. Empty = always
// true (the route of a question that is asked of all).
class Expression {
 public:
  enum class Op : uint8_t {
    kAnd,        // children
    kOr,         // children
    kNot,        // one child
    kCode,       // item; `codes` holds every code for which the atom is true
    kSetHasAny,  // item, codes
    kSetCount,   // item, codes; compare, number
    kNumber,     // item; compare, number (scaled)
    kAnswered,   // item
    kRouted,     // item
    kResponded,  //
    kUnitType,   // `number` is the model::UnitType; compare == or !=
    kUnitGroup,  // item = attribute number; groups
  };
  struct Node {
    Op op = Op::kResponded;
    Compare compare = Compare::kEqual;
    bool is_list = false;   // Written with `in (…)` rather than a comparison.
    bool previous = false;  // Reads the unit's last edition.
    ItemIndex item = kNoItem;
    uint32_t first = 0;  // Children, or groups, lie at [first, first + count).
    uint32_t count = 0;
    CodeBits codes;
    int64_t number = 0;
    int decimals = 0;                      // Of the numeric item, for printing.
    std::string subject;                   // Item or attribute id, for printing.
    std::vector<std::string> group_codes;  // kUnitGroup, for printing; sorted.
    friend bool operator==(const Node&, const Node&) = default;
  };

  Expression() = default;

  bool empty() const { return nodes_.empty(); }
  // Canonical text: Parse(Print(e)) == e, and equal expressions have equal text.
  std::string Print() const;
  // Items read, ascending, each once; those of previous() apart.
  const std::vector<ItemIndex>& items() const { return items_; }
  const std::vector<ItemIndex>& previous_items() const { return previous_items_; }
  bool reads_attributes() const { return reads_attributes_; }

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& root() const { return nodes_.back(); }
  std::span<const uint32_t> ChildrenOf(const Node& node) const {
    return std::span(children_).subspan(node.first, node.count);
  }
  std::span<const uint16_t> GroupsOf(const Node& node) const {
    return std::span(groups_).subspan(node.first, node.count);
  }
  friend bool operator==(const Expression&, const Expression&) = default;

 private:
  friend class ExpressionParser;
  std::vector<Node> nodes_;  // Children before parents; the root is last.
  std::vector<uint32_t> children_;
  std::vector<uint16_t> groups_;
  std::vector<ItemIndex> items_;
  std::vector<ItemIndex> previous_items_;
  bool reads_attributes_ = false;
};

struct ParsedExpression {
  std::optional<Expression> expression;  // Empty exactly when there are errors.
  std::vector<ExpressionError> errors;   // All that could be found, by column.
};

// `limit`: items from this index on come later in the form, and naming one is a FORWARD_REFERENCE.
// An empty text is the empty expression.
ParsedExpression ParseExpression(std::string_view text, const SymbolTable& symbols,
                                 ExpressionUse use, ItemIndex limit = kNoItem);

// What an expression reads of one unit. All of it is borrowed.
struct UnitAnswers {
  const AnswerSet* answers = nullptr;
  // State of every item; empty = every item is taken as routed and answered if it is not blank.
  // With states, only answered items count, whatever else was sent.
  std::span<const ItemState> states;
  const AnswerSet* previous =
      nullptr;  // The last edition, in this questionnaire's items; null = none.
  UnitFacts unit;
  bool responded = false;
};

// Ways to ask of an expression what it would be under another reading of silence.
struct EvaluationMode {
  // Tests of codes on an answer 98 are unknown, but for those that name it (NamesDontKnow).
  bool dont_know_is_unknown = false;
  bool answered_means_routed = false;  // answered(X) is true where X was asked, though left blank.
};

// Whether a test of codes is written with 98, as in `X in (97,98)` or `X != 98`: its author says
// what "don't know" means there.
bool NamesDontKnow(const Expression::Node& node);

Kleene Evaluate(const Expression& expression, const UnitAnswers& unit, EvaluationMode mode = {});

// Whether the expression can become true for a unit that has answered nothing yet: attributes and
// scopes are known, every answer is still open. `in_scope` is by item index.
bool CanBeTrue(const Expression& expression, const UnitFacts& unit,
               const std::vector<bool>& in_scope);

}  // namespace imdi::domain
