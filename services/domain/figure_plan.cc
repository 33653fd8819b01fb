#include "services/domain/figure_plan.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/count_numbers.h"
#include "services/domain/survey_catalog.h"

namespace imdi::domain {
namespace {

constexpr std::string_view kAnswer = "answer";

void PutNumber(std::string& out, uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(number >> shift));
}
void PutText(std::string& out, std::string_view text) {
  PutNumber(out, text.size());
  out.append(text);
}

// Declared groups, and one for "unknown" where some unit has no value.
size_t GroupsOf(const CompiledFrame& frame, uint32_t attribute) {
  const CompiledFrame::Attribute& one = frame.attributes()[attribute];
  return one.groups.size() + (one.has_unknown ? 1 : 0);
}

std::string BlockName(const CompiledIndicator& indicator, uint32_t basis) {
  return base::StrCat(indicator.id(), ".", indicator.bases()[basis].id);
}

}  // namespace

class FigurePlanMaker {
 public:
  explicit FigurePlanMaker(FigurePlan& plan) : plan_(plan), frame_(*plan.frame_) {}

  void Make(std::span<const std::shared_ptr<const model::Claim>> claims, EarlierEditions past) {
    MakeLayouts();
    MakeBreakdowns();
    MakeBlocks();
    for (const auto& claim : claims) AddPairs(*claim);
    FinishPairs();
    MakePanels(std::move(past));
    plan_.fingerprint_ = Fingerprint();
  }

 private:
  using Layout = FigurePlan::WeightLayout;
  using Breakdown = FigurePlan::Breakdown;
  using Block = FigurePlan::Block;
  using Pair = FigurePlan::Pair;

  void MakeLayouts() {
    std::map<std::string, std::shared_ptr<const CompiledWeightSet>> sets;
    for (const auto& indicator : plan_.indicators_) {
      if (indicator->weights() != nullptr)
        sets.emplace(indicator->weights()->name(), indicator->weights());
    }
    AddLayout(nullptr);
    for (const auto& [name, set] : sets) AddLayout(set);
    for (const auto& indicator : plan_.indicators_) {
      const auto set =
          indicator->weights() == nullptr ? sets.end() : sets.find(indicator->weights()->name());
      layout_of_.push_back(
          set == sets.end() ? 0 : 1 + static_cast<uint32_t>(std::distance(sets.begin(), set)));
    }
  }

