#include "services/domain/answers.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

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
  ItemIndex next = 0;  // Most senders go through the form in its order.
  for (const model::Answer& answer : answers) {
    const std::optional<ItemIndex> item =
        next < questionnaire.item_count() && questionnaire.items()[next].id == answer.item()
            ? std::optional(next)
            : questionnaire.FindItem(answer.item());
    if (item.has_value()) next = *item + 1;
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

// Writes behind one another into room that was measured before: the checks of the capacity that
// growing would take cost more than the bytes.
class Writer {
 public:
  explicit Writer(std::string& out) : at_(out.data()), end_(out.data() + out.size()) {}

  void U8(uint8_t value) { Number(value, 1); }
  void U32(uint32_t value) { Number(value, 4); }
  void U64(uint64_t value) { Number(value, 8); }
  void Bytes(std::string_view bytes) {
    U32(static_cast<uint32_t>(bytes.size()));
    Take(bytes.size());
    std::ranges::copy(bytes, at_ - bytes.size());
  }
  bool AtEnd() const { return at_ == end_; }

 private:
  void Take(size_t count) {
    assert(count <= static_cast<size_t>(end_ - at_));
    at_ += count;
  }
  void Number(uint64_t value, size_t size) {
    Take(size);
    for (size_t i = 0; i < size; ++i, value >>= 8)
      at_[-1 - static_cast<ptrdiff_t>(i)] = Byte(value);
  }
  static char Byte(uint64_t value) { return static_cast<char>(value & 0xff); }

  char* at_;
  char* const end_;
};

size_t SizeOf(std::string_view bytes) { return 4 + bytes.size(); }

// What PutAnswer writes.
size_t SizeOf(const model::Answer& answer) {
  size_t size = SizeOf(answer.item()) + 1 + 4;
  switch (answer.value_case()) {
    case model::Answer::kCode:
      size += 4;
      break;
    case model::Answer::kCodes:
      size += 4 + 4 * static_cast<size_t>(answer.codes().codes_size());
      break;
    case model::Answer::kNumber:
      size += 8;
      break;
    case model::Answer::kText:
      size += SizeOf(answer.text());
      break;
    case model::Answer::VALUE_NOT_SET:
      break;
  }
  for (const model::OtherText& other : answer.other_texts()) size += 4 + SizeOf(other.text());
  return size;
}

void PutAnswer(Writer& out, const model::Answer& answer) {
  out.Bytes(answer.item());
  out.U8(static_cast<uint8_t>(answer.value_case()));
  switch (answer.value_case()) {
    case model::Answer::kCode:
      out.U32(static_cast<uint32_t>(answer.code()));
      break;
    case model::Answer::kCodes: {
      std::vector<int32_t> codes(answer.codes().codes().begin(), answer.codes().codes().end());
      std::ranges::sort(codes);
      out.U32(static_cast<uint32_t>(codes.size()));
      for (const int32_t code : codes) out.U32(static_cast<uint32_t>(code));
      break;
    }
    case model::Answer::kNumber:
      out.U64(static_cast<uint64_t>(answer.number()));
      break;
    case model::Answer::kText:
      out.Bytes(answer.text());
      break;
    case model::Answer::VALUE_NOT_SET:
      break;
  }
  out.U32(static_cast<uint32_t>(answer.other_texts_size()));
  if (answer.other_texts().empty()) return;
  std::vector<std::pair<int32_t, std::string_view>> others;
  for (const model::OtherText& other : answer.other_texts())
    others.emplace_back(other.code(), other.text());
  std::ranges::sort(others);
  for (const auto& [code, text] : others) {
    out.U32(static_cast<uint32_t>(code));
    out.Bytes(text);
  }
}

std::string BytesOf(const model::Answer& answer) {
  std::string out(SizeOf(answer), '\0');
  Writer writer(out);
  PutAnswer(writer, answer);
  return out;
}

// The answers in the order of their item ids; an item that stands twice, by its bytes.
std::vector<const model::Answer*> InOrder(const AnswerList* answers) {
  struct Piece {
    uint64_t head;  // The first bytes of the item id, in their order: most ids differ there.
    const model::Answer* answer;
  };
  std::vector<Piece> pieces;
  if (answers != nullptr) pieces.reserve(static_cast<size_t>(answers->size()));
  for (int i = 0; answers != nullptr && i < answers->size(); ++i) {
    const model::Answer& answer = (*answers)[i];
    const std::string& item = answer.item();
    uint64_t head = 0;
    for (size_t at = 0; at < sizeof(head); ++at)
      head = (head << 8) | (at < item.size() ? static_cast<uint8_t>(item[at]) : 0U);
    pieces.push_back({head, &answer});
  }
  std::ranges::sort(pieces, [](const Piece& a, const Piece& b) {
    if (a.head != b.head) return a.head < b.head;
    const int items = a.answer->item().compare(b.answer->item());
    return items != 0 ? items < 0 : BytesOf(*a.answer) < BytesOf(*b.answer);
  });
  std::vector<const model::Answer*> out;
  out.reserve(pieces.size());
  for (const Piece& piece : pieces) out.push_back(piece.answer);
  return out;
}

}  // namespace

std::string CanonicalContent(const SubmissionContent& content) {
  const std::vector<const model::Answer*> answers = InOrder(content.answers);
  std::vector<std::pair<std::string_view, std::string_view>> comments;
  if (content.comments != nullptr) {
    for (const model::CheckComment& comment : *content.comments)
      comments.emplace_back(comment.check(), comment.text());
  }
  std::ranges::sort(comments);
  std::string_view name;
  std::string_view email;
  if (content.contact != nullptr) {
    name = content.contact->name();
    email = content.contact->email();
  }

  size_t size = 1 + SizeOf(content.edition) + SizeOf(content.unit) + SizeOf(content.part) + 8 + 4 +
                4 + 4 + 4 + SizeOf(name) + SizeOf(email);
  for (const model::Answer* answer : answers) size += 4 + SizeOf(*answer);
  for (const auto& [check, text] : comments) size += SizeOf(check) + SizeOf(text);
  std::string bytes(size, '\0');
  Writer out(bytes);
  out.U8(1);  // Version.
  out.Bytes(content.edition);
  out.Bytes(content.unit);
  out.Bytes(content.part);
  out.U64(static_cast<uint64_t>(content.expected_revision));
  out.U32(static_cast<uint32_t>(content.questionnaire));
  out.U32(static_cast<uint32_t>(content.language));
  out.U32(static_cast<uint32_t>(answers.size()));
  for (const model::Answer* answer : answers) {
    out.U32(static_cast<uint32_t>(SizeOf(*answer)));
    PutAnswer(out, *answer);
  }
  out.U32(static_cast<uint32_t>(comments.size()));
  for (const auto& [check, text] : comments) {
    out.Bytes(check);
    out.Bytes(text);
  }
  out.Bytes(name);
  out.Bytes(email);
  assert(out.AtEnd());
  return bytes;
}

}  // namespace imdi::domain
