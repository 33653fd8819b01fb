#pragma once

#include <cstdint>
#include <vector>

#include "services/domain/types.h"

namespace imdi::domain {

// One answer as the rules see it. Texts are known only as being there.
struct AnswerValue {
  enum class Kind : uint8_t {
    kNone,      // Blank.
    kCode,      // `code`: single choice or grid row.
    kCodeSet,   // `codes`, at least one.
    kNumber,    // `number`, scaled by the question's decimals.
    kDontKnow,  // Numeric question answered with 98.
    kText,      // Free text; the text itself is kept elsewhere, encrypted.
  };
  Kind kind = Kind::kNone;
  uint8_t code = 0;
  CodeBits codes;
  int64_t number = 0;

  static AnswerValue OfCode(int32_t code) {
    return {.kind = Kind::kCode, .code = static_cast<uint8_t>(code), .codes = {}, .number = 0};
  }
  static AnswerValue OfCodes(const CodeBits& codes) {
    return {.kind = Kind::kCodeSet, .code = 0, .codes = codes, .number = 0};
  }
  static AnswerValue OfNumber(int64_t number) {
    return {.kind = Kind::kNumber, .code = 0, .codes = {}, .number = number};
  }
  static AnswerValue DontKnow() {
    return {.kind = Kind::kDontKnow, .code = 0, .codes = {}, .number = 0};
  }
  static AnswerValue Text() { return {.kind = Kind::kText, .code = 0, .codes = {}, .number = 0}; }
  friend bool operator==(const AnswerValue&, const AnswerValue&) = default;
};

// The answers of one unit to one questionnaire version, dense by item index.
class AnswerSet {
 public:
  AnswerSet() = default;
  explicit AnswerSet(size_t item_count) : values_(item_count) {}

  size_t size() const { return values_.size(); }
  // Beyond the end is blank, so an empty set stands for "no answers".
  const AnswerValue& operator[](ItemIndex item) const {
    return item < values_.size() ? values_[item] : kBlank;
  }
  bool Has(ItemIndex item) const { return (*this)[item].kind != AnswerValue::Kind::kNone; }
  // `item` must be below size().
  void Set(ItemIndex item, const AnswerValue& value) { values_[item] = value; }
  void Clear(ItemIndex item) { values_[item] = AnswerValue{}; }
  // So many items, all blank; memory is kept.
  void Reset(size_t item_count) { values_.assign(item_count, AnswerValue{}); }
  // Number of items that are not blank.
  size_t CountAnswered() const;
  // Takes over every answer of `other`, which has the same size.
  void MergeFrom(const AnswerSet& other);
  friend bool operator==(const AnswerSet&, const AnswerSet&) = default;

 private:
  static const AnswerValue kBlank;
  std::vector<AnswerValue> values_;
};

}  // namespace imdi::domain
