#include "services/domain/panel_counter.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "services/domain/bit_tiles.h"

namespace imdi::domain {
namespace {

constexpr size_t kWordBits = 64;

size_t WordsOf(size_t columns) { return (columns + kWordBits - 1) / kWordBits; }
bool Has(const UnitStates::Bits& bits, size_t at) {
  return at / kWordBits < bits.size() && ((bits[at / kWordBits] >> (at % kWordBits)) & 1) != 0;
}
void Put(UnitStates::Bits& bits, size_t at) {
  bits[at / kWordBits] |= uint64_t{1} << (at % kWordBits);
}

size_t WordsOf(const FigurePlan& plan) {
  const size_t own = plan.frame().size();
  return WordsOf(own) + WordsOf(plan.panel_frame().columns - own);
}

// A cell's group as another edition's frame has it; none for the total.
struct GroupThere {
  std::vector<std::pair<uint32_t, uint16_t>> values;  // Attribute number and group.
  bool known = true;

  GroupThere(const FigurePlan& plan, const FigurePlan::Cell& cell, const CompiledFrame& frame) {
    const FigurePlan::Breakdown& breakdown = plan.breakdowns()[cell.breakdown];
    for (size_t i = 0; i < breakdown.attributes.size(); ++i) {
      const uint32_t here = breakdown.attributes[i];
      const auto there = frame.FindAttribute(plan.frame().attributes()[here].id);
      const auto group =
          there.has_value()
              ? frame.FindGroup(*there,
                                plan.frame().GroupCode(here, breakdown.groups[cell.group].codes[i]))
              : std::nullopt;
      known = known && group.has_value();
      if (known) values.emplace_back(*there, *group);
    }
  }
  bool Holds(const CompiledFrame& frame, UnitIndex unit) const {
    return known && std::ranges::all_of(values, [&](const auto& value) {
             return frame.GroupOf(unit, value.first) == value.second;
           });
  }
};

size_t BytesOf(const UnitStates::Bits& bits) { return bits.capacity() * sizeof(uint64_t); }

}  // namespace

PanelCounter::PanelCounter(std::shared_ptr<const FigurePlan> plan,
                           std::span<const UnitIndex> unit_at)
    : plan_(std::move(plan)),
      own_words_(WordsOf(plan_->frame().size())),
      words_(WordsOf(*plan_)),
      panel_column_(words_ * kWordBits, kNoUnit) {
  const PanelFrame& frame = plan_->panel_frame();
  const size_t own = plan_->frame().size();
  std::copy(unit_at.begin(), unit_at.end(), panel_column_.begin());
  for (size_t column = own; column < frame.columns; ++column)
    panel_column_[own_words_ * kWordBits + column - own] = static_cast<uint32_t>(column);
  for (size_t word = 0; word < words_; ++word) {
    first_.push_back(static_cast<uint32_t>(strata_.size()));
    for (size_t at = word * kWordBits; at < (word + 1) * kWordBits; ++at) {
      const uint32_t column = panel_column_[at];
      if (column == kNoUnit) continue;
      const uint32_t stratum =
          column < own ? plan_->strata().StratumOf(column) : frame.strata_of_gone[column - own];
      const auto begin = strata_.begin() + first_.back();
      const auto found = std::find(begin, strata_.end(), stratum);
      const size_t place = static_cast<size_t>(found - strata_.begin());
      if (found == strata_.end()) {
        strata_.push_back(stratum);
        masks_.push_back(0);
      }
      masks_[place] |= uint64_t{1} << (at % kWordBits);
    }
  }
  first_.push_back(static_cast<uint32_t>(strata_.size()));
  for (const FigurePlan::Panel& panel : plan_->panels()) {
    Bits& group = own_group_.emplace_back(own_words_);
    for (size_t column = 0; column < own; ++column) {
      if (plan_->InGroup(panel.cell, unit_at[column])) Put(group, column);
    }
  }
  earlier_.resize(frame.earlier.size());
  for (size_t number = 0; number < earlier_.size(); ++number) LayOne(number, nullptr);
}

size_t PanelCounter::PredictBytes(const FigurePlan& plan) {
  if (plan.panels().empty()) return 0;
  const size_t words = WordsOf(plan);
  size_t rows = plan.panels().size() + 2 * plan.panel_frame().earlier.size();
  for (const FigurePlan::Panel& panel : plan.panels()) rows += 2 * panel.earlier.size();
  // A word holds several strata only where two meet: at most one entry for each of either.
  const size_t entries =
      std::min(plan.panel_frame().columns,
               words + plan.strata().size() + 1 + plan.panel_frame().strata_of_gone.size());
  return sizeof(PanelCounter) + words * (rows * sizeof(uint64_t) + kWordBits * sizeof(uint32_t)) +
         (words + 1) * 2 * sizeof(uint32_t) + 2 * entries * (sizeof(uint32_t) + sizeof(uint64_t)) +
         plan.panels().size() * (sizeof(Bits) + plan.panel_frame().earlier.size() * sizeof(Laid)) +
         plan.panel_frame().earlier.size() * sizeof(Earlier);
}

size_t PanelCounter::bytes() const {
  size_t out = sizeof(PanelCounter) + panel_column_.capacity() * sizeof(uint32_t) +
               (first_.capacity() + strata_.capacity()) * sizeof(uint32_t) + BytesOf(masks_);
  for (const Bits& bits : own_group_) out += sizeof(Bits) + BytesOf(bits);
  for (const Earlier& one : earlier_) {
    out += sizeof(Earlier) + BytesOf(one.invited) + BytesOf(one.responded);
    for (const Laid& laid : one.panels)
      out += sizeof(Laid) + BytesOf(laid.in_base) + BytesOf(laid.yes);
  }
  return out;
}

void PanelCounter::LayOne(size_t number, std::shared_ptr<const UnitStates> states) {
  Earlier& out = earlier_[number];
  out.states = std::move(states);
  out.invited.assign(words_, 0);
  out.responded.assign(words_, 0);
  out.panels.assign(plan_->panels().size(), {});
  const PanelFrame::Earlier& there = plan_->panel_frame().earlier[number];
  const auto lay = [&](const Bits& from, Bits& to, const auto& holds) {
    for (size_t at = 0; at < panel_column_.size(); ++at) {
      if (panel_column_[at] == kNoUnit) continue;
      const UnitIndex unit = there.unit_at[panel_column_[at]];
      if (unit != kNoUnit && Has(from, unit) && holds(unit)) Put(to, at);
    }
  };
  const auto always = [](UnitIndex) { return true; };
  if (out.states != nullptr) {
    lay(out.states->invited, out.invited, always);
    lay(out.states->responded, out.responded, always);
  }
  for (size_t p = 0; p < plan_->panels().size(); ++p) {
    const FigurePlan::Panel& panel = plan_->panels()[p];
    if (std::ranges::find(panel.earlier, number) == panel.earlier.end()) continue;
    Laid& laid = out.panels[p];
    laid.in_base.assign(words_, 0);
    laid.yes.assign(words_, 0);
    if (out.states == nullptr) continue;
    FigurePlan::Cell total = panel.cell;
    total.breakdown = total.group = 0;
    const UnitStates::Row* row = out.states->Find(plan_->NameOf(total));
    if (row == nullptr) continue;
    const GroupThere group(*plan_, panel.cell, *there.edition.frame);
    const auto in_group = [&](UnitIndex unit) { return group.Holds(*there.edition.frame, unit); };
    lay(row->in_base, laid.in_base, in_group);
    lay(row->yes, laid.yes, in_group);
  }
}

bool PanelCounter::Lay(std::span<const std::shared_ptr<const UnitStates>> earlier) {
  bool changed = false;
  for (size_t number = 0; number < earlier_.size(); ++number) {
    const std::shared_ptr<const UnitStates> states =
        number < earlier.size() ? earlier[number] : nullptr;
    if (states == earlier_[number].states) continue;
    LayOne(number, states);
    changed = true;
  }
  return changed;
}

std::vector<int32_t> PanelCounter::Count(size_t number, const UnitStates& own) const {
  const FigurePlan::Panel& panel = plan_->panels()[number];
  const size_t strata = EditionCounts::PanelStrata(*plan_);
  std::vector<int32_t> out(EditionCounts::PartSize(*plan_, plan_->blocks().size() + 2 + number), 0);
  FigurePlan::Cell total = panel.cell;
  total.breakdown = total.group = 0;
  const UnitStates::Row* row = own.Find(plan_->NameOf(total));
  // The bits of one edition in one word.
  struct Word {
    uint64_t frame = 0;
    std::array<uint64_t, kAnswerStates> state = {};
    uint64_t in_base = 0;
  };
  std::vector<Word> editions(panel.editions());
  const auto put = [](Word& to, uint64_t frame, uint64_t responded, uint64_t in_base,
                      uint64_t yes) {
    to.frame = frame;
    to.in_base = in_base;
    to.state = {~responded, responded & ~in_base, in_base & ~yes, yes};
  };
  for (size_t w = 0; w < words_; ++w) {
    for (size_t e = 0; e < panel.earlier.size(); ++e) {
      const Earlier& one = earlier_[panel.earlier[e]];
      const Laid& laid = one.panels[number];
      put(editions[e], one.invited[w], one.responded[w], laid.in_base[w], laid.yes[w]);
    }
    if (w < own_words_ && row != nullptr) {
      const uint64_t group = own_group_[number][w];
      put(editions.back(), own.invited[w], own.responded[w], row->in_base[w] & group,
          row->yes[w] & group);
    } else {
      put(editions.back(), 0, 0, 0, 0);
    }
    const uint32_t from = first_[w];
    const size_t entries = first_[w + 1] - from;
    const auto count = [&](const uint64_t* bits, size_t width, int32_t* at) {
      CountShared(bits, width, strata_.data() + from, masks_.data() + from, entries, at);
    };
    int32_t* at = out.data();
    uint64_t any = 0;
    for (const Word& one : editions) any |= one.in_base;
    for (size_t a = 0; a < editions.size(); ++a) {
      for (size_t b = a + 1; b < editions.size(); ++b) {
        std::array<uint64_t, EditionCounts::kPanelWidth> bits;
        const uint64_t either = editions[a].frame | editions[b].frame;
        bits[0] = editions[a].frame;
        bits[1] = editions[b].frame;
        bits[2] = editions[a].frame & editions[b].frame;
        size_t place = 3;
        for (const uint64_t state_a : editions[a].state) {
          for (const uint64_t state_b : editions[b].state)
            bits[place++] = state_a & state_b & either;
        }
        count(bits.data(), bits.size(), at);
        at += strata * EditionCounts::kPanelWidth;
      }
    }
    count(&any, 1, at);
  }
  return out;
}

}  // namespace imdi::domain
