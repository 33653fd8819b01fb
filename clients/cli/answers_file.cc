#include "clients/cli/answers_file.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "nlohmann/json.hpp"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Json = nlohmann::json;
namespace model = ::imdi::survey::model::v1;

// Reads the objects of one file and collects what is wrong with them.
class LineReader {
 public:
  LineReader(std::string_view file, AnswersFile& out) : file_(file), out_(out) {}

  void At(int line) { line_ = line; }
  bool good() const { return good_; }

  void Wrong(std::string_view path, std::string rule, std::string message, std::string remedy) {
    good_ = false;
    ++out_.problem_count;
    if (out_.problems.size() >= config::kYamlProblemsMax) return;
    out_.problems.push_back({{std::string(file_), line_, 1},
                             std::string(path),
                             std::move(rule),
                             std::move(message),
                             std::move(remedy)});
  }

  // The object of a line; empty where it is none.
  std::optional<Json> Object(std::string_view text) {
    good_ = true;
    if (text.size() > kAnswersLineBytesMax) {
      Wrong("", "TOO_LARGE", StrCat("the line has ", text.size(), " bytes"),
            StrCat("at most ", kAnswersLineBytesMax));
      return std::nullopt;
    }
    Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || !json.is_object()) {
      Wrong("", "NOT_JSON", "the line is not a JSON object", "one object a line, UTF-8");
      return std::nullopt;
    }
    return json;
  }

  std::string Text(const Json& object, const char* key, bool required = true) {
    const auto found = object.find(key);
    if (found == object.end()) {
      if (required) Wrong(key, "MISSING", StrCat("\"", key, "\" is missing"), "add it");
      return {};
    }
    if (!found->is_string()) {
      Wrong(key, "WRONG_KIND", StrCat("\"", key, "\" is not a text"), "write it in quotes");
      return {};
    }
    return found->get<std::string>();
  }

  int64_t Number(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) {
      Wrong(key, "MISSING", StrCat("\"", key, "\" is missing"), "add it");
      return 0;
    }
    return Integer(*found, key);
  }

  int64_t Integer(const Json& value, std::string_view path) {
    if (!value.is_number_integer() ||
        (value.is_number_unsigned() &&
         value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))) {
      Wrong(path, "NOT_A_NUMBER", StrCat(path, " is not a whole number"), "write decimal digits");
      return 0;
    }
    return value.get<int64_t>();
  }

  int32_t Code(const Json& value, std::string_view path) {
    const int64_t code = Integer(value, path);
    if (code < std::numeric_limits<int32_t>::min() || code > std::numeric_limits<int32_t>::max()) {
      Wrong(path, "OUT_OF_RANGE", StrCat(path, " cannot be a code"), "codes lie between 1 and 98");
      return 0;
    }
    return static_cast<int32_t>(code);
  }

  void OnlyKeys(const Json& object, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : object.items()) {
      bool known = false;
      for (const std::string_view allowed : keys) known = known || key == allowed;
      if (!known) {
        Wrong(key, "UNKNOWN_FIELD", StrCat("there is no field ", base::Quoted(key)),
              StrCat("it takes: ", base::StrJoin(keys, ", ")));
      }
    }
  }

  void ReadAnswer(const std::string& item, const Json& value, model::Answer& answer) {
    answer.set_item(item);
    if (value.is_number()) {
      answer.set_code(Code(value, item));
    } else if (value.is_array()) {
      for (const Json& code : value) answer.mutable_codes()->add_codes(Code(code, item));
      if (value.empty()) answer.mutable_codes();
    } else if (value.is_object() && value.size() == 1 && value.contains("number")) {
      answer.set_number(Integer(value["number"], item));
    } else if (value.is_object() && value.size() == 1 && value.contains("text")) {
      answer.set_text(Text(value, "text"));
    } else {
      Wrong(item, "WRONG_KIND", StrCat("the answer to ", base::Quoted(item), " cannot be read"),
            "write a code, [codes], {\"number\": n} or {\"text\": \"…\"}");
    }
  }

  void ReadOtherTexts(const Json& texts, ingestion_api::SubmissionDraft& draft) {
    for (const auto& [item, by_code] : texts.items()) {
      model::Answer* answer = nullptr;
      for (model::Answer& candidate : *draft.mutable_answers()) {
        if (candidate.item() == item) answer = &candidate;
      }
      if (answer == nullptr || !by_code.is_object()) {
        Wrong(item, "WRONG_KIND", StrCat("other_texts of ", base::Quoted(item), " cannot be read"),
              "an item that is answered, with {\"code\": \"text\"}");
        continue;
      }
      for (const auto& [code, text] : by_code.items()) {
        const std::optional<int64_t> number = base::ParseInt64(code);
        if (!number.has_value() || *number < 0 || *number > 1'000 || !text.is_string()) {
          Wrong(item, "WRONG_KIND",
                StrCat("other_texts of ", base::Quoted(item), " cannot be read"),
                "write {\"6\": \"text\"}");
          continue;
        }
        model::OtherText& other = *answer->add_other_texts();
        other.set_code(static_cast<int32_t>(*number));
        other.set_text(text.get<std::string>());
      }
    }
  }

  void ReadSubmission(const Json& object, AnswersAction& action) {
    OnlyKeys(object, {"action", "edition", "unit", "part", "questionnaire", "language",
                      "expected_revision", "request_id", "answers", "other_texts", "comments"});
    ingestion_api::SubmitRequest request;
    ingestion_api::SubmissionDraft& draft = *request.mutable_submission();
    draft.set_edition(StrCat("editions/", action.edition));
    draft.set_unit(action.unit);
    draft.set_part(Text(object, "part"));
    const int64_t version = Number(object, "questionnaire");
    draft.set_questionnaire(version < 0 || version > 1'000'000 ? 0 : static_cast<int32_t>(version));
    const std::string language = Text(object, "language");
    if (language == "nn") {
      draft.set_language(model::LANGUAGE_NN);
    } else if (language == "nb") {
      draft.set_language(model::LANGUAGE_NB);
    } else if (language == "en") {
      draft.set_language(model::LANGUAGE_EN);
    } else {
      Wrong("language", "UNKNOWN_VALUE", StrCat("there is no language ", base::Quoted(language)),
            "nn, nb or en");
    }
    request.set_expected_revision(Number(object, "expected_revision"));
    request.set_request_id(Text(object, "request_id"));
    if (const auto answers = object.find("answers");
        answers != object.end() && answers->is_object()) {
      for (const auto& [item, value] : answers->items())
        ReadAnswer(item, value, *draft.add_answers());
    } else {
      Wrong("answers", "MISSING", "\"answers\" is missing or not an object",
            "add {\"ITEM\": answer}");
    }
    if (const auto texts = object.find("other_texts"); texts != object.end())
      ReadOtherTexts(*texts, draft);
    if (const auto comments = object.find("comments"); comments != object.end()) {
      for (const auto& [check, text] : comments->items()) {
        if (!text.is_string()) {
          Wrong("comments", "WRONG_KIND", "a comment is not a text", "write {\"CHK01\": \"text\"}");
          continue;
        }
        model::CheckComment& comment = *draft.add_check_comments();
        comment.set_check(check);
        comment.set_text(text.get<std::string>());
      }
    }
    action.request = std::move(request);
  }

  void ReadWithdraw(const Json& object, AnswersAction& action) {
    OnlyKeys(object,
             {"action", "edition", "unit", "part", "expected_revision", "request_id", "reason"});
    ingestion_api::WithdrawRequest request;
    request.set_name(StrCat("editions/", action.edition, "/submissions/", action.unit, ".",
                            Text(object, "part")));
    request.set_expected_revision(Number(object, "expected_revision"));
    request.set_reason(Text(object, "reason", /*required=*/false));
    request.set_request_id(Text(object, "request_id"));
    action.request = std::move(request);
  }

  void ReadDisposition(const Json& object, AnswersAction& action) {
    OnlyKeys(object, {"action", "edition", "unit", "disposition", "request_id", "reason"});
    ingestion_api::SetDispositionRequest request;
    request.set_edition(StrCat("editions/", action.edition));
    request.set_unit(action.unit);
    const std::string disposition = Text(object, "disposition");
    if (disposition == "refusal") {
      request.set_disposition(model::DISPOSITION_REFUSAL);
    } else if (disposition == "non_contact") {
      request.set_disposition(model::DISPOSITION_NON_CONTACT);
    } else if (disposition == "out_of_scope") {
      request.set_disposition(model::DISPOSITION_OUT_OF_SCOPE);
    } else {
      Wrong("disposition", "UNKNOWN_VALUE",
            StrCat("there is no disposition ", base::Quoted(disposition)),
            "refusal, non_contact or out_of_scope");
    }
    request.set_reason(Text(object, "reason", /*required=*/false));
    request.set_request_id(Text(object, "request_id"));
    action.request = std::move(request);
  }

  void ReadState(const Json& object, model::EditionState state, AnswersAction& action) {
    OnlyKeys(object, {"action", "edition", "request_id"});
    ingestion_api::SetEditionStateRequest request;
    request.set_edition(StrCat("editions/", action.edition));
    request.set_state(state);
    request.set_request_id(Text(object, "request_id"));
    action.request = std::move(request);
  }

  void ReadAction(const Json& object) {
    AnswersAction action;
    action.line = line_;
    action.edition = Text(object, "edition");
    const std::string kind = object.contains("action") ? Text(object, "action") : "submit";
    const bool of_unit = kind != "open" && kind != "close";
    if (of_unit) action.unit = Text(object, "unit");
    if (kind == "submit") {
      ReadSubmission(object, action);
    } else if (kind == "withdraw") {
      ReadWithdraw(object, action);
    } else if (kind == "disposition") {
      ReadDisposition(object, action);
    } else if (kind == "open") {
      ReadState(object, model::EDITION_STATE_OPEN, action);
    } else if (kind == "close") {
      ReadState(object, model::EDITION_STATE_CLOSED, action);
    } else {
      Wrong("action", "UNKNOWN_VALUE", StrCat("there is no action ", base::Quoted(kind)),
            "submit, withdraw, disposition, open or close");
    }
    if (good()) out_.actions.push_back(std::move(action));
  }

  void ReadHeader(const Json& object) {
    const std::string format = Text(object, "format");
    if (good() && format != kAnswersFormat) {
      Wrong("format", "UNKNOWN_FORMAT",
            StrCat("the format ", base::Quoted(format), " is not known"),
            StrCat("the first line is {\"format\":\"", kAnswersFormat, "\", …}"));
    }
    out_.note = Text(object, "note", /*required=*/false);
  }

 private:
  std::string_view file_;
  AnswersFile& out_;
  int line_ = 0;
  bool good_ = true;
};

}  // namespace

AnswersFile ParseAnswers(std::string_view file, std::string_view text) {
  AnswersFile out;
  LineReader reader(file, out);
  int line = 0;
  bool header = true;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    reader.At(++line);
    if (content.empty()) continue;
    const std::optional<Json> object = reader.Object(content);
    if (!object.has_value()) continue;
    if (header) {
      reader.ReadHeader(*object);
      header = false;
    } else {
      reader.ReadAction(*object);
    }
  }
  if (header) {
    reader.At(1);
    reader.Wrong("", "EMPTY_DOCUMENT", "there is no header",
                 StrCat("the first line is {\"format\":\"", kAnswersFormat, "\", …}"));
  }
  return out;
}

}  // namespace imdi::cli
