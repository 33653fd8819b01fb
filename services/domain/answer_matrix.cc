#include "services/domain/answer_matrix.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "services/domain/bit_tiles.h"
#include "services/domain/matrix_rows.h"
#include "services/domain/number_columns.h"
#include "services/domain/panel_counter.h"

namespace imdi::domain {
namespace {

// Words of 64 units that expressions are evaluated over at once.
constexpr size_t kBatch = 8;
using Words = std::array<uint64_t, kBatch>;

// Where a step is known to be true, and where it is known to be false.
struct Truth {
  Words yes;
  Words no;
};

// How the units of a batch that responded stand towards a base.
struct Standing {
  Words in_base;
  Words filter_unknown;
  Words item_nonresponse;
};

// Row of a disposition.
uint32_t DispositionRow(model::Disposition disposition) {
  switch (disposition) {
    case model::DISPOSITION_COMPLETE:
      return 0;
    case model::DISPOSITION_PARTIAL:
      return 1;
    case model::DISPOSITION_BREAKOFF:
      return 2;
    case model::DISPOSITION_REFUSAL:
      return 3;
    case model::DISPOSITION_OUT_OF_SCOPE:
      return MatrixRows::kOutOfScope;
    default:
      return 4;  // Non-contact.
  }
}

bool Holds(Compare compare, int64_t left, int64_t right) {
  switch (compare) {
    case Compare::kEqual:
      return left == right;
    case Compare::kNotEqual:
      return left != right;
    case Compare::kLess:
      return left < right;
    case Compare::kLessEqual:
      return left <= right;
    case Compare::kGreater:
      return left > right;
    case Compare::kGreaterEqual:
      return left >= right;
  }
  return false;
}

// The units of a breakdown's atoms, word by word of the columns.
struct AtomMasks {
  std::vector<uint32_t> first;  // By word; one more than there are words.
  std::vector<uint32_t> atoms;
  std::vector<uint64_t> masks;
};

// Units by stratum, in the frame's order within one: a stratum, collapsed or not, is a range or a
// few of them.
std::vector<UnitIndex> UnitsByColumn(const FigurePlan& plan) {
  std::vector<UnitIndex> units(plan.frame().size());
  for (UnitIndex unit = 0; unit < units.size(); ++unit) units[unit] = unit;
  std::ranges::stable_sort(units, {},
                           [&](UnitIndex unit) { return plan.strata().StratumOf(unit); });
  return units;
}

// Calls `entry(word, atom, mask)` for each atom of each word, by word.
template <typename Entry>
void ForEachMask(const FigurePlan::Breakdown& breakdown, const std::vector<UnitIndex>& units,
                 Entry entry) {
  std::vector<std::pair<uint32_t, uint64_t>> held;  // Atoms of one word: 64 at most.
  for (size_t begin = 0; begin < units.size(); begin += kTileSide) {
    held.clear();
    for (size_t column = begin; column < std::min(begin + kTileSide, units.size()); ++column) {
      const uint32_t atom = breakdown.atom_of_unit[units[column]];
      auto found = std::ranges::find(held, atom, &std::pair<uint32_t, uint64_t>::first);
      if (found == held.end()) found = held.insert(held.end(), {atom, 0});
      found->second |= uint64_t{1} << (column - begin);
    }
    for (const auto& [atom, mask] : held) entry(begin / kTileSide, atom, mask);
  }
}

template <typename T>
size_t BytesOf(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

}  // namespace

struct AnswerMatrix::Rows {
  explicit Rows(std::shared_ptr<const FigurePlan> the_plan)
      : plan(std::move(the_plan)), rows(*plan), numbers(*plan, rows, UnitsByColumn(*plan)) {
    const size_t units = plan->frame().size();
    words = (units + kTileSide - 1) / kTileSide;
    row_words = (rows.count() + kTileSide - 1) / kTileSide;
    const std::vector<UnitIndex> order = UnitsByColumn(*plan);
    column_of_unit.resize(units);
    for (uint32_t column = 0; column < units; ++column) column_of_unit[order[column]] = column;
    tiles.assign(words * row_words * kTileSide, 0);
    by_rows.assign(words, 0);
    changed.assign(row_words, ~uint64_t{0});
    column.assign(row_words, 0);
    dispositions.assign(units, static_cast<uint8_t>(model::DISPOSITION_NON_CONTACT));
    out_of_scope.reserve(units);
    for (UnitIndex unit = 0; unit < units; ++unit)
      out_of_scope.push_back(plan->frame().unit(unit).out_of_scope() ? 1 : 0);
    for (const FigurePlan::Breakdown& breakdown : plan->breakdowns()) {
      AtomMasks& out = masks.emplace_back();
      size_t entries = 0;
      ForEachMask(breakdown, order, [&](size_t, uint32_t, uint64_t) { ++entries; });
      out.first.reserve(words + 1);
      out.atoms.reserve(entries);
      out.masks.reserve(entries);
      ForEachMask(breakdown, order, [&](size_t word, uint32_t atom, uint64_t mask) {
        while (out.first.size() <= word)
          out.first.push_back(static_cast<uint32_t>(out.atoms.size()));
        out.atoms.push_back(atom);
        out.masks.push_back(mask);
      });
      while (out.first.size() <= words)
        out.first.push_back(static_cast<uint32_t>(out.atoms.size()));
    }
    MakeFrameRows(order);
    if (!plan->panels().empty()) panels.emplace(plan, order);
    for (UnitIndex unit = 0; unit < units; ++unit)
      Set(unit, nullptr, model::DISPOSITION_UNSPECIFIED);
  }

