#include "services/domain/answer_set.h"

#include <algorithm>

namespace imdi::domain {

const AnswerValue AnswerSet::kBlank = {};

size_t AnswerSet::CountAnswered() const {
  return static_cast<size_t>(std::ranges::count_if(
      values_, [](const AnswerValue& value) { return value.kind != AnswerValue::Kind::kNone; }));
}

void AnswerSet::MergeFrom(const AnswerSet& other) {
  for (size_t i = 0; i < std::min(values_.size(), other.values_.size()); ++i) {
    if (other.values_[i].kind != AnswerValue::Kind::kNone) values_[i] = other.values_[i];
  }
}

}  // namespace imdi::domain
