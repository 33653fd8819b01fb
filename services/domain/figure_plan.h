#pragma once

// Every cell for which an edition has figures, in one fixed order, and where its integers lie in
// EditionCounts. A pure function of the edition's definitions: aggregation and query each make it
// for themselves and compare fingerprints.

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "imdi/survey/model/v1/edition.pb.h"
#include "services/base/text.h"
#include "services/domain/estimate.h"
#include "services/domain/frame.h"
#include "services/domain/indicator.h"
#include "services/domain/panel_frame.h"
#include "services/domain/questionnaire.h"
#include "services/domain/strata.h"

namespace imdi::domain {

class FigurePlan {
 public:
  // Which units share a weight under one weight set. Number 0 is the built-in one, whose cells are
  // its strata; then come the sets that some indicator names, by name. The cells of a calibrated
  // set are what shares stratum, level of every margin, and value of every total.
  struct WeightLayout {
    struct Cell {
      uint16_t stratum = 0;          // Of `strata`, uncollapsed.
      std::vector<uint32_t> levels;  // By margin.
      std::vector<int64_t> totals;   // By total.
    };
    struct Margin {
      // Those that have a unit: "county=03", crossed "county=03.size_group=1"; in the order of the
      // frame's groups, unknown last.
      std::vector<std::string> levels;
    };
    std::shared_ptr<const CompiledWeightSet> set;  // Null = built in.
    Strata strata;
    std::vector<Cell> cells;  // By stratum, then levels, then totals; each has a unit.
    std::vector<Margin> margins;
    std::vector<uint32_t> cell_of_unit;
  };

  // One way of dividing the frame's units, for one weight layout. Of layout 0 first, then the same
  // of each further layout, for the indicators that use it: number 0 is the total, then each frame
  // variable that some indicator is broken down by, in the frame's order, then each declared
  // crossing, by the frame's order of its two variables as they stand in `attributes`.
  struct Breakdown {
    struct Group {
      std::vector<uint16_t>
          codes;  // Group of each attribute; kUnknownGroup = no value. None for the total.
      uint32_t first_atom = 0;
      uint32_t atom_count = 0;
      uint32_t first_unit = 0;  // In `units`, where there are some.
      uint32_t unit_count = 0;
    };
    // The units of one group in one cell of the weight layout; only those that have units.
    struct Atom {
      uint32_t group = 0;
      uint32_t cell = 0;  // Of the built-in layout: the uncollapsed stratum.
    };
    uint32_t layout = 0;  // Number of its weight layout.
    std::vector<uint32_t>
        attributes;  // Attribute numbers of the frame, by attribute id; none for the total.
    // In the order shown, unknown last: every group that the frame declares, and unknown where some
    // unit has no value. For a crossing every pair of declared groups, and pairs with unknown where
    // some unit is in them.
    std::vector<Group> groups;
    std::vector<Atom>
        atoms;  // By group, then stratum. For the total: one for each stratum with units.
    std::vector<uint32_t> atom_of_unit;  // By unit.
    // By group, then in the order of the frame. Only where a block keeps numbers by unit; else
    // empty.
    std::vector<UnitIndex> units;
  };

  // An indicator on one basis: its categories share a base.
  struct Block {
    uint32_t indicator = 0;  // Place in indicators().
    uint32_t basis = 0;
    std::vector<int32_t> categories;  // Codes of a distribution; one entry 0 for shares and rates.
    uint32_t layout = 0;              // Weight layout.
    std::vector<uint32_t>
        breakdowns;          // Numbers of breakdowns, ascending; the total of its layout first.
    size_t value_count = 0;  // Integers of the block.
    size_t numbers_at = 0;   // Where those of `numbers` begin.
    // What is kept of numbers beside the counts, behind them in the block's part.
    enum class Numbers : uint8_t {
      kNone,
      // By atom: exact sums. For MEAN, TOTAL and RATIO: a weight belongs to a cell of its layout,
      // so sums over the units of a cell are all that it needs.
      kSums,
      // By unit: its two numbers. For QUANTILE, and for the others under weights calibrated to a
      // number of each unit, which make nearly every unit a cell of its own: these do not add up,
      // and are the only figures that visit units.
      kUnits,
    };
    Numbers numbers = Numbers::kNone;

    // Integers of one atom: possible, silent_possible, in_base, filter_unknown, item_nonresponse,
    // then the categories.
    size_t width() const { return kAtomFixed + categories.size(); }
    static constexpr size_t kAtomFixed = 5;
  };

  // Two categories of one block of which the joint count is kept: for claims that rank them.
  struct Pair {
    uint32_t block = 0;
    uint32_t a = 0;  // Places in Block::categories.
    uint32_t b = 0;
    friend auto operator<=>(const Pair&, const Pair&) = default;
  };

  struct Cell {
    uint32_t block = 0;
    uint32_t category = 0;   // Place in Block::categories.
    uint32_t breakdown = 0;  // Number of the breakdown.
    uint32_t group = 0;      // Place in Breakdown::groups; 0 for the total.
    friend bool operator==(const Cell&, const Cell&) = default;
  };

  // A cell that is followed over editions, unit by unit: the total, or a group in which its
  // indicator is compared with some year. Joint counts are kept of every two of its editions.
  struct Panel {
    Cell cell;
    // Places in PanelFrame::earlier of the editions that have the cell, ascending. The edition
    // itself is the last one of the panel.
    std::vector<uint32_t> earlier;