  void AddLayout(const std::shared_ptr<const CompiledWeightSet>& set) {
    Layout& out = plan_.layouts_.emplace_back();
    out.set = set;
    out.strata =
        set == nullptr ? Strata::Of(frame_) : Strata::Of(frame_, set->within(), set->along());
    std::vector<std::vector<uint32_t>> levels;  // By margin and unit.
    if (set != nullptr) {
      for (const std::vector<uint32_t>& attributes : set->margins())
        levels.push_back(LevelsOf(attributes, &out.margins.emplace_back()));
    }
    const auto key_of = [&](UnitIndex unit) {
      std::tuple<uint16_t, std::vector<uint32_t>, std::vector<int64_t>> key(
          out.strata.StratumOf(unit), {}, {});
      for (const std::vector<uint32_t>& level : levels) std::get<1>(key).push_back(level[unit]);
      if (set != nullptr) {
        for (const model::FrameNumber total : set->totals())
          std::get<2>(key).push_back(NumberOf(frame_, unit, total));
      }
      return key;
    };
    std::map<decltype(key_of(0)), uint32_t> numbers;
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit) numbers.emplace(key_of(unit), 0);
    for (auto& [key, number] : numbers) {
      number = static_cast<uint32_t>(out.cells.size());
      out.cells.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key)});
    }
    out.cell_of_unit.reserve(frame_.size());
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit)
      out.cell_of_unit.push_back(numbers.find(key_of(unit))->second);
  }

  // By unit; `margin` gets the names.
  std::vector<uint32_t> LevelsOf(const std::vector<uint32_t>& attributes,
                                 Layout::Margin* margin) const {
    std::map<std::vector<uint16_t>, uint32_t> numbers;  // kUnknownGroup is the largest number.
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit)
      numbers.emplace(CodesOf(unit, attributes), 0);
    for (auto& [codes, number] : numbers) {
      number = static_cast<uint32_t>(margin->levels.size());
      std::string& name = margin->levels.emplace_back();
      for (size_t i = 0; i < codes.size(); ++i)
        base::StrAppend(name, i == 0 ? "" : ".", frame_.attributes()[attributes[i]].id, "=",
                        frame_.GroupCode(attributes[i], codes[i]));
    }
    std::vector<uint32_t> out;
    out.reserve(frame_.size());
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit)
      out.push_back(numbers.find(CodesOf(unit, attributes))->second);
    return out;
  }

  void MakeBreakdowns() {
    for (uint32_t layout = 0; layout < plan_.layouts_.size(); ++layout) {
      AddBreakdown(layout, {});
      std::vector<bool> used(frame_.attributes().size(), false);
      std::vector<std::pair<uint32_t, uint32_t>> crossings;
      for (size_t i = 0; i < plan_.indicators_.size(); ++i) {
        if (layout_of_[i] != layout) continue;
        for (const uint32_t attribute : plan_.indicators_[i]->breakdowns()) used[attribute] = true;
        for (const CompiledIndicator::Crossing& crossing : plan_.indicators_[i]->crossings())
          crossings.emplace_back(crossing.first, crossing.second);
      }
      for (uint32_t attribute = 0; attribute < used.size(); ++attribute) {
        if (used[attribute]) AddBreakdown(layout, {attribute});
      }
      std::ranges::sort(crossings);
      crossings.erase(std::unique(crossings.begin(), crossings.end()), crossings.end());
      for (const auto& [first, second] : crossings) AddBreakdown(layout, {first, second});
    }
  }

  // The groups of a unit in those attributes.
  std::vector<uint16_t> CodesOf(UnitIndex unit, const std::vector<uint32_t>& attributes) const {
    std::vector<uint16_t> out;
    for (const uint32_t attribute : attributes) out.push_back(frame_.GroupOf(unit, attribute));
    return out;
  }

  std::vector<std::vector<uint16_t>> GroupCodes(const std::vector<uint32_t>& attributes) const {
    std::vector<std::vector<uint16_t>> out = {{}};
    for (const uint32_t attribute : attributes) {
      std::vector<std::vector<uint16_t>> next;
      for (const std::vector<uint16_t>& prefix : out) {
        const auto add = [&](uint16_t code) {
          next.push_back(prefix);
          next.back().push_back(code);
        };
        for (size_t g = 0; g < frame_.attributes()[attribute].groups.size(); ++g)
          add(static_cast<uint16_t>(g));
        if (frame_.attributes()[attribute].has_unknown) add(kUnknownGroup);
      }
      out = std::move(next);
    }
    if (attributes.size() < 2) return out;
    // Which pairs with unknown have a unit.
    std::vector<std::vector<uint16_t>> held;
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit) {
      std::vector<uint16_t> codes = CodesOf(unit, attributes);
      if (std::ranges::find(codes, kUnknownGroup) != codes.end()) held.push_back(std::move(codes));
    }
    std::ranges::sort(held);
    std::erase_if(out, [&](const std::vector<uint16_t>& codes) {
      return std::ranges::find(codes, kUnknownGroup) != codes.end() &&
             !std::ranges::binary_search(held, codes);
    });
    return out;
  }

  void AddBreakdown(uint32_t number, std::vector<uint32_t> attributes) {
    Breakdown out;
    out.layout = number;
    const Layout& layout = plan_.layouts_[number];
    // kUnknownGroup is the largest number, so the order shown is the order of the codes.
    const std::vector<std::vector<uint16_t>> codes = GroupCodes(attributes);
    for (const std::vector<uint16_t>& one : codes) out.groups.push_back({.codes = one});
    const uint64_t cells = layout.cells.size();
    std::vector<uint64_t> place(frame_.size());  // Group × cells + cell, by unit.
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit) {
      const auto group = std::ranges::lower_bound(codes, CodesOf(unit, attributes));
      place[unit] =
          static_cast<uint64_t>(group - codes.begin()) * cells + layout.cell_of_unit[unit];
    }
    std::vector<uint64_t> places = place;
    std::ranges::sort(places);
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const uint64_t one : places) {
      const auto group = static_cast<uint32_t>(one / cells);
      if (out.groups[group].atom_count++ == 0)
        out.groups[group].first_atom = static_cast<uint32_t>(out.atoms.size());
      out.atoms.push_back({group, static_cast<uint32_t>(one % cells)});
    }
    // Groups without units stand where theirs would.
    uint32_t next = 0;
    for (Breakdown::Group& group : out.groups) {
      if (group.atom_count == 0) group.first_atom = next;
      next = group.first_atom + group.atom_count;
    }
    out.atom_of_unit.reserve(place.size());
    for (const uint64_t one : place)
      out.atom_of_unit.push_back(
          static_cast<uint32_t>(std::ranges::lower_bound(places, one) - places.begin()));
    out.attributes = std::move(attributes);
    plan_.breakdowns_.push_back(std::move(out));
  }

  void MakeBlocks() {
    for (uint32_t i = 0; i < plan_.indicators_.size(); ++i) {
      const CompiledIndicator& indicator = *plan_.indicators_[i];
      const uint32_t layout = layout_of_[i];
      std::vector<uint32_t> breakdowns = {*plan_.FindBreakdown({}, layout)};
      for (const uint32_t attribute : indicator.breakdowns())
        breakdowns.push_back(*plan_.FindBreakdown({attribute}, layout));
      for (const CompiledIndicator::Crossing& crossing : indicator.crossings())
        breakdowns.push_back(*plan_.FindBreakdown({crossing.first, crossing.second}, layout));
      std::ranges::sort(breakdowns);
      for (uint32_t b = 0; b < indicator.bases().size(); ++b) {
        Block block;
        block.indicator = i;
        block.basis = b;
        block.categories = indicator.bases()[b].codes;
        block.layout = layout;
        block.breakdowns = breakdowns;
        block.numbers = NumbersOf(indicator);
        size_t groups = 0;
        size_t atoms = 0;
        for (const uint32_t number : breakdowns) {
          atoms += plan_.breakdowns_[number].atoms.size();
          groups += plan_.breakdowns_[number].groups.size();
        }
        block.numbers_at = atoms * block.width();
        block.value_count = block.numbers_at;
        if (block.numbers == Block::Numbers::kSums) block.value_count += atoms * kSumsWidth;
        if (block.numbers == Block::Numbers::kUnits) {
          block.value_count += frame_.size() * kUnitNumbersWidth;
          for (const uint32_t number : breakdowns) ListUnits(plan_.breakdowns_[number]);
        }
        plan_.first_cell_.push_back(plan_.cell_count_);
        plan_.cell_count_ += groups * block.categories.size();
        plan_.block_by_name_.emplace(BlockName(indicator, b),
                                     static_cast<uint32_t>(plan_.blocks_.size()));
        plan_.blocks_.push_back(std::move(block));
      }
    }
  }

  static Block::Numbers NumbersOf(const CompiledIndicator& indicator) {
    if (!indicator.numeric() || indicator.not_asked()) return Block::Numbers::kNone;
    const bool to_numbers =
        indicator.weights() != nullptr && !indicator.weights()->totals().empty();
    return to_numbers || indicator.kind() == model::INDICATOR_KIND_QUANTILE ? Block::Numbers::kUnits
                                                                            : Block::Numbers::kSums;
  }

  // Once a breakdown, for all of its cells together.
  void ListUnits(Breakdown& breakdown) {
    if (!breakdown.units.empty()) return;
    const auto group_of = [&](UnitIndex unit) -> Breakdown::Group& {
      return breakdown.groups[breakdown.atoms[breakdown.atom_of_unit[unit]].group];
    };
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit) ++group_of(unit).unit_count;
    uint32_t next = 0;
    for (Breakdown::Group& group : breakdown.groups) {
      group.first_unit = next;
      next += std::exchange(group.unit_count, 0);
    }
    breakdown.units.resize(frame_.size());
    for (UnitIndex unit = 0; unit < frame_.size(); ++unit) {
      Breakdown::Group& group = group_of(unit);
      breakdown.units[group.first_unit + group.unit_count++] = unit;
    }
  }

  // Each category that a ranking names against each other one that it does not leave out. Joint
  // counts are kept by stratum of the built-in weights.
  void AddPairs(const model::Claim& claim) {
    if (!claim.has_ranking()) return;
    std::vector<FigurePlan::Cell> top;
    for (const std::string& name : claim.ranking().top()) {
      const std::optional<size_t> cell = plan_.Find(name);
      if (!cell.has_value()) continue;
      const FigurePlan::Cell named = plan_.CellAt(*cell);
      if (plan_.blocks_[named.block].layout == 0) top.push_back(named);
    }
    const auto& except = claim.ranking().except();
    for (const FigurePlan::Cell& one : top) {
      const Block& block = plan_.blocks_[one.block];
      for (uint32_t other = 0; other < block.categories.size(); ++other) {
        const bool named = std::ranges::any_of(top, [&](const FigurePlan::Cell& cell) {
          return cell.block == one.block && cell.category == other;
        });
        if (named || std::ranges::find(except, block.categories[other]) != except.end()) continue;
        plan_.pairs_.push_back({one.block, one.category, other});
      }
    }
  }

  void FinishPairs() {
    std::ranges::sort(plan_.pairs_);
    plan_.pairs_.erase(std::unique(plan_.pairs_.begin(), plan_.pairs_.end()), plan_.pairs_.end());
  }

  // Whether an earlier edition asked for what a block counts.
  static bool Has(const EarlierEdition& edition, const CompiledIndicator& indicator,
                  const std::string& basis, int32_t code) {
    const auto same = std::ranges::find_if(
        edition.indicators, [&](const auto& one) { return one->id() == indicator.id(); });
    if (same == edition.indicators.end() || (*same)->not_asked()) return false;
    const auto found = std::ranges::find((*same)->bases(), basis, &CompiledIndicator::Basis::id);
    return found != (*same)->bases().end() &&
           std::ranges::find(found->codes, code) != found->codes.end();
  }

  // The cell of a block in a group {attribute}={code}; empty = its total. None where the block is
  // not broken down by it.
  std::optional<FigurePlan::Cell> CellIn(uint32_t block, const std::string& group) const {
    FigurePlan::Cell out{.block = block};
    if (group.empty()) return out;
    const size_t equals = group.find('=');
    const auto attribute = frame_.FindAttribute(group.substr(0, equals));
    if (equals == std::string::npos || !attribute.has_value()) return std::nullopt;
    const auto code = frame_.FindGroup(*attribute, group.substr(equals + 1));
    const auto breakdown = plan_.FindBreakdown({*attribute});
    if (!code.has_value() || !breakdown.has_value()) return std::nullopt;
    const auto& of_block = plan_.blocks_[block].breakdowns;
    const auto& groups = plan_.breakdowns_[*breakdown].groups;
    const auto place =
        std::ranges::find(groups, std::vector<uint16_t>{*code}, &Breakdown::Group::codes);
    if (std::ranges::find(of_block, *breakdown) == of_block.end() || place == groups.end())
      return std::nullopt;
    out.breakdown = *breakdown;
    out.group = static_cast<uint32_t>(place - groups.begin());
    return out;
  }

  // Whether an earlier edition's frame knows the group; every one knows the total.
  static bool KnowsGroup(const CompiledFrame& frame, const std::string& group) {
    if (group.empty()) return true;
    const size_t equals = group.find('=');
    const auto attribute = frame.FindAttribute(group.substr(0, equals));
    return attribute.has_value() &&
           frame.FindGroup(*attribute, group.substr(equals + 1)).has_value();
  }

  void MakePanels(EarlierEditions past) {
    uint32_t first = static_cast<uint32_t>(past.earlier.size());
    for (uint32_t b = 0; b < plan_.blocks_.size(); ++b) {
      const Block& block = plan_.blocks_[b];
      const CompiledIndicator& indicator = plan_.IndicatorOf(block);
      if (!IsFollowed(indicator) || indicator.not_asked()) continue;
      const auto& compare = indicator.definition().compare();
      std::vector<std::string> groups = {""};
      for (const model::Comparison& one : compare) {
        if (std::ranges::find(groups, one.group()) == groups.end()) groups.push_back(one.group());
      }
      std::ranges::sort(groups);
      for (uint32_t category = 0; category < block.categories.size(); ++category) {
        for (const std::string& group : groups) {
          std::optional<FigurePlan::Cell> cell = CellIn(b, group);
          if (!cell.has_value()) continue;
          cell->category = category;
          FigurePlan::Panel panel{.cell = *cell, .earlier = {}};
          for (uint32_t e = 0; e < past.earlier.size(); ++e) {
            const EarlierEdition& edition = past.earlier[e];
            // What holds of all units of a year holds in a group of it too.
            const bool compared = edition.year < past.year &&
                                  std::ranges::any_of(compare, [&](const model::Comparison& one) {
                                    return one.year() == edition.year &&
                                           (one.group().empty() || one.group() == group);
                                  });
            if (compared && KnowsGroup(*edition.frame, group) &&
                Has(edition, indicator, plan_.BasisOf(block).id, block.categories[category]))
              panel.earlier.push_back(e);
          }
          if (panel.earlier.empty()) continue;
          first = std::min(first, panel.earlier.front());
          plan_.panels_.push_back(std::move(panel));
        }
      }
    }
    // Editions before the first that anything is compared with are of no use.
    for (FigurePlan::Panel& panel : plan_.panels_) {
      for (uint32_t& one : panel.earlier) one -= first;
    }
    past.earlier.erase(past.earlier.begin(), past.earlier.begin() + first);
    plan_.panel_frame_ =
        MakePanelFrame(frame_, plan_.strata(), past.previous, std::move(past.earlier));
  }

  void PrintPanels(std::string& bytes) const {
    PutNumber(bytes, plan_.panels_.size());
    for (const FigurePlan::Panel& panel : plan_.panels_) {
      PutText(bytes, plan_.NameOf(panel.cell));
      for (const uint32_t one : panel.earlier) PutNumber(bytes, one);
    }
    for (const PanelFrame::Earlier& one : plan_.panel_frame_.earlier) {
      PutText(bytes, one.edition.id);
      for (const UnitIndex unit : one.unit_at) PutNumber(bytes, unit);
    }
    for (const uint16_t stratum : plan_.panel_frame_.strata_of_gone) PutNumber(bytes, stratum);
  }

  void PrintLayouts(std::string& bytes) const {
    PutNumber(bytes, plan_.layouts_.size());
    for (const Layout& layout : plan_.layouts_) {
      if (layout.set == nullptr) continue;
      PutText(bytes, layout.set->name());
      PutNumber(bytes, static_cast<uint64_t>(layout.set->method()));
      PutNumber(bytes, layout.strata.size());
      for (size_t s = 0; s < layout.strata.size(); ++s) PutText(bytes, layout.strata[s].id);
      PutNumber(bytes, layout.margins.size());
      for (const Layout::Margin& margin : layout.margins) {
        PutNumber(bytes, margin.levels.size());
        for (const std::string& level : margin.levels) PutText(bytes, level);
      }
      PutNumber(bytes, layout.set->totals().size());
      for (const model::FrameNumber total : layout.set->totals())
        PutNumber(bytes, static_cast<uint64_t>(total));
      PutNumber(bytes, layout.cells.size());
      for (const Layout::Cell& cell : layout.cells) {
        PutNumber(bytes, cell.stratum);
        for (const uint32_t level : cell.levels) PutNumber(bytes, level);
        for (const int64_t total : cell.totals) PutNumber(bytes, static_cast<uint64_t>(total));
      }
    }
    for (const Breakdown& breakdown : plan_.breakdowns_) PutNumber(bytes, breakdown.layout);
  }

  void PrintMeasure(std::string& bytes, const CompiledIndicator::Measure& measure) const {
    PutNumber(bytes, static_cast<uint64_t>(measure.source));
    PutText(bytes, measure.item == kNoItem ? std::string()
                                           : plan_.questionnaire_->items()[measure.item].id);
    PutNumber(bytes, static_cast<uint64_t>(measure.decimals));
    PutNumber(bytes, measure.scores.size());
    for (const auto& [code, score] : measure.scores) {
      PutNumber(bytes, static_cast<uint64_t>(code));
      PutNumber(bytes, static_cast<uint64_t>(score));
    }
    PutNumber(bytes, static_cast<uint64_t>(measure.number));
    PutText(bytes, measure.when.Print());
  }

  void PrintNumbers(std::string& bytes) const {
    for (const Block& block : plan_.blocks_) {
      PutNumber(bytes, static_cast<uint64_t>(block.numbers));
      if (block.numbers == Block::Numbers::kNone) continue;
      PrintMeasure(bytes, plan_.IndicatorOf(block).measure());
      PrintMeasure(bytes, plan_.IndicatorOf(block).denominator());
    }
  }

  std::string Fingerprint() const {
    base::Sha256Stream hash;
    // Plans without weight sets and numbers have the bytes that they had before there were any.
    const bool plain =
        plan_.layouts_.size() == 1 && std::ranges::none_of(plan_.blocks_, [](const Block& block) {
          return block.numbers != Block::Numbers::kNone;
        });
    std::string bytes = plain ? "figure plan 2" : "figure plan 3";
    const auto flush = [&] {
      hash.Update(std::string_view(bytes));
      bytes.clear();
    };
    PutNumber(bytes, frame_.size());
    for (const Breakdown& breakdown : plan_.breakdowns_) {
      PutNumber(bytes, breakdown.attributes.size());
      for (const uint32_t attribute : breakdown.attributes)
        PutText(bytes, frame_.attributes()[attribute].id);
      PutNumber(bytes, breakdown.groups.size());
      for (const Breakdown::Group& group : breakdown.groups) {
        for (size_t i = 0; i < group.codes.size(); ++i)
          PutText(bytes, frame_.GroupCode(breakdown.attributes[i], group.codes[i]));
      }
      PutNumber(bytes, breakdown.atoms.size());
      for (const Breakdown::Atom& atom : breakdown.atoms) {
        PutNumber(bytes, atom.group);
        PutNumber(bytes, atom.cell);
      }
      for (const uint32_t atom : breakdown.atom_of_unit) {
        PutNumber(bytes, atom);
        if (bytes.size() >= 65'536) flush();
      }
    }
    const Strata& strata = plan_.strata();
    for (size_t s = 0; s < strata.size(); ++s) PutText(bytes, strata[s].id);
    for (const Block& block : plan_.blocks_) {
      const CompiledIndicator& indicator = plan_.IndicatorOf(block);
      const CompiledIndicator::Basis& basis = plan_.BasisOf(block);
      PutText(bytes, BlockName(indicator, block.basis));
      PutNumber(bytes, static_cast<uint64_t>(indicator.kind()));
      PutNumber(bytes, indicator.not_asked() ? 1 : 0);
      PutText(bytes, basis.base.Print());
      PutNumber(bytes, basis.kind == BaseKind::kFrame ? 0 : 1);
      PutText(bytes, indicator.numerator().Print());
      if (indicator.item() != kNoItem)
        PutText(bytes, plan_.questionnaire_->items()[indicator.item()].id);
      PutNumber(bytes, block.categories.size());
      for (const int32_t code : block.categories) PutNumber(bytes, static_cast<uint64_t>(code));
      PutNumber(bytes, block.breakdowns.size());
      for (const uint32_t number : block.breakdowns) PutNumber(bytes, number);
    }
    PutNumber(bytes, plan_.pairs_.size());
    for (const Pair& pair : plan_.pairs_) {
      PutNumber(bytes, pair.block);
      PutNumber(bytes, pair.a);
      PutNumber(bytes, pair.b);
    }
    PrintPanels(bytes);
    if (!plain) {
      PrintLayouts(bytes);
      PrintNumbers(bytes);
    }
    flush();
    const base::Digest digest = hash.Finish();
    return {reinterpret_cast<const char*>(digest.data()), 16};
  }

  FigurePlan& plan_;
  const CompiledFrame& frame_;
  std::vector<uint32_t> layout_of_;  // By indicator.
};

