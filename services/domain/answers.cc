#include "services/domain/answers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/encoding.h"
#include "services/base/text.h"
#include "services/domain/validation.h"

namespace imdi::domain {
namespace {

// The value of one answer, or the rule that it breaks.
struct ReadValue {
  AnswerValue value;
  std::string_view broken_rule;
};

ReadValue Broken(std::string_view rule) { return {AnswerValue(), rule}; }

ReadValue ReadOne(const Question& question, ValueType type, const model::Answer& answer) {
  switch (answer.value_case()) {
    case model::Answer::VALUE_NOT_SET:
      return Broken("EMPTY_ANSWER");
    case model::Answer::kCode:
      if (type == ValueType::kNumber && answer.code() == kDontKnow &&
          question.numeric.allow_dont_know()) {
        return {AnswerValue::DontKnow(), ""};
      }
      if (type != ValueType::kCode) return Broken("WRONG_TYPE");
      if (!question.code_bits.Has(answer.code())) return Broken("UNKNOWN_CODE");
      return {AnswerValue::OfCode(answer.code()), ""};
    case model::Answer::kCodes: {
      if (type != ValueType::kCodeSet) return Broken("WRONG_TYPE");
      if (answer.codes().codes().empty()) return Broken("EMPTY_ANSWER");
      CodeBits bits;
      for (const int32_t code : answer.codes().codes()) {
        if (!question.code_bits.Has(code)) return Broken("UNKNOWN_CODE");
        if (bits.Has(code)) return Broken("DUPLICATE");
        bits.Add(code);
      }
      if (bits.Meets(question.exclusive) && bits.Count() > 1) return Broken("EXCLUSIVE_CODE");
      return {AnswerValue::OfCodes(bits), ""};
    }
    case model::Answer::kNumber:
      if (type != ValueType::kNumber) return Broken("WRONG_TYPE");
      if (answer.number() < question.numeric.min() || answer.number() > question.numeric.max())
        return Broken("OUT_OF_RANGE");
      return {AnswerValue::OfNumber(answer.number()), ""};
    case model::Answer::kText:
      if (type != ValueType::kText) return Broken("WRONG_TYPE");
      if (answer.text().empty()) return Broken("EMPTY_ANSWER");
      if (CountCharacters(answer.text()) > static_cast<size_t>(question.open_text.max_chars()))
        return Broken("TEXT_TOO_LONG");
      return {AnswerValue::Text(), ""};
  }
  return Broken("WRONG_TYPE");
}

std::string_view CheckOtherTexts(const Question& question, const AnswerValue& value,
                                 const model::Answer& answer) {
  std::set<int32_t> seen;
  for (const model::OtherText& other : answer.other_texts()) {
    const bool ticked =
        value.kind == AnswerValue::Kind::kCode
            ? value.code == other.code()
            : value.kind == AnswerValue::Kind::kCodeSet && value.codes.Has(other.code());
    if (!ticked || !question.other_text.Has(other.code())) return "OTHER_TEXT_WITHOUT_CODE";
    if (!seen.insert(other.code()).second) return "DUPLICATE";
    if (CountCharacters(other.text()) > kOtherTextCharsMax) return "TEXT_TOO_LONG";
  }
  return "";
}

}  // namespace

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

AnswerSet ReadAnswers(const CompiledQuestionnaire& questionnaire, const AnswerList& answers,
                      std::vector<model::Finding>* findings) {
  AnswerSet out(questionnaire.item_count());
  std::vector<bool> seen(questionnaire.item_count());
  const auto add = [&](std::string_view rule, std::string_view item) {
    findings->push_back(MakeFinding(rule, model::GRADE_HARD, item));
  };
  for (const model::Answer& answer : answers) {
    const std::optional<ItemIndex> item = questionnaire.FindItem(answer.item());
    if (!item.has_value()) {
      add("UNKNOWN_ITEM", answer.item());
      continue;
    }
    if (seen[*item]) {
      add("DUPLICATE", answer.item());
      continue;
    }
    seen[*item] = true;
    const Question& question = questionnaire.QuestionOf(*item);
    ReadValue read = ReadOne(question, questionnaire.items()[*item].type, answer);
    if (read.broken_rule.empty()) read.broken_rule = CheckOtherTexts(question, read.value, answer);
    if (!read.broken_rule.empty()) {
      add(read.broken_rule, answer.item());
      continue;
    }
    out.Set(*item, read.value);
  }
  return out;
}

AnswerList WriteAnswers(const CompiledQuestionnaire& questionnaire, const AnswerSet& answers) {
  AnswerList out;
  for (ItemIndex item = 0; item < questionnaire.item_count(); ++item) {
    const AnswerValue& value = answers[item];
    if (value.kind == AnswerValue::Kind::kNone) continue;
    model::Answer& answer = *out.Add();
    answer.set_item(questionnaire.items()[item].id);
    switch (value.kind) {
      case AnswerValue::Kind::kCode:
        answer.set_code(value.code);
        break;
      case AnswerValue::Kind::kCodeSet:
        for (const int32_t code : value.codes.Codes()) answer.mutable_codes()->add_codes(code);
        break;
      case AnswerValue::Kind::kNumber:
        answer.set_number(value.number);
        break;
      case AnswerValue::Kind::kDontKnow:
        answer.set_code(kDontKnow);
        break;
      case AnswerValue::Kind::kText:
        answer.set_text("");
        break;
      case AnswerValue::Kind::kNone:
        break;
    }
  }
  return out;
}

AnswerSet TranslateAnswers(const AnswerSet& answers, const CompiledQuestionnaire& from,
                           const ItemBinding& from_items, const CompiledQuestionnaire& to,
                           const ItemBinding& to_items, std::vector<bool>* fielded, Recodes use) {
  AnswerSet out(to.item_count());
  if (fielded != nullptr) fielded->assign(to.item_count(), false);
  for (ItemIndex item = 0; item < to.item_count(); ++item) {
    const ItemIndex source = from_items.IndexOf(to_items.number_of[item]);
    if (source == kNoItem || from.items()[source].type != to.items()[item].type) continue;
    if (fielded != nullptr) (*fielded)[item] = true;
    AnswerValue value = answers[source];
    const auto& recodes = to.definition().recodes();
    const auto recode = std::ranges::find(recodes, to.items()[item].id, &model::Recode::item);
    if (use == Recodes::kApplied && recode != recodes.end() &&
        (value.kind == AnswerValue::Kind::kCode || value.kind == AnswerValue::Kind::kCodeSet)) {
      CodeBits before =
          value.kind == AnswerValue::Kind::kCode ? CodeBits::Of(value.code) : value.codes;
      CodeBits after;
      for (const model::CodePair& pair : recode->pairs()) {
        if (before.Has(pair.from()) && pair.to() >= 0 && pair.to() <= kCodeMax)
          after.Add(pair.to());
      }
      if (after.Empty())
        value = AnswerValue();
      else
        value = value.kind == AnswerValue::Kind::kCode ? AnswerValue::OfCode(after.Codes().front())
                                                       : AnswerValue::OfCodes(after);
    }
    out.Set(item, value);
  }
  return out;
}

namespace {

void PutAnswer(std::string& out, const model::Answer& answer) {
  base::PutBytes(out, answer.item());
  base::PutU8(out, static_cast<uint8_t>(answer.value_case()));
  switch (answer.value_case()) {
    case model::Answer::kCode:
      base::PutU32(out, static_cast<uint32_t>(answer.code()));
      break;
    case model::Answer::kCodes: {
      std::vector<int32_t> codes(answer.codes().codes().begin(), answer.codes().codes().end());
      std::ranges::sort(codes);
      base::PutU32(out, static_cast<uint32_t>(codes.size()));
      for (const int32_t code : codes) base::PutU32(out, static_cast<uint32_t>(code));
      break;
    }
    case model::Answer::kNumber:
      base::PutU64(out, static_cast<uint64_t>(answer.number()));
      break;
    case model::Answer::kText:
      base::PutBytes(out, answer.text());
      break;
    case model::Answer::VALUE_NOT_SET:
      break;
  }
  std::vector<std::pair<int32_t, std::string_view>> others;
  for (const model::OtherText& other : answer.other_texts())
    others.emplace_back(other.code(), other.text());
  std::ranges::sort(others);
  base::PutU32(out, static_cast<uint32_t>(others.size()));
  for (const auto& [code, text] : others) {
    base::PutU32(out, static_cast<uint32_t>(code));
    base::PutBytes(out, text);
  }
}

}  // namespace

std::string CanonicalContent(const SubmissionContent& content) {
  std::string out;
  base::PutU8(out, 1);  // Version.
  base::PutBytes(out, content.edition);
  base::PutBytes(out, content.unit);
  base::PutBytes(out, content.part);
  base::PutU64(out, static_cast<uint64_t>(content.expected_revision));
  base::PutU32(out, static_cast<uint32_t>(content.questionnaire));
  base::PutU32(out, static_cast<uint32_t>(content.language));
  // Each answer is written once, all behind one another, and then copied in the order of the item
  // ids.
  std::string written;
  struct Piece {
    std::string_view item;
    size_t from;
    size_t size;
  };
  std::vector<Piece> pieces;
  if (content.answers != nullptr) {
    written.reserve(32 * static_cast<size_t>(content.answers->size()));
    pieces.reserve(static_cast<size_t>(content.answers->size()));
    for (const model::Answer& answer : *content.answers) {
      const size_t from = written.size();
      PutAnswer(written, answer);
      pieces.push_back({answer.item(), from, written.size() - from});
    }
  }
  const auto bytes_of = [&written](const Piece& piece) {
    return std::string_view(written).substr(piece.from, piece.size);
  };
  std::ranges::sort(pieces, [&](const Piece& a, const Piece& b) {
    return a.item == b.item ? bytes_of(a) < bytes_of(b) : a.item < b.item;
  });
  base::PutU32(out, static_cast<uint32_t>(pieces.size()));
  for (const Piece& piece : pieces) base::PutBytes(out, bytes_of(piece));
  std::vector<std::pair<std::string_view, std::string_view>> comments;
  if (content.comments != nullptr) {
    for (const model::CheckComment& comment : *content.comments)
      comments.emplace_back(comment.check(), comment.text());
  }
  std::ranges::sort(comments);
  base::PutU32(out, static_cast<uint32_t>(comments.size()));
  for (const auto& [check, text] : comments) {
    base::PutBytes(out, check);
    base::PutBytes(out, text);
  }
  base::PutBytes(out, content.contact == nullptr ? "" : content.contact->name());
  base::PutBytes(out, content.contact == nullptr ? "" : content.contact->email());
  return out;
}

}  // namespace imdi::domain