  // What the frame alone says of every unit: tests of its attributes, and to whom a base can apply.
  void MakeFrameRows(const std::vector<UnitIndex>& order) {
    possible.assign(rows.possibles().size() * words, 0);
    frame_true.assign(rows.frame_tests().size() * words, 0);
    frame_known.assign(rows.frame_tests().size() * words, 0);
    std::array<std::vector<bool>, model::UnitType_ARRAYSIZE> scopes;
    for (size_t type = 0; type < scopes.size(); ++type)
      scopes[type] = plan->questionnaire().ScopeFor(static_cast<model::UnitType>(type));
    for (size_t column = 0; column < order.size(); ++column) {
      const UnitFacts facts = plan->frame().FactsOf(order[column]);
      const auto type = static_cast<size_t>(facts.type);
      const size_t word = column / kTileSide;
      const uint64_t bit = uint64_t{1} << (column % kTileSide);
      for (size_t p = 0; p < rows.possibles().size(); ++p) {
        const MatrixRows::Possible& one = rows.possibles()[p];
        if (one.expression == nullptr ? one.by_type[type]
                                      : CanBeTrue(*one.expression, facts, scopes[type]))
          possible[p * words + word] |= bit;
      }
      for (size_t t = 0; t < rows.frame_tests().size(); ++t) {
        const MatrixRows::FrameTest& test = rows.frame_tests()[t];
        bool known = true;
        bool holds = false;
        if (test.op == Expression::Op::kUnitType) {
          holds = Holds(test.compare, static_cast<int64_t>(facts.type), test.type);
        } else {
          const uint16_t group =
              test.attribute < facts.groups.size() ? facts.groups[test.attribute] : kUnknownGroup;
          known = group != kUnknownGroup;
          const bool in = std::ranges::find(test.groups, group) != test.groups.end();
          holds = known && (test.compare == Compare::kNotEqual ? !in : in);
        }
        if (known) frame_known[t * words + word] |= bit;
        if (holds) frame_true[t * words + word] |= bit;
      }
    }
  }

  uint64_t* TileOf(size_t word, size_t row_word) {
    return tiles.data() + (word * row_words + row_word) * kTileSide;
  }
  void Turn(size_t word) {
    for (size_t r = 0; r < row_words; ++r) TurnTile(TileOf(word, r));
    by_rows[word] ^= 1;
  }
  // Only while the word's tiles stand by rows.
  uint64_t Read(uint32_t row, size_t word) const {
    return tiles[(word * row_words + row / kTileSide) * kTileSide + row % kTileSide];
  }

  void SetBit(uint32_t row) { column[row / kTileSide] |= uint64_t{1} << (row % kTileSide); }

  void Set(UnitIndex unit, const DerivedResponse* response, model::Disposition set_by_team);
  void SetAnswers(const DerivedResponse& response);