std::shared_ptr<const FigurePlan> FigurePlan::Make(
    std::shared_ptr<const CompiledFrame> frame,
    std::shared_ptr<const CompiledQuestionnaire> questionnaire,
    std::vector<std::shared_ptr<const CompiledIndicator>> indicators,
    std::span<const std::shared_ptr<const model::Claim>> claims, EarlierEditions past) {
  std::shared_ptr<FigurePlan> plan(new FigurePlan);
  plan->frame_ = std::move(frame);
  plan->questionnaire_ = std::move(questionnaire);
  plan->indicators_ = std::move(indicators);
  FigurePlanMaker(*plan).Make(claims, std::move(past));
  return plan;
}

size_t FigurePlan::OffsetOf(const Block& block, uint32_t breakdown) const {
  size_t offset = 0;
  for (const uint32_t number : block.breakdowns) {
    if (number == breakdown) break;
    offset += breakdowns_[number].atoms.size() * block.width();
  }
  return offset;
}

std::optional<size_t> FigurePlan::FindPair(uint32_t block, uint32_t a, uint32_t b) const {
  const Pair wanted{block, a, b};
  const auto found = std::ranges::lower_bound(pairs_, wanted);
  return found == pairs_.end() || *found != wanted
             ? std::nullopt
             : std::optional(static_cast<size_t>(found - pairs_.begin()));
}

