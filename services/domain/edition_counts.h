#pragma once

// The integer counts of one edition as they leave the answer matrix: immutable, in the order of a
// FigurePlan. Everything that is served is computed from them and from definitions alone.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "services/domain/change.h"
#include "services/domain/estimate.h"
#include "services/domain/figure_plan.h"
#include "services/domain/linear_estimate.h"

namespace imdi::domain {

// Why a cell has no value; the order and names follow query.v1.NoValueReason.
enum class CellState : uint8_t {
  kValue,          // There is one; zero is a value.
  kNotAsked,       // The question was not part of the edition.
  kNotApplicable,  // It applies to no unit of the group, and none is silent to whom it may.
  kNoAnswer,       // Units were asked, or may have been, and none answered.
  kNotYet,         // The edition is not closed, and who it may apply to has not answered yet.
  kFilterUnknown,  // Only units whose filter is unknown.
};
std::string_view Name(CellState state);

// How the units of a group stand in the edition.
struct DispositionCounts {
  int32_t complete = 0;
  int32_t partial = 0;
  int32_t breakoff = 0;
  int32_t refusal = 0;
  int32_t non_contact = 0;
  int32_t out_of_scope = 0;
  int32_t invited() const { return complete + partial + breakoff + refusal + non_contact; }
  int32_t responded() const { return complete + partial; }
  friend bool operator==(const DispositionCounts&, const DispositionCounts&) = default;
};

// One cell. in_base + filter_unknown + item_nonresponse + not_in_base = responded.
struct CellCounts {
  int32_t invited = 0;    // Frame less out of scope.
  int32_t responded = 0;  // Complete or partial.
  int32_t complete = 0;
  int32_t partial = 0;
  int32_t in_base = 0;    // n. For OUTCOME_RATE: invited.
  int32_t numerator = 0;  // x. For OUTCOME_RATE: complete + partial.
  int32_t filter_unknown = 0;
  int32_t item_nonresponse = 0;
  int32_t not_in_base = 0;
  int32_t possible = 0;  // Invited units to whom the base can apply, by attributes and scope.
  int32_t silent_possible = 0;  // Those of them that did not respond.
  CellState state = CellState::kNotYet;
  // Units that may belong to the base and have not said so (M): the silent to whom it can apply,
  // and those that were asked and left the question blank. A unit that answered, and whose filter
  // is blank or "don't know", is in no base by rule, whatever anybody else would have said; it is
  // counted beside.
  int32_t may_belong() const { return silent_possible + item_nonresponse; }
  friend bool operator==(const CellCounts&, const CellCounts&) = default;
};

class EditionCounts {
 public:
  // Values of the parts in order: part 0 holds the dispositions: for each breakdown, for each atom,
  // the six counts of DispositionCounts; part 1 + b holds block b: for each of its breakdowns, for
  // each atom, [possible, silent_possible, in_base, filter_unknown, item_nonresponse, numerator of
  // each category], and where the block keeps numbers, behind all of that: for each of its
  // breakdowns, for each atom, the sums of a, b, aa, bb and ab over the units of the base and of b
  // over those that may belong to it (Block::Numbers::kSums), or for each unit of the frame how it
  // stands to the base, a and b (kUnits); places and limbs: count_numbers.h. The part behind the
  // blocks holds the pairs: for each pair, for each atom of the total, units in both; then comes a
  // part for each panel: for each of its pairs of editions, for each panel stratum, [units in the
  // frame of the first, of the second, of both, units of either by state in the first × state in
  // the second (AnswerState)], and behind them for each panel stratum the units in the base of any
  // edition. Panel strata are the uncollapsed strata, and one more for units that only earlier
  // editions have and whose stratum is gone. Parts are shared between counts that do not differ in
  // them.
  using Part = std::shared_ptr<const std::vector<int32_t>>;

  // The parts must have the plan's count and sizes (PartCount, PartSize): whoever takes them from
  // elsewhere compares.
  EditionCounts(std::shared_ptr<const FigurePlan> plan, std::vector<Part> parts);
  // How many parts a plan has, and how many values each.
  static size_t PartCount(const FigurePlan& plan);
  static size_t PartSize(const FigurePlan& plan, size_t part);

  const FigurePlan& plan() const { return *plan_; }
  const std::shared_ptr<const FigurePlan>& shared_plan() const { return plan_; }
  const std::vector<Part>& parts() const { return parts_; }

  DispositionCounts Dispositions(uint32_t breakdown, uint32_t group) const;
  DispositionCounts DispositionsOfStratum(uint16_t stratum) const;
  // Strata of a weight layout after collapsing by who responded; the same for every cell.
  const Collapse& collapse(uint32_t layout = 0) const { return collapses_[layout]; }