    size_t editions() const { return earlier.size() + 1; }
    size_t pairs() const { return editions() * (editions() - 1) / 2; }
    // Pairs a < b in the order (0, 1), (0, 2), …, (1, 2), …
    size_t PairOf(size_t a, size_t b) const {
      return a * (2 * editions() - a - 1) / 2 + (b - a - 1);
    }
  };

  // `indicators` with the automatic ones behind (automatic_indicators.h); `claims`: those of the
  // edition, for their rankings.
  static std::shared_ptr<const FigurePlan> Make(
      std::shared_ptr<const CompiledFrame> frame,
      std::shared_ptr<const CompiledQuestionnaire> questionnaire,
      std::vector<std::shared_ptr<const CompiledIndicator>> indicators,
      std::span<const std::shared_ptr<const model::Claim>> claims, EarlierEditions past = {});

  const CompiledFrame& frame() const { return *frame_; }
  const CompiledQuestionnaire& questionnaire() const { return *questionnaire_; }
  const Strata& strata() const { return layouts_.front().strata; }  // Of the built-in weights.
  const std::vector<std::shared_ptr<const CompiledIndicator>>& indicators() const {
    return indicators_;
  }
  const std::vector<WeightLayout>& layouts() const { return layouts_; }
  const std::vector<Breakdown>& breakdowns() const { return breakdowns_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::vector<Pair>& pairs() const { return pairs_; }
  // Units beside those of earlier editions; empty where no cell is followed.
  const PanelFrame& panel_frame() const { return panel_frame_; }
  const std::vector<Panel>& panels() const { return panels_; }

  const CompiledIndicator& IndicatorOf(const Block& block) const {
    return *indicators_[block.indicator];
  }
  const CompiledIndicator::Basis& BasisOf(const Block& block) const {
    return IndicatorOf(block).bases()[block.basis];
  }
  // Where the integers of a breakdown begin in the block's part; the breakdown must be one of the
  // block's.
  size_t OffsetOf(const Block& block, uint32_t breakdown) const;
  std::optional<size_t> FindPair(uint32_t block, uint32_t a, uint32_t b) const;
  std::optional<size_t> FindPanel(const Cell& cell) const;
  // Whether a unit lies in a cell's group.
  bool InGroup(const Cell& cell, UnitIndex unit) const {
    const Breakdown& breakdown = breakdowns_[cell.breakdown];
    return breakdown.atoms[breakdown.atom_of_unit[unit]].group == cell.group;
  }
  // The units of a cell's group in the order of the frame; of a block that keeps numbers by unit.
  std::span<const UnitIndex> UnitsIn(const Cell& cell) const {
    const Breakdown& breakdown = breakdowns_[cell.breakdown];
    const Breakdown::Group& group = breakdown.groups[cell.group];
    return std::span(breakdown.units).subspan(group.first_unit, group.unit_count);
  }
  // A breakdown by the numbers of its attributes in any order; none for the total.
  std::optional<uint32_t> FindBreakdown(std::vector<uint32_t> attributes,
                                        uint32_t layout = 0) const;

  // Cells that Make would come to at most, counted without making anything. The bound on it is
  // kFiguresPerEditionMax (services/base/limits.h).
  static size_t PredictCells(const CompiledFrame& frame,
                             std::span<const std::shared_ptr<const CompiledIndicator>> indicators);

  // Cells by block, category, breakdown, group.
  size_t cell_count() const { return cell_count_; }
  Cell CellAt(size_t index) const;
  size_t IndexOf(const Cell& cell) const;
  // {indicator}.{basis}[.answer={code}][.{attribute}={group}]…, attributes and "answer" sorted by
  // name. A distribution that the edition did not ask has no codes, and no answer in its name.
  std::string NameOf(const Cell& cell) const;
  // Takes the canonical spelling only.
  std::optional<size_t> Find(std::string_view cell_name) const;
  std::optional<uint32_t> FindBlock(std::string_view indicator, std::string_view basis) const;

  // 16 bytes that are equal where counts mean the same at the same place: layout, expressions and
  // the units' places.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  friend class FigurePlanMaker;
  FigurePlan() = default;
  std::shared_ptr<const CompiledFrame> frame_;
  std::shared_ptr<const CompiledQuestionnaire> questionnaire_;
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators_;
  std::vector<WeightLayout> layouts_;
  std::vector<Breakdown> breakdowns_;
  std::vector<Block> blocks_;
  std::vector<Pair> pairs_;
  PanelFrame panel_frame_;
  std::vector<Panel> panels_;
  std::vector<size_t> first_cell_;  // By block.
  std::unordered_map<std::string, uint32_t, base::TextHash, std::equal_to<>> block_by_name_;
  size_t cell_count_ = 0;
  std::string fingerprint_;
};

// Whether the cells of an indicator are followed over editions: it is a share that is compared with
// some year, under the built-in weights, and its answers are not known of all units anyway (a
// response rate's are).
bool IsFollowed(const CompiledIndicator& indicator);

class Catalog;
// The indicators of an edition as a catalog has it: those of documents by id, then the automatic
// distributions in the order of the questionnaire. None while it has no frame or no questionnaire,
// or does not exist.
std::vector<std::shared_ptr<const CompiledIndicator>> AllIndicatorsOf(const Catalog& catalog,
                                                                      std::string_view edition);
// The plan of an edition over those. Null while it has no frame or no questionnaire, or does not
// exist.
std::shared_ptr<const FigurePlan> PlanOf(const Catalog& catalog, std::string_view edition);

}  // namespace imdi::domain