std::optional<size_t> FigurePlan::FindPanel(const Cell& cell) const {
  const auto found = std::ranges::find(panels_, cell, &Panel::cell);
  return found == panels_.end() ? std::nullopt
                                : std::optional(static_cast<size_t>(found - panels_.begin()));
}

std::optional<uint32_t> FigurePlan::FindBreakdown(std::vector<uint32_t> attributes,
                                                  uint32_t layout) const {
  std::ranges::sort(attributes, [&](uint32_t a, uint32_t b) {
    return frame_->attributes()[a].id < frame_->attributes()[b].id;
  });
  const auto found = std::ranges::find_if(breakdowns_, [&](const Breakdown& one) {
    return one.layout == layout && one.attributes == attributes;
  });
  return found == breakdowns_.end()
             ? std::nullopt
             : std::optional(static_cast<uint32_t>(found - breakdowns_.begin()));
}

size_t FigurePlan::PredictCells(
    const CompiledFrame& frame,
    std::span<const std::shared_ptr<const CompiledIndicator>> indicators) {
  size_t cells = 0;
  for (const auto& indicator : indicators) {
    size_t groups = 1;
    for (const uint32_t attribute : indicator->breakdowns()) groups += GroupsOf(frame, attribute);
    for (const CompiledIndicator::Crossing& crossing : indicator->crossings())
      groups += GroupsOf(frame, crossing.first) * GroupsOf(frame, crossing.second);
    for (const CompiledIndicator::Basis& basis : indicator->bases())
      cells += groups * basis.codes.size();
  }
  return cells;
}

