#include "clients/demo/json.h"

namespace imdi::demo {
namespace {

namespace model = survey::model::v1;

// "key":value pairs in the order given.
class Object {
 public:
  Object& Add(std::string_view key, const std::string& value) {
    body_ += (body_.empty() ? "" : ",") + Quoted(key) + ":" + value;
    return *this;
  }
  bool empty() const { return body_.empty(); }
  std::string Text() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

std::string RequestId(const Edition& edition, std::string_view what) {
  return Quoted("demo-" + edition.id + "-" + std::string(what));
}

std::string Value(const Item& item, const Answer& answer) {
  if (!answer.text.empty()) return Object().Add("text", Quoted(answer.text)).Text();
  if (answer.number.has_value())
    return Object().Add("number", std::to_string(*answer.number)).Text();
  if (item.type != model::QUESTION_TYPE_MULTI) return std::to_string(answer.codes.front());
  std::string list;
  for (const int code : answer.codes) list += (list.empty() ? "" : ",") + std::to_string(code);
  return "[" + list + "]";
}

}  // namespace

std::string Quoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kHex[byte / 16];
      quoted += kHex[byte % 16];
    } else {
      quoted += letter;
    }
  }
  return quoted + "\"";
}

std::string HeaderLine() {
  return Object()
      .Add("format", Quoted("imdi-answers/1"))
      .Add("note", Quoted("Invented answers for demonstration and tests. No municipality or "
                          "district gave them; only the "
                          "units are real."))
      .Text();
}

std::string ActionLine(std::string_view action, const Edition& edition) {
  return Object()
      .Add("action", Quoted(action))
      .Add("edition", Quoted(edition.id))
      .Add("request_id", RequestId(edition, action))
      .Text();
}

std::string DispositionLine(const Edition& edition, const Member& unit,
                            std::string_view disposition) {
  return Object()
      .Add("action", Quoted("disposition"))
      .Add("edition", Quoted(edition.id))
      .Add("unit", Quoted(unit.code))
      .Add("disposition", Quoted(disposition))
      .Add("request_id", RequestId(edition, unit.code + "-disposition"))
      .Text();
}

std::string WithdrawalLine(const Edition& edition, const Member& unit, int64_t expected_revision) {
  return Object()
      .Add("action", Quoted("withdraw"))
      .Add("edition", Quoted(edition.id))
      .Add("unit", Quoted(unit.code))
      .Add("part", Quoted(edition.part))
      .Add("expected_revision", std::to_string(expected_revision))
      .Add("request_id", RequestId(edition, unit.code + "-" + edition.part + "-withdraw"))
      .Text();
}

std::string SubmissionLine(const Edition& edition, const Member& unit, int64_t expected_revision,
                           const Answers& answers,
                           const std::map<std::string, std::string>& comments) {
  Object values;
  Object other_texts;
  for (const Item& item : edition.form.items()) {
    const auto found = answers.find(item.id);
    if (found == answers.end()) continue;
    values.Add(item.id, Value(item, found->second));
    if (found->second.other_texts.empty()) continue;
    Object texts;
    for (const auto& [code, text] : found->second.other_texts)
      texts.Add(std::to_string(code), Quoted(text));
    other_texts.Add(item.id, texts.Text());
  }
  Object line;
  line.Add("edition", Quoted(edition.id))
      .Add("unit", Quoted(unit.code))
      .Add("part", Quoted(edition.part))
      .Add("questionnaire", std::to_string(edition.questionnaire))
      .Add("language", Quoted(unit.nynorsk ? "nn" : "nb"))
      .Add("expected_revision", std::to_string(expected_revision))
      .Add("request_id", RequestId(edition, unit.code + "-" + edition.part + "-" +
                                                std::to_string(expected_revision + 1)))
      .Add("answers", values.Text());
  if (!other_texts.empty()) line.Add("other_texts", other_texts.Text());
  if (!comments.empty()) {
    Object said;
    for (const auto& [check, text] : comments) said.Add(check, Quoted(text));
    line.Add("comments", said.Text());
  }
  return line.Text();
}

}  // namespace imdi::demo