  // Who was invited and who responded: by cell of a weight layout, by stratum of it before
  // collapsing, and after.
  struct Responded {
    int32_t invited = 0;
    int32_t responded = 0;
  };
  std::vector<Responded> RespondedByWeightCell(uint32_t layout) const;
  std::vector<Responded> RespondedByStratum(uint32_t layout) const;
  const std::vector<Responded>& strata(uint32_t layout) const { return strata_[layout]; }

  CellCounts CountsOf(const FigurePlan::Cell& cell, model::EditionState state) const;
  // The cell by collapsed stratum, ascending, those without units of the cell left out
  // (domain_frame 0); `strata` gets their numbers. For OUTCOME_RATE the base is who was invited,
  // and yes who responded.
  std::vector<StratumCell> StrataOf(const FigurePlan::Cell& cell,
                                    std::vector<uint16_t>* strata = nullptr) const;
  // The cell by cell of its block's weight layout, ascending, those without units of it left out.
  struct WeightCellCounts {
    uint32_t cell = 0;
    int32_t domain_frame = 0;
    int32_t base = 0;
    int32_t yes = 0;
  };
  std::vector<WeightCellCounts> WeightCellsOf(const FigurePlan::Cell& cell) const;
  // Of a block that keeps sums: the cell by collapsed stratum, side by side with StrataOf, and by
  // cell of its weight layout, side by side with WeightCellsOf (`frame` and `responded` 0).
  std::vector<SumsCell> SumsOf(const FigurePlan::Cell& cell) const;
  std::vector<SumsCell> SumsByWeightCell(const FigurePlan::Cell& cell) const;
  // Of a block that keeps numbers by unit: the units in the base of the cell, in the order of the
  // frame, with their two numbers. This visits the units of the cell's group.
  struct UnitNumbers {
    UnitIndex unit = 0;
    int64_t a = 0;
    int64_t b = 0;
  };
  std::vector<UnitNumbers> UnitsOf(const FigurePlan::Cell& cell) const;
  // By collapsed stratum, units of all groups: those that responded and left open whether they
  // belong to the base of the cell's block (filter unknown) or what they answer (blank). A total
  // weights the others up for them.
  std::vector<int32_t> OpenByStratum(const FigurePlan::Cell& cell) const;
  // Of a numeric block: sum of the denominator over the units that may belong to the base and have
  // not said so (CellCounts::may_belong), where it follows from the frame alone (FrameKnows); else
  // empty.
  std::optional<int64_t> DenominatorOfSilent(const FigurePlan::Cell& cell) const;
  // The counts of a pair of categories of one block over all units, by collapsed stratum; the three
  // vectors side by side.
  struct PairCounts {
    std::vector<StratumCell> a;
    std::vector<StratumCell> b;
    std::vector<int32_t> both;
  };
  PairCounts CountsOfPair(size_t pair) const;

  // Integers of a panel stratum in a part: three frames, then the states.
  static constexpr size_t kPanelWidth = 3 + kAnswerStates * kAnswerStates;
  static size_t PanelStrata(const FigurePlan& plan) { return plan.strata().size() + 1; }
  // Two editions of a panel (numbers within it, a < b), by panel stratum.
  std::vector<PairCell> CountsOfPanel(size_t panel, size_t a, size_t b) const;
  // Units in the base of at least one edition of the panel, by panel stratum.
  std::vector<int32_t> InAnyBase(size_t panel) const;

 private:
  // The first atom of a breakdown in part 0.
  const int32_t* DispositionsAt(uint32_t breakdown) const;
  // The cell's first atom in its block's part, and the numbers of that atom (kSums).
  const int32_t* AtomsOf(const FigurePlan::Cell& cell) const;
  const int32_t* SumsAt(const FigurePlan::Cell& cell) const;
  // What the cell's block keeps of a unit (kUnits).
  const int32_t* NumbersOf(const FigurePlan::Cell& cell, UnitIndex unit) const;
  // Collapsed stratum of an atom of a breakdown.
  uint16_t StratumOf(const FigurePlan::Breakdown& breakdown, size_t atom) const;
  std::vector<StratumCell> ByStratum(const FigurePlan::Cell& cell) const;

  std::shared_ptr<const FigurePlan> plan_;
  std::vector<Part> parts_;
  std::vector<Collapse> collapses_;             // By layout.
  std::vector<std::vector<Responded>> strata_;  // By layout and collapsed stratum.
};

// Whether a number follows from the frame alone, and so is known of the silent too.
bool FrameKnows(const CompiledIndicator::Measure& measure);

}  // namespace imdi::domain