FigurePlan::Cell FigurePlan::CellAt(size_t index) const {
  const auto after = std::ranges::upper_bound(first_cell_, index);
  Cell cell;
  cell.block = static_cast<uint32_t>(after - first_cell_.begin() - 1);
  const Block& block = blocks_[cell.block];
  size_t rest = index - first_cell_[cell.block];
  size_t groups = 0;
  for (const uint32_t number : block.breakdowns) groups += breakdowns_[number].groups.size();
  cell.category = static_cast<uint32_t>(rest / groups);
  rest %= groups;
  for (const uint32_t number : block.breakdowns) {
    cell.breakdown = number;
    if (rest < breakdowns_[number].groups.size()) break;
    rest -= breakdowns_[number].groups.size();
  }
  cell.group = static_cast<uint32_t>(rest);
  return cell;
}

size_t FigurePlan::IndexOf(const Cell& cell) const {
  const Block& block = blocks_[cell.block];
  size_t groups = 0;
  size_t before = 0;
  for (const uint32_t number : block.breakdowns) {
    if (number < cell.breakdown) before += breakdowns_[number].groups.size();
    groups += breakdowns_[number].groups.size();
  }
  return first_cell_[cell.block] + cell.category * groups + before + cell.group;
}

std::string FigurePlan::NameOf(const Cell& cell) const {
  const Block& block = blocks_[cell.block];
  std::string name = BlockName(IndicatorOf(block), block.basis);
  const int32_t code = block.categories[cell.category];
  bool answer = code != 0;
  const Breakdown& breakdown = breakdowns_[cell.breakdown];
  for (size_t i = 0; i < breakdown.attributes.size(); ++i) {
    const std::string& id = frame_->attributes()[breakdown.attributes[i]].id;
    if (answer && kAnswer < id) {
      base::StrAppend(name, ".", kAnswer, "=", code);
      answer = false;
    }
    base::StrAppend(
        name, ".", id, "=",
        frame_->GroupCode(breakdown.attributes[i], breakdown.groups[cell.group].codes[i]));
  }
  if (answer) base::StrAppend(name, ".", kAnswer, "=", code);
  return name;
}

