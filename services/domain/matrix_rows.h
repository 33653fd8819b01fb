#pragma once

// Which rows an answer matrix has, and how the base and the numerator of every block are read from
// them: expressions as programs over whole words of units. A pure function of a plan.

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/expression.h"
#include "services/domain/figure_plan.h"

namespace imdi::domain {

inline constexpr uint32_t kNoRow = std::numeric_limits<uint32_t>::max();

// How a unit that responded stands towards an item, as far as expressions can tell.
enum ItemRow : uint32_t {
  kAnsweredRow,   // Answered.
  kLeftBlankRow,  // Asked, not answered: item non-response or break-off.
  kOpenRow,       // Not known whether it was asked: filter unknown, part missing, not fielded.
  kFirstCodeRow,  // One for each code of the question, in the order of the codes.
};

class MatrixRows {
 public:
  // Rows 0 to 5: one for each disposition, in the order of DispositionCounts.
  static constexpr uint32_t kComplete = 0;
  static constexpr uint32_t kPartial = 1;
  static constexpr uint32_t kOutOfScope = 5;
  static constexpr uint32_t kDispositionRows = 6;
  static constexpr uint8_t kNoPlace = 0xFF;

  // Rows of an item that some block reads. Those of an item lie together.
  struct Item {
    ItemIndex item = kNoItem;
    uint32_t first = 0;
    uint32_t places = 0;  // Number of its table of places; only closed items have codes.
    bool closed = false;
  };
  // A test that is made unit by unit when its answers are set: a number, or how many codes.
  struct UnitTest {
    ItemIndex item = kNoItem;
    Expression::Node node;
    uint32_t row = 0;             // True.
    uint32_t known_row = kNoRow;  // A number was given; kNoRow for a count of codes.
  };
  // A test of the unit's type or group: the same for ever.
  struct FrameTest {
    Expression::Op op = Expression::Op::kUnitType;
    Compare compare = Compare::kEqual;
    int64_t type = 0;
    uint32_t attribute = 0;
    std::vector<uint16_t> groups;
  };

  // A step reads rows, or the steps before it.
  struct Step {
    enum class Op : uint8_t {
      kAnd,        // steps
      kOr,         // steps
      kNot,        // steps (one)
      kCodes,      // rows that make it true; item, dont_know
      kUnitTest,   // rows (one) true; known; dont_know
      kAnswered,   // item
      kRouted,     // item
      kResponded,  //
      kFrame,      // number of a frame test
    };
    Op op = Op::kResponded;
    std::vector<uint32_t> operands;  // Steps or rows.
    uint32_t known = kNoRow;         // Row of units of which the test is known.
    uint32_t dont_know = kNoRow;     // Row of units that answered 98 here.
    uint32_t item_first = 0;         // First row of the item.
    uint32_t frame_test = 0;
  };
  struct Program {
    std::vector<Step> steps;     // The last one is the result.
    std::vector<uint32_t> rows;  // Every row that is read, ascending.
  };
  struct Base {
    Program program;
    // First row of X where the base is answered(X) alone: then the rows are the standings.
    uint32_t plain_item = kNoRow;
    uint32_t possible = 0;  // Number of its row of units to whom it can apply.
  };
  // Whether a base can apply to a unit: by type where it reads no attributes, else the expression.
  struct Possible {
    std::array<bool, model::UnitType_ARRAYSIZE> by_type = {};
    const Expression* expression = nullptr;
  };
  // Where the numbers of units come from (number_columns.h).
  struct NumberSource {
    const CompiledIndicator::Measure* measure = nullptr;  // Of the plan.
    // Rows of units that answered its question, and of those of them whose answer has a number;
    // kNoRow for numbers of the frame.
    uint32_t answered = kNoRow;
    uint32_t known = kNoRow;
  };
  static constexpr uint32_t kOneEach = kNoRow;  // No source: every unit brings 1.
  static constexpr uint32_t kAlways = kNoRow;   // No program: everywhere.
  struct Number {
    uint32_t source = kOneEach;
    uint32_t when = kAlways;  // Number of the numerator that says where it counts.
  };
  struct Block {
    enum class Kind : uint8_t { kShare, kDistribution, kNumeric, kOutcomeRate, kNotAsked };
    Kind kind = Kind::kShare;
    uint32_t base = 0;                 // Number of the base; not for kOutcomeRate and kNotAsked.
    uint32_t numerator = 0;            // Number of the numerator, for kShare.
    std::vector<uint32_t> categories;  // Rows, for kDistribution.
    Number a;                          // Measure and denominator, for kNumeric.
    Number b;
    // Numbers of the sources that answers give, for kNumeric: who answered without a number
    // ("don't know", a code without a score) is not in the base.
    std::vector<uint32_t> given;
    std::vector<uint32_t> rows;  // Every row that the block's counts depend on.
  };

  explicit MatrixRows(const FigurePlan& plan);

  uint32_t count() const { return count_; }
  const std::vector<Item>& items() const { return items_; }
  // Place of a code among the code rows of an item with that table; kNoPlace = it has none.
  const std::array<uint8_t, kCodeMax + 1>& places(uint32_t table) const { return places_[table]; }
  const std::vector<UnitTest>& unit_tests() const { return unit_tests_; }
  const std::vector<FrameTest>& frame_tests() const { return frame_tests_; }
  const std::vector<Possible>& possibles() const { return possibles_; }
  const std::vector<Base>& bases() const { return bases_; }
  const std::vector<Program>& numerators() const { return numerators_; }
  const std::vector<NumberSource>& number_sources() const { return number_sources_; }
  const std::vector<Block>& blocks() const { return blocks_; }  // As the plan's.
  size_t bytes() const;

 private:
  uint32_t FirstRowOf(ItemIndex item);
  uint32_t CodeRow(ItemIndex item, int32_t code) const;
  uint32_t UnitTestOf(const Expression::Node& node);
  uint32_t FrameTestOf(const Expression& expression, const Expression::Node& node);
  uint32_t PossibleOf(const Expression& base);
  uint32_t BaseOf(const Expression& base);
  uint32_t NumeratorOf(const Expression& numerator);
  Number NumberOf(const CompiledIndicator::Measure& measure);
  Program Compile(const Expression& expression);

  const FigurePlan& plan_;
  uint32_t count_ = kDispositionRows;
  std::vector<Item> items_;
  std::map<ItemIndex, size_t> item_at_;  // Place in items_.
  std::vector<std::array<uint8_t, kCodeMax + 1>> places_;
  std::map<std::array<uint64_t, 2>, uint32_t> places_by_codes_;
  std::vector<UnitTest> unit_tests_;
  std::map<std::string, uint32_t> unit_test_by_text_;
  std::map<ItemIndex, uint32_t> number_known_;
  std::vector<FrameTest> frame_tests_;
  std::map<std::string, uint32_t> frame_test_by_text_;
  std::vector<Possible> possibles_;
  std::map<std::string, uint32_t> possible_by_text_;
  std::vector<Base> bases_;
  std::map<std::string, uint32_t> base_by_text_;
  std::vector<Program> numerators_;
  std::map<std::string, uint32_t> numerator_by_text_;
  std::vector<NumberSource> number_sources_;
  std::map<std::string, uint32_t> number_source_by_text_;
  std::vector<Block> blocks_;
};

}  // namespace imdi::domain
