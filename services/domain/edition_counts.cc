#include "services/domain/edition_counts.h"

#include <algorithm>
#include <utility>

#include "services/domain/count_numbers.h"

namespace imdi::domain {
namespace {

// Places of the six counts of an atom in the part of the dispositions.
constexpr size_t kDispositions = 6;

// Places of the counts of an atom in the part of a block; the categories follow.
enum Place : size_t {
  kPossible,
  kSilentPossible,
  kInBase,
  kFilterUnknown,
  kItemNonresponse,
  kFirstCategory
};
static_assert(kFirstCategory == FigurePlan::Block::kAtomFixed);

void Add(DispositionCounts& to, const int32_t* values) {
  to.complete += values[0];
  to.partial += values[1];
  to.breakoff += values[2];
  to.refusal += values[3];
  to.non_contact += values[4];
  to.out_of_scope += values[5];
}

// The sums of an atom (FigurePlan::Block::Numbers::kSums).
void AddSums(const int32_t* sums, SumsCell* to) {
  to->a += LimbsOf(sums + kSumA, kSumLimbs);
  to->b += LimbsOf(sums + kSumB, kSumLimbs);
  to->aa += LimbsOf(sums + kSumAA, kSquareLimbs);
  to->bb += LimbsOf(sums + kSumBB, kSquareLimbs);
  to->ab += LimbsOf(sums + kSumAB, kSquareLimbs);
}

CellState StateOf(const CompiledIndicator& indicator, const CellCounts& counts,
                  model::EditionState edition) {
  if (indicator.not_asked()) return CellState::kNotAsked;
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    if (counts.invited == 0) return CellState::kNotApplicable;
    return edition == model::EDITION_STATE_DRAFT && counts.responded == 0 ? CellState::kNotYet
                                                                          : CellState::kValue;
  }
  if (counts.in_base > 0) return CellState::kValue;
  if (counts.possible == 0) return CellState::kNotApplicable;
  if (counts.item_nonresponse > 0) return CellState::kNoAnswer;
  if (counts.filter_unknown > 0) return CellState::kFilterUnknown;
  // It does not apply to those that answered. Of the silent nobody knows.
  if (counts.silent_possible == 0) return CellState::kNotApplicable;
  return edition == model::EDITION_STATE_CLOSED ? CellState::kNoAnswer : CellState::kNotYet;
}

}  // namespace

std::string_view Name(CellState state) {
  switch (state) {
    case CellState::kValue:
      return "VALUE";
    case CellState::kNotAsked:
      return "NOT_ASKED";
    case CellState::kNotApplicable:
      return "NOT_APPLICABLE";
    case CellState::kNoAnswer:
      return "NO_ANSWER";
    case CellState::kNotYet:
      return "NOT_YET";
    case CellState::kFilterUnknown:
      return "FILTER_UNKNOWN";
  }
  return "NOT_YET";
}

bool FrameKnows(const CompiledIndicator::Measure& measure) {
  using Source = CompiledIndicator::Measure::Source;
  const bool fixed = measure.source == Source::kFrame || measure.source == Source::kOne;
  const std::vector<Expression::Node>& when = measure.when.nodes();
  return fixed && measure.when.items().empty() && measure.when.previous_items().empty() &&
         std::ranges::none_of(when, [](const Expression::Node& node) {
           return node.op == Expression::Op::kResponded;
         });
}

EditionCounts::EditionCounts(std::shared_ptr<const FigurePlan> plan, std::vector<Part> parts)
    : plan_(std::move(plan)), parts_(std::move(parts)) {
  for (uint32_t number = 0; number < plan_->layouts().size(); ++number) {
    const FigurePlan::WeightLayout& layout = plan_->layouts()[number];
    std::vector<int32_t> frame;
    std::vector<int32_t> responded;
    for (const Responded& stratum : RespondedByStratum(number)) {
      frame.push_back(stratum.invited);
      responded.push_back(stratum.responded);
    }
    const Collapse& collapse =
        collapses_.emplace_back(CollapseStrata(layout.strata, frame, responded));
    std::vector<Responded>& strata = strata_.emplace_back(collapse.count);
    for (size_t h = 0; h < frame.size(); ++h) {
      strata[collapse.to[h]].invited += frame[h];
      strata[collapse.to[h]].responded += responded[h];
    }
  }
}

size_t EditionCounts::PartCount(const FigurePlan& plan) {
  return plan.blocks().size() + 2 + plan.panels().size();
}