std::optional<size_t> FigurePlan::Find(std::string_view cell_name) const {
  const size_t first = cell_name.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = cell_name.find('.', first + 1);
  const auto found = block_by_name_.find(cell_name.substr(0, second));
  if (found == block_by_name_.end()) return std::nullopt;
  Cell cell;
  cell.block = found->second;
  const Block& block = blocks_[cell.block];
  std::vector<uint32_t> attributes;
  std::vector<uint16_t> codes;
  std::string_view rest =
      second == std::string_view::npos ? std::string_view() : cell_name.substr(second + 1);
  while (!rest.empty()) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view value = part.substr(equals + 1);
    if (part.substr(0, equals) == kAnswer) {
      const std::optional<int64_t> code = base::ParseInt64(value);
      const auto category = std::ranges::find(block.categories, code.value_or(-1));
      if (category == block.categories.end()) return std::nullopt;
      cell.category = static_cast<uint32_t>(category - block.categories.begin());
      continue;
    }
    const std::optional<uint32_t> attribute = frame_->FindAttribute(part.substr(0, equals));
    if (!attribute.has_value()) return std::nullopt;
    const std::optional<uint16_t> group = frame_->FindGroup(*attribute, value);
    if (!group.has_value()) return std::nullopt;
    attributes.push_back(*attribute);
    codes.push_back(*group);
  }
  const auto breakdown = std::ranges::find_if(block.breakdowns, [&](uint32_t number) {
    return breakdowns_[number].attributes == attributes;
  });
  if (breakdown == block.breakdowns.end()) return std::nullopt;
  cell.breakdown = *breakdown;
  const auto& groups = breakdowns_[*breakdown].groups;
  const auto group = std::ranges::find(groups, codes, &Breakdown::Group::codes);
  if (group == groups.end()) return std::nullopt;
  cell.group = static_cast<uint32_t>(group - groups.begin());
  // Another spelling of the same (a leading zero, an order of attributes) is no name.
  if (NameOf(cell) != cell_name) return std::nullopt;
  return IndexOf(cell);
}