  Words ReadBatch(uint32_t row, size_t begin, size_t count) const {
    Words out = {};
    for (size_t w = 0; w < count; ++w) out[w] = Read(row, begin + w);
    return out;
  }
  void Evaluate(const MatrixRows::Program& program, EvaluationMode mode, size_t begin, size_t count,
                std::vector<Truth>& steps) const;
  Standing StandingOf(const MatrixRows::Base& base, const Words& responded, size_t begin,
                      size_t count, std::vector<Truth>& steps) const;
  void CountDispositions(size_t word, std::vector<int32_t>& out) const;
  // What later editions compare with. Bits by column, not by unit.
  UnitStates StatesByColumn();
  bool Touched(const MatrixRows::Block& block) const {
    return Touched(block.rows) || numbers.Changed(block.a) || numbers.Changed(block.b);
  }
  bool Touched(const std::vector<uint32_t>& read) const {
    return std::ranges::any_of(read, [&](uint32_t row) {
      return ((changed[row / kTileSide] >> (row % kTileSide)) & 1) != 0;
    });
  }

  size_t bytes() const {
    size_t out = sizeof(Rows) + rows.bytes() + BytesOf(column_of_unit) + BytesOf(tiles) +
                 BytesOf(by_rows) + BytesOf(changed) + BytesOf(column) + BytesOf(out_of_scope) +
                 BytesOf(dispositions) + BytesOf(possible) + BytesOf(frame_true) +
                 BytesOf(frame_known) + BytesOf(parts) + numbers.bytes();
    for (const AtomMasks& one : masks)
      out += sizeof(AtomMasks) + BytesOf(one.first) + BytesOf(one.atoms) + BytesOf(one.masks);
    for (const EditionCounts::Part& part : parts) out += BytesOf(*part);
    if (panels.has_value()) out += panels->bytes();
    return out;
  }