size_t EditionCounts::PartSize(const FigurePlan& plan, size_t part) {
  if (part == 0) {
    size_t atoms = 0;
    for (const FigurePlan::Breakdown& breakdown : plan.breakdowns())
      atoms += breakdown.atoms.size();
    return atoms * kDispositions;
  }
  if (part <= plan.blocks().size()) return plan.blocks()[part - 1].value_count;
  const size_t rest = part - plan.blocks().size() - 1;
  if (rest == 0) return plan.pairs().size() * plan.breakdowns().front().atoms.size();
  return PanelStrata(plan) * (plan.panels()[rest - 1].pairs() * kPanelWidth + 1);
}

const int32_t* EditionCounts::DispositionsAt(uint32_t breakdown) const {
  size_t before = 0;
  for (uint32_t number = 0; number < breakdown; ++number)
    before += plan_->breakdowns()[number].atoms.size();
  return parts_.front()->data() + before * kDispositions;
}

DispositionCounts EditionCounts::Dispositions(uint32_t breakdown, uint32_t group) const {
  const FigurePlan::Breakdown::Group& one = plan_->breakdowns()[breakdown].groups[group];
  const int32_t* values = DispositionsAt(breakdown) + one.first_atom * kDispositions;
  DispositionCounts out;
  for (size_t atom = 0; atom < one.atom_count; ++atom, values += kDispositions) Add(out, values);
  return out;
}

DispositionCounts EditionCounts::DispositionsOfStratum(uint16_t stratum) const {
  DispositionCounts out;
  const std::vector<FigurePlan::Breakdown::Atom>& atoms = plan_->breakdowns().front().atoms;
  for (size_t atom = 0; atom < atoms.size(); ++atom) {
    if (atoms[atom].cell == stratum) Add(out, DispositionsAt(0) + atom * kDispositions);
  }
  return out;
}

std::vector<EditionCounts::Responded> EditionCounts::RespondedByWeightCell(uint32_t layout) const {
  std::vector<Responded> out(plan_->layouts()[layout].cells.size());
  const uint32_t total = *plan_->FindBreakdown({}, layout);
  const int32_t* values = DispositionsAt(total);
  for (const FigurePlan::Breakdown::Atom& atom : plan_->breakdowns()[total].atoms) {
    DispositionCounts counts;
    Add(counts, values);
    out[atom.cell] = {counts.invited(), counts.responded()};
    values += kDispositions;
  }
  return out;
}

std::vector<EditionCounts::Responded> EditionCounts::RespondedByStratum(uint32_t number) const {
  const FigurePlan::WeightLayout& layout = plan_->layouts()[number];
  std::vector<Responded> out(layout.strata.size());
  const std::vector<Responded> cells = RespondedByWeightCell(number);
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    Responded& stratum = out[layout.cells[cell].stratum];
    stratum.invited += cells[cell].invited;
    stratum.responded += cells[cell].responded;
  }
  return out;
}

const int32_t* EditionCounts::AtomsOf(const FigurePlan::Cell& cell) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  return parts_[cell.block + 1]->data() + plan_->OffsetOf(block, cell.breakdown) +
         plan_->breakdowns()[cell.breakdown].groups[cell.group].first_atom * block.width();
}

const int32_t* EditionCounts::SumsAt(const FigurePlan::Cell& cell) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  const size_t atoms_before = plan_->OffsetOf(block, cell.breakdown) / block.width();
  return parts_[cell.block + 1]->data() + block.numbers_at +
         (atoms_before + plan_->breakdowns()[cell.breakdown].groups[cell.group].first_atom) *
             kSumsWidth;
}

uint16_t EditionCounts::StratumOf(const FigurePlan::Breakdown& breakdown, size_t atom) const {
  const FigurePlan::WeightLayout& layout = plan_->layouts()[breakdown.layout];
  return collapses_[breakdown.layout].to[layout.cells[breakdown.atoms[atom].cell].stratum];
}

CellCounts EditionCounts::CountsOf(const FigurePlan::Cell& cell, model::EditionState state) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  const FigurePlan::Breakdown::Group& group =
      plan_->breakdowns()[cell.breakdown].groups[cell.group];
  const size_t width = block.width();
  const int32_t* values = AtomsOf(cell);
  const DispositionCounts dispositions = Dispositions(cell.breakdown, cell.group);
  CellCounts out;
  out.invited = dispositions.invited();
  out.responded = dispositions.responded();
  out.complete = dispositions.complete;
  out.partial = dispositions.partial;
  for (uint32_t atom = 0; atom < group.atom_count; ++atom, values += width) {
    out.possible += values[kPossible];
    out.silent_possible += values[kSilentPossible];
    out.in_base += values[kInBase];
    out.filter_unknown += values[kFilterUnknown];
    out.item_nonresponse += values[kItemNonresponse];
    out.numerator += values[kFirstCategory + cell.category];
  }
  const CompiledIndicator& indicator = plan_->IndicatorOf(block);
  if (indicator.kind() != model::INDICATOR_KIND_OUTCOME_RATE)
    out.not_in_base = out.responded - out.in_base - out.filter_unknown - out.item_nonresponse;
  out.state = StateOf(indicator, out, state);
  return out;
}