std::optional<uint32_t> FigurePlan::FindBlock(std::string_view indicator,
                                              std::string_view basis) const {
  const auto found = block_by_name_.find(base::StrCat(indicator, ".", basis));
  return found == block_by_name_.end() ? std::nullopt : std::optional(found->second);
}

bool IsFollowed(const CompiledIndicator& indicator) {
  return !indicator.definition().compare().empty() &&
         indicator.kind() != model::INDICATOR_KIND_OUTCOME_RATE && !indicator.numeric() &&
         indicator.weights() == nullptr;
}

std::vector<std::shared_ptr<const CompiledIndicator>> AllIndicatorsOf(const Catalog& catalog,
                                                                      std::string_view edition) {
  const Catalog::EditionEntry* entry = catalog.FindEdition(edition);
  if (entry == nullptr || entry->frame == nullptr || entry->Current() == nullptr) return {};
  std::vector<std::shared_ptr<const CompiledIndicator>> out = catalog.IndicatorsOf(edition);
  std::vector<std::shared_ptr<const CompiledIndicator>> automatic =
      AutomaticIndicators(*entry->Current()->compiled, *entry->frame);
  out.insert(out.end(), std::make_move_iterator(automatic.begin()),
             std::make_move_iterator(automatic.end()));
  return out;
}

std::shared_ptr<const FigurePlan> PlanOf(const Catalog& catalog, std::string_view edition) {
  const Catalog::EditionEntry* entry = catalog.FindEdition(edition);
  if (entry == nullptr || entry->frame == nullptr || entry->Current() == nullptr) return nullptr;
  std::vector<std::shared_ptr<const model::Claim>> claims;
  for (const auto& [id, claim] : entry->claims) claims.push_back(claim.second);
  EarlierEditions past;
  past.previous = EditionIdOf(entry->definition->previous_edition());
  past.year = entry->definition->reference_year();
  for (const Catalog::EditionEntry* one : catalog.Before(*entry))
    past.earlier.push_back(
        {.id = one->id,
         .year = one->definition->reference_year(),
         .previous = std::string(EditionIdOf(one->definition->previous_edition())),
         .frame = one->frame,
         .indicators = catalog.IndicatorsOf(one->id)});
  return FigurePlan::Make(entry->frame, entry->Current()->compiled,
                          AllIndicatorsOf(catalog, edition), claims, std::move(past));
}

}  // namespace imdi::domain
