#pragma once

// Small values that the whole of the domain speaks in.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/frame.pb.h"
#include "imdi/survey/model/v1/submission.pb.h"
#include "imdi/survey/model/v1/text.pb.h"

namespace imdi::domain {

namespace model = ::imdi::survey::model::v1;

// Hexadecimal, of the id of one building of a release.
inline constexpr size_t kBuildIdDigits = 32;

// Three-valued truth after Kleene. Silence is unknown, never false.
enum class Kleene : uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2 };

constexpr Kleene Not(Kleene a) {
  return a == Kleene::kUnknown ? a : (a == Kleene::kTrue ? Kleene::kFalse : Kleene::kTrue);
}
constexpr Kleene And(Kleene a, Kleene b) {
  if (a == Kleene::kFalse || b == Kleene::kFalse) return Kleene::kFalse;
  return a == Kleene::kTrue && b == Kleene::kTrue ? Kleene::kTrue : Kleene::kUnknown;
}
constexpr Kleene Or(Kleene a, Kleene b) { return Not(And(Not(a), Not(b))); }
constexpr Kleene ToKleene(bool value) { return value ? Kleene::kTrue : Kleene::kFalse; }
std::string_view Name(Kleene value);

// Dense number of an item within one questionnaire version: 0, 1, 2 … in form order.
using ItemIndex = uint32_t;
inline constexpr ItemIndex kNoItem = std::numeric_limits<ItemIndex>::max();
// Dense number of a question in form order.
using QuestionIndex = uint32_t;
inline constexpr QuestionIndex kNoQuestion = std::numeric_limits<QuestionIndex>::max();
// Dense number of a unit in its frame's order.
using UnitIndex = uint32_t;

// What an item holds. Every row of a grid is an item of type kCode.
enum class ValueType : uint8_t { kCode, kCodeSet, kNumber, kText };

inline constexpr int32_t kCodeMax = 127;        // Largest code that a set can hold.
inline constexpr int32_t kDontKnow = 98;        // Shown to respondents, stays in the base.
inline constexpr int32_t kSubstantiveMax = 90;  // 1–89 substantive, 90 an explicit "none".

// Largest number, to either side, that a unit brings to a sum: a million of them, and products in
// 128 bits, never overflow. Frames and measures beyond it are refused.
inline constexpr int64_t kMeasureMax = int64_t{1} << 40;

// A set of codes 0–127.
struct CodeBits {
  std::array<uint64_t, 2> words = {0, 0};

  static constexpr CodeBits Of(int32_t code) {
    CodeBits bits;
    bits.Add(code);
    return bits;
  }
  constexpr void Add(int32_t code) {
    words[static_cast<size_t>(code) >> 6] |= uint64_t{1} << (code & 63);
  }
  constexpr void Remove(int32_t code) {
    words[static_cast<size_t>(code) >> 6] &= ~(uint64_t{1} << (code & 63));
  }
  constexpr bool Has(int32_t code) const {
    return code >= 0 && code <= kCodeMax &&
           ((words[static_cast<size_t>(code) >> 6] >> (code & 63)) & 1) != 0;
  }
  constexpr int Count() const { return std::popcount(words[0]) + std::popcount(words[1]); }
  constexpr bool Empty() const { return (words[0] | words[1]) == 0; }
  constexpr bool Meets(const CodeBits& other) const {
    return ((words[0] & other.words[0]) | (words[1] & other.words[1])) != 0;
  }
  // Ascending.
  std::vector<int32_t> Codes() const;
  friend constexpr CodeBits operator&(const CodeBits& a, const CodeBits& b) {
    return {{a.words[0] & b.words[0], a.words[1] & b.words[1]}};
  }
  friend constexpr CodeBits operator|(const CodeBits& a, const CodeBits& b) {
    return {{a.words[0] | b.words[0], a.words[1] | b.words[1]}};
  }
  friend constexpr bool operator==(const CodeBits&, const CodeBits&) = default;
};

// How an item stands in one unit's response. Exactly one holds; none of them is a number.
enum class ItemState : uint8_t {
  kAnswered,         // Asked and answered, 98 (don't know) included.
  kNotInScope,       // Not fielded to this type of unit.
  kNotRouted,        // The filter says that it does not apply: a legitimate skip.
  kFilterUnknown,    // The filter is blank or "don't know": not shown, in no base, never a no.
  kItemNonresponse,  // Shown, left blank.
  kBreakoff,         // Applicable, after the last answered item of its part in form order.
  kPartMissing,      // Its part has not been submitted (or was withdrawn).
  kNotFielded,       // Not part of the questionnaire version that the unit answered.
};
std::string_view Name(ItemState state);
// Shown to the respondent, whether answered or not.
constexpr bool IsApplicable(ItemState state) {
  return state == ItemState::kAnswered || state == ItemState::kItemNonresponse ||
         state == ItemState::kBreakoff;
}

// Group of an attribute that a unit has no value for.
inline constexpr uint16_t kUnknownGroup = std::numeric_limits<uint16_t>::max();

// What the frame says of a unit, as expressions need it. Borrows from the frame.
struct UnitFacts {
  model::UnitType type = model::UNIT_TYPE_UNSPECIFIED;
  std::span<const uint16_t> groups;  // By attribute number of the frame; kUnknownGroup = no value.
};

// One thing wrong with a definition document. `path` is a field path as in
// questionnaire.questions[12].route; `column` counts from 1 within that field's text, 0 = the
// whole.
struct DefinitionFinding {
  std::string path;
  int column = 0;
  std::string rule;
  std::string message;
  std::string remedy;
  friend bool operator==(const DefinitionFinding&, const DefinitionFinding&) = default;
};
using DefinitionFindings = std::vector<DefinitionFinding>;
// "path:column: RULE: message; remedy", for logs and tests.
std::string ToText(const DefinitionFinding& finding);

// The text in a language; English falls back to bokmål, and no language means bokmål.
const std::string& TextIn(const model::LocalizedText& text, model::Language language);

}  // namespace imdi::domain
