#include "services/domain/number_columns.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "services/domain/count_numbers.h"
#include "services/domain/edition_counts.h"
#include "services/domain/weight_set.h"

namespace imdi::domain {
namespace {

size_t TilesFor(size_t units) { return (units + kTileSide - 1) / kTileSide; }

// Calls `each(column)` for each bit, in order.
template <typename Each>
void ForEachBit(uint64_t bits, Each each) {
  for (; bits != 0; bits &= bits - 1) each(static_cast<size_t>(std::countr_zero(bits)));
}

}  // namespace

NumberColumns::NumberColumns(const FigurePlan& plan, const MatrixRows& rows,
                             std::vector<UnitIndex> unit_at)
    : sources_(&rows.number_sources()), changed_(sources_->size(), 1) {
  if (sources_->empty()) return;
  unit_at_ = std::move(unit_at);
  for (const MatrixRows::NumberSource& source : *sources_) {
    std::vector<int64_t>& numbers = numbers_.emplace_back(TilesFor(unit_at_.size()) * kTileSide);
    if (source.measure->source != CompiledIndicator::Measure::Source::kFrame) continue;
    for (size_t column = 0; column < unit_at_.size(); ++column)
      numbers[column] = NumberOf(plan.frame(), unit_at_[column], source.measure->number);
  }
}

size_t NumberColumns::PredictBytes(const FigurePlan& plan, const MatrixRows& rows) {
  if (rows.number_sources().empty()) return 0;
  const size_t units = plan.frame().size();
  return units * sizeof(UnitIndex) +
         rows.number_sources().size() * (sizeof(uint8_t) + sizeof(std::vector<int64_t>) +
                                         TilesFor(units) * kTileSide * sizeof(int64_t));
}

size_t NumberColumns::bytes() const {
  size_t out = unit_at_.capacity() * sizeof(UnitIndex) + changed_.capacity();
  for (const std::vector<int64_t>& numbers : numbers_)
    out += sizeof(numbers) + numbers.capacity() * sizeof(int64_t);
  return out;
}

bool NumberColumns::NumberIn(const MatrixRows::NumberSource& source,
                             const DerivedResponse& response, int64_t* number) {
  using Source = CompiledIndicator::Measure::Source;
  const CompiledIndicator::Measure& measure = *source.measure;
  if (measure.item >= response.states.size() ||
      response.states[measure.item] != ItemState::kAnswered)
    return false;
  const AnswerValue& value = response.answers[measure.item];
  switch (measure.source) {
    case Source::kNumber:
      // Answers to an older version of the form may lie beyond the bounds of this one.
      if (value.kind != AnswerValue::Kind::kNumber || value.number > kMeasureMax ||
          value.number < -kMeasureMax)
        return false;
      *number = value.number;
      return true;
    case Source::kScores: {
      if (value.kind != AnswerValue::Kind::kCode) return false;
      const auto score = std::ranges::find(measure.scores, int32_t{value.code},
                                           &std::pair<int32_t, int32_t>::first);
      if (score == measure.scores.end()) return false;
      *number = score->second;
      return true;
    }
    case Source::kOptions:
      if (value.kind != AnswerValue::Kind::kCodeSet) return false;
      for (const int32_t code : value.codes.Codes()) *number += code < kSubstantiveMax ? 1 : 0;
      return true;
    case Source::kFrame:
    case Source::kOne:
      break;
  }
  return false;
}

BlockNumbers::BlockNumbers(const FigurePlan& plan, uint32_t block, const MatrixRows& rows,
                           const NumberColumns& columns, int32_t* out)
    : block_(plan.blocks()[block]),
      how_(rows.blocks()[block]),
      columns_(columns),
      out_(out),
      silent_known_(FrameKnows(plan.IndicatorOf(block_).denominator())) {
  if (block_.numbers != FigurePlan::Block::Numbers::kSums) return;
  size_t atoms = 0;
  for (const uint32_t number : block_.breakdowns) {
    first_.push_back(atoms);
    atoms += plan.breakdowns()[number].atoms.size();
  }
  sums_.resize(atoms);
}

void BlockNumbers::Begin(size_t word, const Word& bits) {
  bits_ = bits;
  const auto read = [&](const MatrixRows::Number& number, uint64_t when, uint64_t wanted,
                        std::array<int64_t, kTileSide>* out) {
    const int64_t* from =
        number.source == MatrixRows::kOneEach ? nullptr : columns_.At(number.source, word);
    ForEachBit(wanted, [&](size_t i) {
      const int64_t value = from == nullptr ? 1 : from[i];
      (*out)[i] = ((when >> i) & 1) != 0 ? value : 0;
    });
  };
  read(how_.a, bits.when_a, bits.in_base, &a_);
  read(how_.b, bits.when_b, bits.in_base | bits.may_belong, &b_);
  if (block_.numbers != FigurePlan::Block::Numbers::kUnits) return;
  const auto put = [&](size_t i, UnitPlace place, int64_t a, int64_t b) {
    int32_t* out = out_ + columns_.unit_at()[word * kTileSide + i] * kUnitNumbersWidth;
    out[kUnitPlace] = place;
    PutLimbs(a, kSumLimbs, out + kUnitA);
    PutLimbs(b, kSumLimbs, out + kUnitB);
  };
  ForEachBit(bits.in_base, [&](size_t i) { put(i, kInBaseOf, a_[i], b_[i]); });
  ForEachBit(bits.may_belong, [&](size_t i) { put(i, kMayBelong, 0, silent_known_ ? b_[i] : 0); });
}

void BlockNumbers::AddAtoms(size_t place, const uint32_t* atoms, const uint64_t* masks,
                            size_t entries) {
  if (sums_.empty()) return;
  for (size_t e = 0; e < entries; ++e) {
    Sums& sums = sums_[first_[place] + atoms[e]];
    ForEachBit(bits_.in_base & masks[e], [&](size_t i) {
      sums.a += a_[i];
      sums.b += b_[i];
      sums.aa += static_cast<Int128>(a_[i]) * a_[i];
      sums.bb += static_cast<Int128>(b_[i]) * b_[i];
      sums.ab += static_cast<Int128>(a_[i]) * b_[i];
    });
    if (!silent_known_) continue;
    ForEachBit(bits_.may_belong & masks[e], [&](size_t i) { sums.of_silent += b_[i]; });
  }
}

void BlockNumbers::Finish() const {
  int32_t* out = out_;
  for (const Sums& sums : sums_) {
    PutLimbs(sums.a, kSumLimbs, out + kSumA);
    PutLimbs(sums.b, kSumLimbs, out + kSumB);
    PutLimbs(sums.aa, kSquareLimbs, out + kSumAA);
    PutLimbs(sums.bb, kSquareLimbs, out + kSumBB);
    PutLimbs(sums.ab, kSquareLimbs, out + kSumAB);
    PutLimbs(sums.of_silent, kSumLimbs, out + kSumOfSilent);
    out += kSumsWidth;
  }
}

}  // namespace imdi::domain
