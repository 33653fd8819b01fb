#pragma once

// Integer counts of one edition: a bitset over the frame's units for each indicator and basis,
// counted by groups. Adding a unit again recomputes its column and nothing else; nothing is ever
// decremented.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "imdi/survey/model/v1/edition.pb.h"
#include "services/domain/derivation.h"
#include "services/domain/frame.h"
#include "services/domain/indicator.h"

namespace imdi::domain {

// A set of units of one frame.
class UnitBits {
 public:
  explicit UnitBits(size_t units) : words_((units + 63) / 64) {}
  void Assign(UnitIndex unit, bool value) {
    const uint64_t mask = uint64_t{1} << (unit & 63);
    uint64_t& word = words_[unit >> 6];
    word = value ? (word | mask) : (word & ~mask);
  }
  bool Has(UnitIndex unit) const { return ((words_[unit >> 6] >> (unit & 63)) & 1) != 0; }
  int32_t Count() const;
  int32_t CountWith(const UnitBits& other) const;

 private:
  std::vector<uint64_t> words_;
};

// Why a cell has no value; the order and names follow query.v1.NoValueReason.
enum class CellState : uint8_t {
  kValue,          // There is one; zero is a value.
  kNotAsked,       // The question was not part of the edition.
  kNotApplicable,  // It applies to no unit of the group.
  kNoAnswer,       // Units were asked and none answered.
  kNotYet,         // Nothing has been collected yet.
  kFilterUnknown,  // Only units whose filter is unknown.
};
std::string_view Name(CellState state);

// How the units of a group stand in the edition.
struct DispositionCounts {
  int32_t frame = 0;  // All units of the group.
  int32_t complete = 0;
  int32_t partial = 0;
  int32_t breakoff = 0;
  int32_t refusal = 0;
  int32_t non_contact = 0;
  int32_t out_of_scope = 0;
  int32_t invited() const { return frame - out_of_scope; }
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
  friend bool operator==(const CellCounts&, const CellCounts&) = default;
};

// Where a cell lies: basis of an indicator, and total or one group of an attribute.
struct CellAddress {
  uint32_t indicator = 0;
  uint32_t basis = 0;
  bool total = true;
  uint32_t attribute = 0;
  uint16_t group = kUnknownGroup;  // kUnknownGroup = the units without a value.
  friend bool operator==(const CellAddress&, const CellAddress&) = default;
};
// {indicator}.{basis}[.{attribute}={group}]
std::string CellName(const CompiledIndicator& indicator, const CompiledFrame& frame,
                     const CellAddress& address);

// Counts one edition. Not thread-safe: one thread owns it; what leaves it are integers.
class EditionCounter {
 public:
  // A frame without units, or indicators, is fine. All units begin as not contacted.
  EditionCounter(std::shared_ptr<const CompiledFrame> frame,
                 std::shared_ptr<const CompiledQuestionnaire> questionnaire,
                 std::vector<std::shared_ptr<const CompiledIndicator>> indicators);
  ~EditionCounter();
  EditionCounter(EditionCounter&&) noexcept;
  EditionCounter& operator=(EditionCounter&&) noexcept;

  // The unit stands like this from now on. `response` null = it has no current answers.
  void SetUnit(UnitIndex unit, const DerivedResponse* response, model::Disposition set_by_team);

  const CompiledFrame& frame() const;
  const std::vector<std::shared_ptr<const CompiledIndicator>>& indicators() const;
  model::Disposition DispositionOf(UnitIndex unit) const;

  // Every cell: by indicator, basis; total first, then each breakdown's groups in order, unknown
  // last (only where some unit has no value).
  std::vector<CellAddress> Cells() const;
  CellCounts Count(const CellAddress& cell, model::EditionState state) const;
  // Dispositions of the whole frame, or of a group.
  DispositionCounts Dispositions() const;
  DispositionCounts Dispositions(uint32_t attribute, uint16_t group) const;

 private:
  struct Rows;
  std::unique_ptr<Rows> rows_;
};

// The same counts by the plainest loop over all units; the tests compare the two.
CellCounts CountNaively(const CompiledFrame& frame, const CompiledQuestionnaire& questionnaire,
                        const CompiledIndicator& indicator, const CellAddress& cell,
                        std::span<const DerivedResponse* const> responses,
                        std::span<const model::Disposition> set_by_team, model::EditionState state);

}  // namespace imdi::domain