std::vector<StratumCell> EditionCounts::ByStratum(const FigurePlan::Cell& cell) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  std::vector<StratumCell> out;
  for (const Responded& stratum : strata_[block.layout])
    out.push_back({.frame = stratum.invited, .responded = stratum.responded});
  const FigurePlan::Breakdown& breakdown = plan_->breakdowns()[cell.breakdown];
  const FigurePlan::Breakdown::Group& group = breakdown.groups[cell.group];
  const int32_t* values = AtomsOf(cell);
  for (uint32_t atom = 0; atom < group.atom_count; ++atom, values += block.width()) {
    StratumCell& stratum = out[StratumOf(breakdown, group.first_atom + atom)];
    stratum.domain_frame += values[kPossible];
    stratum.base += values[kInBase];
    stratum.yes += values[kFirstCategory + cell.category];
  }
  return out;
}

std::vector<StratumCell> EditionCounts::StrataOf(const FigurePlan::Cell& cell,
                                                 std::vector<uint16_t>* strata) const {
  const std::vector<StratumCell> all = ByStratum(cell);
  std::vector<StratumCell> out;
  if (strata != nullptr) strata->clear();
  for (size_t stratum = 0; stratum < all.size(); ++stratum) {
    if (all[stratum].domain_frame == 0) continue;
    out.push_back(all[stratum]);
    if (strata != nullptr) strata->push_back(static_cast<uint16_t>(stratum));
  }
  return out;
}

std::vector<EditionCounts::WeightCellCounts> EditionCounts::WeightCellsOf(
    const FigurePlan::Cell& cell) const {
  const FigurePlan::Breakdown& breakdown = plan_->breakdowns()[cell.breakdown];
  const FigurePlan::Breakdown::Group& group = breakdown.groups[cell.group];
  const size_t width = plan_->blocks()[cell.block].width();
  const int32_t* values = AtomsOf(cell);
  std::vector<WeightCellCounts> out;
  for (uint32_t atom = 0; atom < group.atom_count; ++atom, values += width) {
    if (values[kPossible] == 0) continue;
    out.push_back({breakdown.atoms[group.first_atom + atom].cell, values[kPossible],
                   values[kInBase], values[kFirstCategory + cell.category]});
  }
  return out;
}

std::vector<SumsCell> EditionCounts::SumsOf(const FigurePlan::Cell& cell) const {
  const std::vector<StratumCell> strata = ByStratum(cell);
  std::vector<SumsCell> all(strata.size());
  const FigurePlan::Breakdown& breakdown = plan_->breakdowns()[cell.breakdown];
  const FigurePlan::Breakdown::Group& group = breakdown.groups[cell.group];
  const int32_t* sums = SumsAt(cell);
  for (uint32_t atom = 0; atom < group.atom_count; ++atom, sums += kSumsWidth)
    AddSums(sums, &all[StratumOf(breakdown, group.first_atom + atom)]);
  std::vector<SumsCell> out;
  for (size_t stratum = 0; stratum < strata.size(); ++stratum) {
    if (strata[stratum].domain_frame == 0) continue;
    SumsCell& one = out.emplace_back(all[stratum]);
    one.frame = strata[stratum].frame;
    one.responded = strata[stratum].responded;
    one.base = strata[stratum].base;
  }
  return out;
}

std::vector<SumsCell> EditionCounts::SumsByWeightCell(const FigurePlan::Cell& cell) const {
  const FigurePlan::Breakdown::Group& group =
      plan_->breakdowns()[cell.breakdown].groups[cell.group];
  const size_t width = plan_->blocks()[cell.block].width();
  const int32_t* values = AtomsOf(cell);
  const int32_t* sums = SumsAt(cell);
  std::vector<SumsCell> out;
  for (uint32_t atom = 0; atom < group.atom_count; ++atom, values += width, sums += kSumsWidth) {
    if (values[kPossible] == 0) continue;
    SumsCell& one = out.emplace_back();
    one.base = values[kInBase];
    AddSums(sums, &one);
  }
  return out;
}