  std::shared_ptr<const FigurePlan> plan;
  MatrixRows rows;
  NumberColumns numbers;
  size_t words = 0;      // Of 64 units.
  size_t row_words = 0;  // Of 64 rows.
  std::vector<uint32_t> column_of_unit;
  // By word of units, then word of rows: a tile of 64 words, one for each unit of the word, or one
  // for each row while by_rows says so.
  std::vector<uint64_t> tiles;
  std::vector<uint8_t> by_rows;
  std::vector<uint64_t> changed;      // Rows that differ from what was counted last.
  std::vector<uint64_t> column;       // The unit that is being set.
  std::vector<uint8_t> out_of_scope;  // By the frame.
  std::vector<uint8_t> dispositions;
  std::vector<AtomMasks> masks;                             // By breakdown.
  std::vector<uint64_t> possible, frame_true, frame_known;  // Rows of `words` words each.
  std::vector<EditionCounts::Part> parts;                   // As counted last; empty before.
  std::optional<PanelCounter> panels;                       // Where the plan follows any cell.
};

void AnswerMatrix::Rows::SetAnswers(const DerivedResponse& response) {
  constexpr uint32_t kNone = ~uint32_t{0};
  // By ItemState: the row of an item that is true.
  constexpr std::array<uint32_t, 8> kRowOfState = {
      kAnsweredRow, kNone, kNone, kOpenRow, kLeftBlankRow, kLeftBlankRow, kOpenRow, kOpenRow};
  static_assert(static_cast<size_t>(ItemState::kNotFielded) + 1 == kRowOfState.size());
  static_assert(static_cast<size_t>(ItemState::kFilterUnknown) == 3);
  static_assert(static_cast<size_t>(ItemState::kItemNonresponse) == 4);
  static_assert(static_cast<size_t>(ItemState::kBreakoff) == 5);
  const auto state_of = [&](ItemIndex item) {
    return item < response.states.size() ? response.states[item] : ItemState::kNotFielded;
  };
  for (const MatrixRows::Item& item : rows.items()) {
    const ItemState state = state_of(item.item);
    const uint32_t row = kRowOfState[static_cast<size_t>(state)];
    if (row == kNone) continue;
    SetBit(item.first + row);
    if (row != kAnsweredRow || !item.closed) continue;
    const AnswerValue& value = response.answers[item.item];
    const auto& places = rows.places(item.places);
    const uint32_t first = item.first + kFirstCodeRow;
    if (value.kind == AnswerValue::Kind::kCode) {
      const uint8_t place = value.code <= kCodeMax ? places[value.code] : MatrixRows::kNoPlace;
      if (place != MatrixRows::kNoPlace) SetBit(first + place);
    } else if (value.kind == AnswerValue::Kind::kCodeSet) {
      for (size_t half = 0; half < 2; ++half) {
        for (uint64_t rest = value.codes.words[half]; rest != 0; rest &= rest - 1) {
          const uint8_t place = places[half * 64 + static_cast<size_t>(std::countr_zero(rest))];
          if (place != MatrixRows::kNoPlace) SetBit(first + place);
        }
      }
    }
  }
  for (const MatrixRows::UnitTest& test : rows.unit_tests()) {
    if (state_of(test.item) != ItemState::kAnswered) continue;
    const AnswerValue& value = response.answers[test.item];
    if (test.node.op == Expression::Op::kNumber) {
      if (value.kind != AnswerValue::Kind::kNumber) continue;
      SetBit(test.known_row);
      if (Holds(test.node.compare, value.number, test.node.number)) SetBit(test.row);
    } else if (value.kind == AnswerValue::Kind::kCodeSet &&
               Holds(test.node.compare, (value.codes & test.node.codes).Count(),
                     test.node.number)) {
      SetBit(test.row);
    }
  }
}

void AnswerMatrix::Rows::Set(UnitIndex unit, const DerivedResponse* response,
                             model::Disposition set_by_team) {
  const model::Disposition disposition =
      FinalDisposition(out_of_scope[unit] != 0, set_by_team,
                       response == nullptr ? model::DISPOSITION_UNSPECIFIED : response->outcome);
  dispositions[unit] = static_cast<uint8_t>(disposition);
  std::ranges::fill(column, 0);
  SetBit(DispositionRow(disposition));
  const bool responded =
      disposition == model::DISPOSITION_COMPLETE || disposition == model::DISPOSITION_PARTIAL;
  if (responded) SetAnswers(*response);
  const uint32_t place = column_of_unit[unit];
  numbers.Set(place, responded ? response : nullptr, [&](uint32_t row) { SetBit(row); });
  const size_t word = place / kTileSide;
  if (by_rows[word] != 0) Turn(word);
  uint64_t* out = TileOf(word, 0) + place % kTileSide;
  for (size_t r = 0; r < row_words; ++r, out += kTileSide) {
    changed[r] |= *out ^ column[r];
    *out = column[r];
  }
}

void AnswerMatrix::Rows::Evaluate(const MatrixRows::Program& program, EvaluationMode mode,
                                  size_t begin, size_t count, std::vector<Truth>& steps) const {
  using Op = MatrixRows::Step::Op;
  constexpr uint64_t kAll = ~uint64_t{0};
  if (steps.size() < program.steps.size()) steps.resize(program.steps.size());
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const MatrixRows::Step& step = program.steps[s];
    Truth& out = steps[s];
    switch (step.op) {
      case Op::kAnd:
        out.yes.fill(kAll);
        out.no.fill(0);
        for (const uint32_t child : step.operands) {
          for (size_t w = 0; w < kBatch; ++w) {
            out.yes[w] &= steps[child].yes[w];
            out.no[w] |= steps[child].no[w];
          }
        }
        break;
      case Op::kOr:
        out.yes.fill(0);
        out.no.fill(kAll);
        for (const uint32_t child : step.operands) {
          for (size_t w = 0; w < kBatch; ++w) {
            out.yes[w] |= steps[child].yes[w];
            out.no[w] &= steps[child].no[w];
          }
        }
        break;
      case Op::kNot:
        out.yes = steps[step.operands.front()].no;
        out.no = steps[step.operands.front()].yes;
        break;
      case Op::kCodes:
      case Op::kUnitTest: {
        out.yes.fill(0);
        for (const uint32_t row : step.operands) {
          for (size_t w = 0; w < count; ++w) out.yes[w] |= Read(row, begin + w);
        }
        Words known = ReadBatch(step.known, begin, count);
        if (mode.dont_know_is_unknown && step.dont_know != kNoRow) {
          for (size_t w = 0; w < count; ++w) known[w] &= ~Read(step.dont_know, begin + w);
        }
        for (size_t w = 0; w < kBatch; ++w) {
          out.yes[w] &= known[w];
          out.no[w] = known[w] & ~out.yes[w];
        }
        break;
      }
      case Op::kAnswered:
      case Op::kRouted: {
        out.yes = ReadBatch(step.item_first + kAnsweredRow, begin, count);
        if (step.op == Op::kAnswered && !mode.answered_means_routed) {
          for (size_t w = 0; w < kBatch; ++w) out.no[w] = ~out.yes[w];
          break;
        }
        const Words blank = ReadBatch(step.item_first + kLeftBlankRow, begin, count);
        const Words open = ReadBatch(step.item_first + kOpenRow, begin, count);
        for (size_t w = 0; w < kBatch; ++w) {
          out.yes[w] |= blank[w];
          out.no[w] = ~(out.yes[w] | open[w]);
        }
        break;
      }
      case Op::kResponded:
        out.yes.fill(kAll);
        out.no.fill(0);
        break;
      case Op::kFrame:
        out.yes.fill(0);
        out.no.fill(0);
        for (size_t w = 0; w < count; ++w) {
          const size_t at = step.frame_test * words + begin + w;
          out.yes[w] = frame_true[at];
          out.no[w] = frame_known[at] & ~frame_true[at];
        }
        break;
    }
  }
}

Standing AnswerMatrix::Rows::StandingOf(const MatrixRows::Base& base, const Words& responded,
                                        size_t begin, size_t count,
                                        std::vector<Truth>& steps) const {
  Standing out;
  if (base.plain_item != kNoRow) {
    // Bits of answers are set of units that responded only.
    out.in_base = ReadBatch(base.plain_item + kAnsweredRow, begin, count);
    out.item_nonresponse = ReadBatch(base.plain_item + kLeftBlankRow, begin, count);
    out.filter_unknown = ReadBatch(base.plain_item + kOpenRow, begin, count);
    return out;
  }
  Evaluate(base.program, {}, begin, count, steps);
  const size_t root = base.program.steps.size() - 1;
  for (size_t w = 0; w < kBatch; ++w) out.in_base[w] = steps[root].yes[w] & responded[w];
  // What it would be had every question that was put been answered.
  Evaluate(base.program, {.dont_know_is_unknown = false, .answered_means_routed = true}, begin,
           count, steps);
  Words open;
  for (size_t w = 0; w < kBatch; ++w) {
    out.item_nonresponse[w] = steps[root].yes[w] & responded[w] & ~out.in_base[w];
    open[w] = ~(steps[root].yes[w] | steps[root].no[w]);
  }
  Evaluate(base.program, {.dont_know_is_unknown = true, .answered_means_routed = true}, begin,
           count, steps);
  for (size_t w = 0; w < kBatch; ++w) {
    open[w] |= ~(steps[root].yes[w] | steps[root].no[w]);
    out.filter_unknown[w] = open[w] & responded[w] & ~out.in_base[w] & ~out.item_nonresponse[w];
  }
  return out;
}

void AnswerMatrix::Rows::CountDispositions(size_t word, std::vector<int32_t>& out) const {
  std::array<uint64_t, MatrixRows::kDispositionRows> bits;
  for (uint32_t row = 0; row < bits.size(); ++row) bits[row] = Read(row, word);
  int32_t* at = out.data();
  for (size_t b = 0; b < masks.size(); ++b) {
    const AtomMasks& one = masks[b];
    const uint32_t first = one.first[word];
    CountShared(bits.data(), bits.size(), one.atoms.data() + first, one.masks.data() + first,
                one.first[word + 1] - first, at);
    at += plan->breakdowns()[b].atoms.size() * bits.size();
  }
}

AnswerMatrix::AnswerMatrix(std::shared_ptr<const FigurePlan> plan)
    : rows_(std::make_unique<Rows>(std::move(plan))) {}
AnswerMatrix::~AnswerMatrix() = default;
AnswerMatrix::AnswerMatrix(AnswerMatrix&&) noexcept = default;
AnswerMatrix& AnswerMatrix::operator=(AnswerMatrix&&) noexcept = default;

const FigurePlan& AnswerMatrix::plan() const { return *rows_->plan; }
size_t AnswerMatrix::bytes() const { return rows_->bytes(); }

size_t AnswerMatrix::PredictBytes(const FigurePlan& plan) {
  const MatrixRows rows(plan);
  const size_t units = plan.frame().size();
  const size_t words = (units + kTileSide - 1) / kTileSide;
  const size_t row_words = (rows.count() + kTileSide - 1) / kTileSide;
  size_t out = sizeof(Rows) + rows.bytes() + units * (sizeof(uint32_t) + 2 * sizeof(uint8_t)) +
               words * row_words * kTileSide * sizeof(uint64_t) + words +
               2 * row_words * sizeof(uint64_t) +
               (rows.possibles().size() + 2 * rows.frame_tests().size()) * words * sizeof(uint64_t);
  const std::vector<UnitIndex> order = UnitsByColumn(plan);
  for (const FigurePlan::Breakdown& breakdown : plan.breakdowns()) {
    size_t entries = 0;
    ForEachMask(breakdown, order, [&](size_t, uint32_t, uint64_t) { ++entries; });
    out += sizeof(AtomMasks) + (words + 1) * sizeof(uint32_t) +
           entries * (sizeof(uint32_t) + sizeof(uint64_t));
  }
  for (size_t part = 0; part < EditionCounts::PartCount(plan); ++part)
    out += sizeof(EditionCounts::Part) + EditionCounts::PartSize(plan, part) * sizeof(int32_t);
  return out + NumberColumns::PredictBytes(plan, rows) + PanelCounter::PredictBytes(plan);
}

void AnswerMatrix::SetUnit(UnitIndex unit, const DerivedResponse* response,
                           model::Disposition set_by_team) {
  rows_->Set(unit, response, set_by_team);
}

model::Disposition AnswerMatrix::DispositionOf(UnitIndex unit) const {
  return static_cast<model::Disposition>(rows_->dispositions[unit]);
}

UnitStates AnswerMatrix::Rows::StatesByColumn() {
  UnitStates out;
  out.invited.assign(words, 0);
  out.responded.assign(words, 0);
  std::vector<std::pair<uint32_t, uint32_t>> cells;  // Block and category of each row.
  for (uint32_t b = 0; b < plan->blocks().size(); ++b) {
    const MatrixRows::Block::Kind kind = rows.blocks()[b].kind;
    if (kind == MatrixRows::Block::Kind::kNotAsked ||
        !IsFollowed(plan->IndicatorOf(plan->blocks()[b])))
      continue;
    for (uint32_t category = 0; category < plan->blocks()[b].categories.size(); ++category) {
      cells.emplace_back(b, category);
      out.rows.push_back({.cell = plan->NameOf({.block = b, .category = category}),
                          .in_base = UnitStates::Bits(words),
                          .yes = UnitStates::Bits(words)});
    }
  }
  std::vector<Truth> steps;
  for (size_t begin = 0; begin < words; begin += kBatch) {
    const size_t count = std::min(kBatch, words - begin);
    Words responded = {};
    for (size_t w = 0; w < count; ++w) {
      if (by_rows[begin + w] == 0) Turn(begin + w);
      responded[w] = Read(MatrixRows::kComplete, begin + w) | Read(MatrixRows::kPartial, begin + w);
      out.responded[begin + w] = responded[w];
      for (uint32_t row = 0; row < MatrixRows::kOutOfScope; ++row)
        out.invited[begin + w] |= Read(row, begin + w);
    }
    for (size_t r = 0; r < cells.size(); ++r) {
      const auto& [b, category] = cells[r];
      const MatrixRows::Block& how = rows.blocks()[b];
      Words yes = {};
      if (how.kind == MatrixRows::Block::Kind::kShare) {
        const MatrixRows::Program& numerator = rows.numerators()[how.numerator];
        Evaluate(numerator, {}, begin, count, steps);
        yes = steps[numerator.steps.size() - 1].yes;
      } else {
        yes = ReadBatch(how.categories[category], begin, count);
      }
      const Standing standing = StandingOf(rows.bases()[how.base], responded, begin, count, steps);
      for (size_t w = 0; w < count; ++w) {
        out.rows[r].in_base[begin + w] = standing.in_base[w];
        out.rows[r].yes[begin + w] = yes[w] & standing.in_base[w];
      }
    }
  }
  return out;
}

std::shared_ptr<const UnitStates> AnswerMatrix::States() {
  Rows& m = *rows_;
  const UnitStates by_column = m.StatesByColumn();
  const auto by_unit = [&](const UnitStates::Bits& bits) {
    UnitStates::Bits out(m.words);
    for (size_t unit = 0; unit < m.column_of_unit.size(); ++unit) {
      const uint32_t column = m.column_of_unit[unit];
      out[unit / kTileSide] |= ((bits[column / kTileSide] >> (column % kTileSide)) & 1)
                               << (unit % kTileSide);
    }
    return out;
  };
  auto out = std::make_shared<UnitStates>();
  out->invited = by_unit(by_column.invited);
  out->responded = by_unit(by_column.responded);
  for (const UnitStates::Row& row : by_column.rows)
    out->rows.push_back({row.cell, by_unit(row.in_base), by_unit(row.yes)});
  return out;
}

std::shared_ptr<const EditionCounts> AnswerMatrix::Count(
    std::span<const std::shared_ptr<const UnitStates>> earlier) {
  Rows& m = *rows_;
  const FigurePlan& plan = *m.plan;
  const size_t blocks = plan.blocks().size();
  const bool first = m.parts.empty();
  // What has to be counted again: everything that reads a row which changed.
  std::vector<uint32_t> dispositions(MatrixRows::kDispositionRows);
  for (uint32_t row = 0; row < dispositions.size(); ++row) dispositions[row] = row;
  const bool count_dispositions = first || m.Touched(dispositions);
  std::vector<uint32_t> again;
  std::vector<uint8_t> base_wanted(m.rows.bases().size());
  std::vector<uint8_t> numerator_wanted(m.rows.numerators().size());
  std::vector<std::vector<int32_t>> counted(blocks);
  std::vector<std::optional<BlockNumbers>> numbers(blocks);
  for (uint32_t b = 0; b < blocks; ++b) {
    const MatrixRows::Block& block = m.rows.blocks()[b];
    if (!first && !m.Touched(block)) continue;
    again.push_back(b);
    counted[b].assign(plan.blocks()[b].value_count, 0);
    if (block.kind == MatrixRows::Block::Kind::kShare ||
        block.kind == MatrixRows::Block::Kind::kDistribution ||
        block.kind == MatrixRows::Block::Kind::kNumeric)
      base_wanted[block.base] = 1;
    if (block.kind == MatrixRows::Block::Kind::kShare) numerator_wanted[block.numerator] = 1;
    if (block.kind != MatrixRows::Block::Kind::kNumeric) continue;
    numbers[b].emplace(plan, b, m.rows, m.numbers, counted[b].data() + plan.blocks()[b].numbers_at);
    for (const MatrixRows::Number& number : {block.a, block.b}) {
      if (number.when != MatrixRows::kAlways) numerator_wanted[number.when] = 1;
    }
  }
  std::vector<int32_t> by_disposition(count_dispositions ? EditionCounts::PartSize(plan, 0) : 0, 0);
  const size_t total_atoms = plan.breakdowns().front().atoms.size();
  std::vector<int32_t> pairs(plan.pairs().size() * total_atoms, 0);
  const bool count_pairs =
      !plan.pairs().empty() && (first || std::ranges::any_of(plan.pairs(), [&](const auto& pair) {
                                  return !counted[pair.block].empty();
                                }));
  if (count_pairs) {
    for (const FigurePlan::Pair& pair : plan.pairs())
      base_wanted[m.rows.blocks()[pair.block].base] = 1;
  }

  std::vector<Standing> standings(m.rows.bases().size());
  std::vector<Words> numerators(m.rows.numerators().size());
  std::vector<Truth> steps;
  std::vector<uint64_t> bits;
  for (size_t begin = 0; begin < m.words; begin += kBatch) {
    const size_t count = std::min(kBatch, m.words - begin);
    for (size_t w = 0; w < count; ++w) {
      if (m.by_rows[begin + w] == 0) m.Turn(begin + w);
      if (count_dispositions) m.CountDispositions(begin + w, by_disposition);
    }
    Words responded = {};
    Words invited = {};
    for (size_t w = 0; w < count; ++w) {
      responded[w] =
          m.Read(MatrixRows::kComplete, begin + w) | m.Read(MatrixRows::kPartial, begin + w);
      for (uint32_t row = 0; row < MatrixRows::kOutOfScope; ++row)
        invited[w] |= m.Read(row, begin + w);
    }
    for (size_t b = 0; b < standings.size(); ++b) {
      if (base_wanted[b] != 0)
        standings[b] = m.StandingOf(m.rows.bases()[b], responded, begin, count, steps);
    }
    for (size_t n = 0; n < numerators.size(); ++n) {
      if (numerator_wanted[n] == 0) continue;
      m.Evaluate(m.rows.numerators()[n], {}, begin, count, steps);
      numerators[n] = steps[m.rows.numerators()[n].steps.size() - 1].yes;
    }
    for (const uint32_t b : again) {
      const FigurePlan::Block& block = plan.blocks()[b];
      const MatrixRows::Block& how = m.rows.blocks()[b];
      const size_t width = block.width();
      bits.resize(width);
      for (size_t w = 0; w < count; ++w) {
        uint64_t can = invited[w];
        std::ranges::fill(bits, 0);
        switch (how.kind) {
          case MatrixRows::Block::Kind::kOutcomeRate:
            bits[2] = invited[w];
            bits[FigurePlan::Block::kAtomFixed] = responded[w];
            break;
          case MatrixRows::Block::Kind::kNotAsked:
            break;
          case MatrixRows::Block::Kind::kShare:
          case MatrixRows::Block::Kind::kDistribution:
          case MatrixRows::Block::Kind::kNumeric: {
            const Standing& standing = standings[how.base];
            can &= m.possible[m.rows.bases()[how.base].possible * m.words + begin + w];
            bits[2] = standing.in_base[w];
            bits[3] = standing.filter_unknown[w];
            bits[4] = standing.item_nonresponse[w];
            if (how.kind == MatrixRows::Block::Kind::kShare) {
              bits[FigurePlan::Block::kAtomFixed] =
                  numerators[how.numerator][w] & standing.in_base[w];
            } else if (how.kind == MatrixRows::Block::Kind::kNumeric) {
              for (const uint32_t source : how.given) {
                const MatrixRows::NumberSource& rows = m.rows.number_sources()[source];
                const uint64_t without =
                    m.Read(rows.answered, begin + w) & ~m.Read(rows.known, begin + w);
                for (size_t place = 2; place <= 4; ++place) bits[place] &= ~without;
              }
            } else {
              for (size_t k = 0; k < how.categories.size(); ++k)
                bits[FigurePlan::Block::kAtomFixed + k] =
                    m.Read(how.categories[k], begin + w) & standing.in_base[w];
            }
            break;
          }
        }
        bits[0] = can;
        bits[1] = can & ~responded[w];
        if (numbers[b].has_value()) {
          const auto when = [&](const MatrixRows::Number& number) {
            return number.when == MatrixRows::kAlways ? ~uint64_t{0} : numerators[number.when][w];
          };
          numbers[b]->Begin(begin + w, {.in_base = bits[2],
                                        .may_belong = bits[1] | bits[4],
                                        .when_a = when(how.a),
                                        .when_b = when(how.b)});
        }
        int32_t* at = counted[b].data();
        for (size_t k = 0; k < block.breakdowns.size(); ++k) {
          const AtomMasks& one = m.masks[block.breakdowns[k]];
          const uint32_t from = one.first[begin + w];
          const uint32_t entries = one.first[begin + w + 1] - from;
          CountShared(bits.data(), width, one.atoms.data() + from, one.masks.data() + from, entries,
                      at);
          if (numbers[b].has_value())
            numbers[b]->AddAtoms(k, one.atoms.data() + from, one.masks.data() + from, entries);
          at += plan.breakdowns()[block.breakdowns[k]].atoms.size() * width;
        }
      }
    }
    for (size_t p = 0; count_pairs && p < plan.pairs().size(); ++p) {
      const FigurePlan::Pair& pair = plan.pairs()[p];
      const MatrixRows::Block& how = m.rows.blocks()[pair.block];
      for (size_t w = 0; w < count; ++w) {
        const uint64_t both = m.Read(how.categories[pair.a], begin + w) &
                              m.Read(how.categories[pair.b], begin + w) &
                              standings[how.base].in_base[w];
        const AtomMasks& one = m.masks.front();
        const uint32_t from = one.first[begin + w];
        CountShared(&both, 1, one.atoms.data() + from, one.masks.data() + from,
                    one.first[begin + w + 1] - from, pairs.data() + p * total_atoms);
      }
    }
  }
  // A part that came out equal stays the one that was handed out before.
  if (first) m.parts.resize(EditionCounts::PartCount(plan));
  const auto keep = [&](size_t part, std::vector<int32_t> values) {
    if (m.parts[part] == nullptr || *m.parts[part] != values)
      m.parts[part] = std::make_shared<const std::vector<int32_t>>(std::move(values));
  };
  if (count_dispositions) keep(0, std::move(by_disposition));
  for (const uint32_t b : again) {
    if (numbers[b].has_value()) numbers[b]->Finish();
    keep(b + 1, std::move(counted[b]));
  }
  if (first || count_pairs) keep(blocks + 1, std::move(pairs));
  if (m.panels.has_value()) {
    const bool laid = m.panels->Lay(earlier);
    std::vector<size_t> followed;
    for (size_t p = 0; p < plan.panels().size(); ++p) {
      if (first || laid || count_dispositions ||
          std::ranges::find(again, plan.panels()[p].cell.block) != again.end())
        followed.push_back(p);
    }
    if (!followed.empty()) {
      const UnitStates own = m.StatesByColumn();
      for (const size_t p : followed) keep(blocks + 2 + p, m.panels->Count(p, own));
    }
  }
  std::ranges::fill(m.changed, 0);
  m.numbers.Counted();
  return std::make_shared<const EditionCounts>(m.plan, m.parts);
}

}  // namespace imdi::domain
