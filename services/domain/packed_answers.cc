#include "services/domain/packed_answers.h"

#include "services/base/error.h"
#include "services/base/status_macros.h"

namespace imdi::domain {
namespace {

absl::Status Corrupt(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt, what);
}

bool Ascending(const google::protobuf::RepeatedField<uint32_t>& items) {
  for (int i = 1; i < items.size(); ++i) {
    if (items[i] <= items[i - 1]) return false;
  }
  return true;
}

}  // namespace

survey::store::v1::PackedAnswers PackAnswers(const AnswerSet& answers, const ItemBinding& items) {
  survey::store::v1::PackedAnswers out;
  // Most answers are codes; growing step by step would copy them several times.
  const auto codes_max = static_cast<int>(items.by_number.size());
  out.mutable_code_items()->Reserve(codes_max);
  out.mutable_codes()->Reserve(codes_max);
  for (const ItemIndex item : items.by_number) {
    const AnswerValue& value = answers[item];
    const uint32_t number = items.number_of[item];
    switch (value.kind) {
      case AnswerValue::Kind::kNone:
        break;
      case AnswerValue::Kind::kCode:
      case AnswerValue::Kind::kDontKnow:
        out.add_code_items(number);
        out.add_codes(value.kind == AnswerValue::Kind::kDontKnow ? static_cast<uint32_t>(kDontKnow)
                                                                 : value.code);
        break;
      case AnswerValue::Kind::kCodeSet: {
        const std::vector<int32_t> codes = value.codes.Codes();
        out.add_set_items(number);
        out.add_set_sizes(static_cast<uint32_t>(codes.size()));
        for (const int32_t code : codes) out.add_set_codes(static_cast<uint32_t>(code));
        break;
      }
      case AnswerValue::Kind::kNumber:
        out.add_number_items(number);
        out.add_numbers(value.number);
        break;
      case AnswerValue::Kind::kText:
        out.add_text_items(number);
        break;
    }
  }
  return out;
}

absl::StatusOr<AnswerSet> UnpackAnswers(const survey::store::v1::PackedAnswers& packed,
                                        const CompiledQuestionnaire& questionnaire,
                                        const ItemBinding& items) {
  AnswerSet out;
  IMDI_RETURN_IF_ERROR(UnpackAnswersInto(packed, questionnaire, items, &out));
  return out;
}

absl::Status UnpackAnswersInto(const survey::store::v1::PackedAnswers& packed,
                               const CompiledQuestionnaire& questionnaire, const ItemBinding& items,
                               AnswerSet* out) {
  if (packed.code_items_size() != packed.codes_size() ||
      packed.set_items_size() != packed.set_sizes_size() ||
      packed.number_items_size() != packed.numbers_size()) {
    return Corrupt("packed answers: parallel fields have unequal lengths");
  }
  if (!Ascending(packed.code_items()) || !Ascending(packed.set_items()) ||
      !Ascending(packed.number_items()) || !Ascending(packed.text_items())) {
    return Corrupt("packed answers: item numbers do not ascend");
  }
  out->Reset(questionnaire.item_count());
  const uint32_t* const code_items = packed.code_items().data();
  const uint32_t* const codes = packed.codes().data();
  for (int i = 0; i < packed.code_items_size(); ++i) {
    const uint32_t code = codes[i];
    if (code > static_cast<uint32_t>(kCodeMax)) return Corrupt("packed answers: impossible code");
    const ItemIndex item = items.IndexOf(code_items[i]);
    if (item == kNoItem) continue;
    const ValueType type = items.type_of[code_items[i]];
    if (type == ValueType::kCode)
      out->Set(item, AnswerValue::OfCode(static_cast<int32_t>(code)));
    else if (type == ValueType::kNumber && code == static_cast<uint32_t>(kDontKnow))
      out->Set(item, AnswerValue::DontKnow());
    else
      return Corrupt("packed answers: a code for an item of another type");
  }
  int next = 0;
  for (int i = 0; i < packed.set_items_size(); ++i) {
    CodeBits bits;
    for (uint32_t k = 0; k < packed.set_sizes(i); ++k, ++next) {
      if (next >= packed.set_codes_size() ||
          packed.set_codes(next) > static_cast<uint32_t>(kCodeMax))
        return Corrupt("packed answers: impossible set");
      bits.Add(static_cast<int32_t>(packed.set_codes(next)));
    }
    const ItemIndex item = items.IndexOf(packed.set_items(i));
    if (item == kNoItem) continue;
    if (items.type_of[packed.set_items(i)] != ValueType::kCodeSet || bits.Empty())
      return Corrupt("packed answers: a set for an item of another type");
    out->Set(item, AnswerValue::OfCodes(bits));
  }
  if (next != packed.set_codes_size()) return Corrupt("packed answers: codes are left over");
  for (int i = 0; i < packed.number_items_size(); ++i) {
    const ItemIndex item = items.IndexOf(packed.number_items(i));
    if (item == kNoItem) continue;
    if (items.type_of[packed.number_items(i)] != ValueType::kNumber)
      return Corrupt("packed answers: a number for an item of another type");
    out->Set(item, AnswerValue::OfNumber(packed.numbers(i)));
  }
  for (const uint32_t number : packed.text_items()) {
    const ItemIndex item = items.IndexOf(number);
    if (item == kNoItem) continue;
    if (items.type_of[number] != ValueType::kText)
      return Corrupt("packed answers: a text for an item of another type");
    out->Set(item, AnswerValue::Text());
  }
  return absl::OkStatus();
}

}  // namespace imdi::domain