const int32_t* EditionCounts::NumbersOf(const FigurePlan::Cell& cell, UnitIndex unit) const {
  return parts_[cell.block + 1]->data() + plan_->blocks()[cell.block].numbers_at +
         unit * kUnitNumbersWidth;
}

std::vector<EditionCounts::UnitNumbers> EditionCounts::UnitsOf(const FigurePlan::Cell& cell) const {
  std::vector<UnitNumbers> out;
  for (const UnitIndex unit : plan_->UnitsIn(cell)) {
    const int32_t* values = NumbersOf(cell, unit);
    if (values[kUnitPlace] != kInBaseOf) continue;
    out.push_back({unit, static_cast<int64_t>(LimbsOf(values + kUnitA, kSumLimbs)),
                   static_cast<int64_t>(LimbsOf(values + kUnitB, kSumLimbs))});
  }
  return out;
}

std::vector<int32_t> EditionCounts::OpenByStratum(const FigurePlan::Cell& cell) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  const uint32_t total = block.breakdowns.front();
  const FigurePlan::Breakdown& breakdown = plan_->breakdowns()[total];
  const int32_t* values = AtomsOf({.block = cell.block, .breakdown = total});
  std::vector<int32_t> out(collapses_[block.layout].count);
  for (size_t atom = 0; atom < breakdown.atoms.size(); ++atom, values += block.width())
    out[StratumOf(breakdown, atom)] += values[kFilterUnknown] + values[kItemNonresponse];
  return out;
}

std::optional<int64_t> EditionCounts::DenominatorOfSilent(const FigurePlan::Cell& cell) const {
  const FigurePlan::Block& block = plan_->blocks()[cell.block];
  if (block.numbers == FigurePlan::Block::Numbers::kNone ||
      !FrameKnows(plan_->IndicatorOf(block).denominator()))
    return std::nullopt;
  Int128 sum = 0;
  if (block.numbers == FigurePlan::Block::Numbers::kSums) {
    const FigurePlan::Breakdown::Group& group =
        plan_->breakdowns()[cell.breakdown].groups[cell.group];
    const int32_t* sums = SumsAt(cell);
    for (uint32_t atom = 0; atom < group.atom_count; ++atom, sums += kSumsWidth)
      sum += LimbsOf(sums + kSumOfSilent, kSumLimbs);
    return static_cast<int64_t>(sum);
  }
  for (const UnitIndex unit : plan_->UnitsIn(cell)) {
    const int32_t* values = NumbersOf(cell, unit);
    if (values[kUnitPlace] == kMayBelong) sum += LimbsOf(values + kUnitB, kSumLimbs);
  }
  return static_cast<int64_t>(sum);
}

EditionCounts::PairCounts EditionCounts::CountsOfPair(size_t pair) const {
  const FigurePlan::Pair& one = plan_->pairs()[pair];
  const std::vector<StratumCell> a = ByStratum({one.block, one.a, 0, 0});
  const std::vector<StratumCell> b = ByStratum({one.block, one.b, 0, 0});
  const std::vector<FigurePlan::Breakdown::Atom>& total = plan_->breakdowns().front().atoms;
  const std::vector<int32_t>& joint = *parts_[plan_->blocks().size() + 1];
  std::vector<int32_t> both(collapse().count);
  for (size_t atom = 0; atom < total.size(); ++atom)
    both[collapse().to[total[atom].cell]] += joint[pair * total.size() + atom];
  PairCounts out;
  for (size_t stratum = 0; stratum < a.size(); ++stratum) {
    if (a[stratum].domain_frame == 0) continue;
    out.a.push_back(a[stratum]);
    out.b.push_back(b[stratum]);
    out.both.push_back(both[stratum]);
  }
  return out;
}

std::vector<PairCell> EditionCounts::CountsOfPanel(size_t panel, size_t a, size_t b) const {
  const size_t strata = PanelStrata(*plan_);
  const int32_t* values = parts_[plan_->blocks().size() + 2 + panel]->data() +
                          plan_->panels()[panel].PairOf(a, b) * strata * kPanelWidth;
  std::vector<PairCell> out(strata);
  for (PairCell& cell : out) {
    cell.frame_a = values[0];
    cell.frame_b = values[1];
    cell.frame_both = values[2];
    std::copy_n(values + 3, cell.count.size(), cell.count.begin());
    values += kPanelWidth;
  }
  return out;
}

std::vector<int32_t> EditionCounts::InAnyBase(size_t panel) const {
  const std::vector<int32_t>& values = *parts_[plan_->blocks().size() + 2 + panel];
  return {values.end() - static_cast<ptrdiff_t>(PanelStrata(*plan_)), values.end()};
}

}  // namespace imdi::domain
