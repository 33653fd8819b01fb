#include "services/ingestion/receipt_document.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/base/text.h"
#include "services/domain/answers.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;

struct Words {
  std::string_view title, taken, withdrawn, erased_note;
  std::string_view edition, unit, part, revision, version, language, language_name, received,
      position, proof, name;
  std::string_view answers, none, erased, dont_know, remarks, comment;
};

const Words& WordsIn(model::Language language) {
  static constexpr Words kNn = {
      .title = "Kvittering",
      .taken =
          "Svara er tekne imot og lagra. Kvitteringa viser dei slik dei vart sende, og kan "
          "arkiverast.",
      .withdrawn = "Svara på denne delen er trekte tilbake. Kvitteringa kan arkiverast.",
      .erased_note = "Dei frie tekstane i svara er sletta og kan ikkje lesast av nokon.",
      .edition = "Undersøking",
      .unit = "Eining",
      .part = "Svart som",
      .revision = "Revisjon",
      .version = "Skjemaversjon",
      .language = "Språk",
      .language_name = "nynorsk",
      .received = "Motteke",
      .position = "Plass i loggen",
      .proof = "Kjedehash",
      .name = "Referanse",
      .answers = "Svar",
      .none = "Ingen spørsmål er svara på.",
      .erased = "(teksten er sletta)",
      .dont_know = "Veit ikkje",
      .remarks = "Merknader",
      .comment = "Kommentaren dykkar"};
  static constexpr Words kNb = {
      .title = "Kvittering",
      .taken =
          "Svarene er mottatt og lagret. Kvitteringen viser dem slik de ble sendt, og kan "
          "arkiveres.",
      .withdrawn = "Svarene på denne delen er trukket tilbake. Kvitteringen kan arkiveres.",
      .erased_note = "De frie tekstene i svarene er slettet og kan ikke leses av noen.",
      .edition = "Undersøkelse",
      .unit = "Enhet",
      .part = "Besvart som",
      .revision = "Revisjon",
      .version = "Skjemaversjon",
      .language = "Språk",
      .language_name = "bokmål",
      .received = "Mottatt",
      .position = "Plass i loggen",
      .proof = "Kjedehash",
      .name = "Referanse",
      .answers = "Svar",
      .none = "Ingen spørsmål er besvart.",
      .erased = "(teksten er slettet)",
      .dont_know = "Vet ikke",
      .remarks = "Merknader",
      .comment = "Deres kommentar"};
  static constexpr Words kEn = {
      .title = "Receipt",
      .taken =
          "The answers have been received and stored. This receipt shows them as they were sent "
          "and can be archived.",
      .withdrawn = "The answers to this part have been withdrawn. This receipt can be archived.",
      .erased_note = "The free texts of these answers have been erased and can be read by nobody.",
      .edition = "Survey",
      .unit = "Unit",
      .part = "Answered as",
      .revision = "Revision",
      .version = "Version of the form",
      .language = "Language",
      .language_name = "English",
      .received = "Received",
      .position = "Position in the log",
      .proof = "Chain hash",
      .name = "Reference",
      .answers = "Answers",
      .none = "No question has been answered.",
      .erased = "(the text has been erased)",
      .dont_know = "Don't know",
      .remarks = "Remarks",
      .comment = "Your comment"};
  switch (language) {
    case model::LANGUAGE_NN:
      return kNn;
    case model::LANGUAGE_EN:
      return kEn;
    default:
      return kNb;
  }
}

// A unit of measure of the questionnaire in the reader's language; empty for one that has no word
// here.
std::string_view UnitOfMeasure(std::string_view unit, model::Language language) {
  struct Row {
    std::string_view unit, nn, nb, en;
  };
  static constexpr Row kRows[] = {{"persons", "personar", "personer", "persons"},
                                  {"percent", "prosent", "prosent", "percent"},
                                  {"minutes", "minutt", "minutter", "minutes"},
                                  {"hours", "timar", "timer", "hours"},
                                  {"days", "dagar", "dager", "days"},
                                  {"weeks", "veker", "uker", "weeks"},
                                  {"agreements", "avtalar", "avtaler", "agreements"}};
  for (const Row& row : kRows) {
    if (row.unit != unit) continue;
    return language == model::LANGUAGE_NN   ? row.nn
           : language == model::LANGUAGE_EN ? row.en
                                            : row.nb;
  }
  return {};
}

// A scaled integer as people write it: decimal comma, in English a point.
std::string Decimal(int64_t number, int decimals, model::Language language) {
  // The magnitude of the smallest number does not fit into int64.
  std::string digits = base::StrCat(number < 0 ? uint64_t{0} - static_cast<uint64_t>(number)
                                               : static_cast<uint64_t>(number));
  if (decimals > 0) {
    const auto width = static_cast<size_t>(decimals);
    if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
    digits.insert(digits.size() - width, 1, language == model::LANGUAGE_EN ? '.' : ',');
  }
  return number < 0 ? base::StrCat("-", digits) : digits;
}

std::string Heading(std::string_view text, char line) {
  return base::StrCat(text, "\n", std::string(domain::CountCharacters(text), line), "\n");
}

// "Label:   value", values below each other.
void AddFacts(const std::vector<std::pair<std::string_view, std::string>>& facts,
              std::string& out) {
  size_t width = 0;
  for (const auto& [label, value] : facts) width = std::max(width, domain::CountCharacters(label));
  for (const auto& [label, value] : facts) {
    if (value.empty()) continue;
    base::StrAppend(out, label, ":", std::string(width + 2 - domain::CountCharacters(label), ' '),
                    value, "\n");
  }
}

// The lines of a text, each indented: what a respondent wrote cannot pass for a line of the
// receipt.
void AddIndented(std::string_view indent, std::string_view text, std::string& out) {
  while (true) {
    const size_t end = text.find('\n');
    base::StrAppend(out, indent, text.substr(0, end), "\n");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

class Writer {
 public:
  Writer(const domain::CompiledQuestionnaire& questionnaire, model::UnitType type,
         model::Language language, const model::Submission& submission, std::string& out)
      : questionnaire_(questionnaire),
        type_(type),
        language_(language),
        words_(WordsIn(language)),
        submission_(submission),
        out_(out) {}

  void WriteAnswers() {
    base::StrAppend(
        out_, "\n",
        Heading(base::StrCat(words_.answers, " (", submission_.answers_size(), ")"), '='));
    if (submission_.answers().empty()) base::StrAppend(out_, "\n", words_.none, "\n");
    std::string_view section;
    const domain::Question* before = nullptr;
    for (const model::Answer& answer : submission_.answers()) {
      const auto index = questionnaire_.FindItem(answer.item());
      if (!index.has_value()) continue;
      const domain::Item& item = questionnaire_.items()[*index];
      const domain::Question& question = questionnaire_.QuestionOf(*index);
      const model::Question& definition =
          questionnaire_.definition().questions(question.definition_index);
      if (definition.section() != section) WriteSection(section = definition.section());
      if (&question != before)
        base::StrAppend(out_, "\n", question.id, "  ", Text(definition.text()), "\n");
      before = &question;
      if (item.row >= 0) {
        const model::Row& row = definition.rows(item.row);
        base::StrAppend(out_, "    ", row.row(), ") ", Text(row.text()), "\n");
      }
      WriteValue(question, item.row >= 0 ? "       " : "    ", answer);
    }
  }

  // Soft findings at the time, with the respondent's comments.
  void WriteRemarks() {
    if (submission_.findings().empty()) return;
    base::StrAppend(out_, "\n", Heading(words_.remarks, '='));
    for (const model::Finding& finding : submission_.findings()) {
      base::StrAppend(out_, "\n", finding.item(), finding.item().empty() ? "" : "  ",
                      Text(finding.text()), "\n");
      for (const model::CheckComment& comment : submission_.check_comments()) {
        if (comment.check() != finding.rule()) continue;
        base::StrAppend(out_, "    ", words_.comment, ":\n");
        AddIndented("       ", comment.text(), out_);
      }
    }
  }

 private:
  std::string Text(const model::LocalizedText& text) const {
    return questionnaire_.Text(text, type_, language_);
  }

  void WriteSection(std::string_view id) {
    const auto& sections = questionnaire_.definition().sections();
    const auto found = std::ranges::find(sections, id, &model::Section::id);
    if (found != sections.end()) base::StrAppend(out_, "\n", Heading(Text(found->title()), '-'));
  }

  void WriteCode(const domain::Question& question, std::string_view indent,
                 const model::Answer& answer, int32_t code) {
    const auto found = std::ranges::find(question.codes, code, &model::Code::code);
    base::StrAppend(out_, indent, "- ",
                    found != question.codes.end() ? Text(found->text())
                    : code == domain::kDontKnow   ? std::string(words_.dont_know)
                                                  : base::StrCat(code),
                    "\n");
    if (!question.other_text.Has(code)) return;
    if (submission_.text_erased()) base::StrAppend(out_, indent, "  ", words_.erased, "\n");
    for (const model::OtherText& other : answer.other_texts()) {
      if (other.code() == code) AddIndented(base::StrCat(indent, "  "), other.text(), out_);
    }
  }

  void WriteValue(const domain::Question& question, std::string_view indent,
                  const model::Answer& answer) {
    switch (answer.value_case()) {
      case model::Answer::kCode:
        WriteCode(question, indent, answer, answer.code());
        break;
      case model::Answer::kCodes:
        for (const int32_t code : answer.codes().codes()) WriteCode(question, indent, answer, code);
        break;
      case model::Answer::kNumber: {
        const std::string_view unit = UnitOfMeasure(question.numeric.unit(), language_);
        base::StrAppend(out_, indent,
                        Decimal(answer.number(), question.numeric.decimals(), language_),
                        unit.empty() ? "" : " ", unit, "\n");
        break;
      }
      case model::Answer::kText:
        AddIndented(indent,
                    submission_.text_erased() ? words_.erased : std::string_view(answer.text()),
                    out_);
        break;
      case model::Answer::VALUE_NOT_SET:
        break;
    }
  }

  const domain::CompiledQuestionnaire& questionnaire_;
  const model::UnitType type_;
  const model::Language language_;
  const Words& words_;
  const model::Submission& submission_;
  std::string& out_;
};

}  // namespace

std::string ReceiptDocument(const domain::Catalog::EditionEntry& edition,
                            const model::Submission& submission,
                            const survey::ingestion::v1::Receipt& receipt,
                            model::Language language) {
  const Words& words = WordsIn(language);
  const auto unit =
      edition.frame == nullptr ? std::nullopt : edition.frame->Find(submission.unit());
  const std::string unit_name = unit.has_value() ? edition.frame->unit(*unit).name() : "";
  const model::UnitType type =
      unit.has_value() ? edition.frame->unit(*unit).type() : model::UNIT_TYPE_UNSPECIFIED;
  const auto& parts = edition.definition->parts();
  const auto part = std::ranges::find(parts, submission.part(), &model::Part::id);
  const std::string title = domain::TextIn(edition.definition->title(), language);

  std::string out = base::StrCat(Heading(base::StrCat(words.title, ": ", title), '='), "\n",
                                 submission.withdrawn() ? words.withdrawn : words.taken, "\n");
  if (submission.text_erased()) base::StrAppend(out, words.erased_note, "\n");
  base::StrAppend(out, "\n");
  AddFacts({{words.edition, title},
            {words.unit, base::StrCat(submission.unit(), " ", unit_name)},
            {words.part,
             part == parts.end() ? submission.part() : domain::TextIn(part->role(), language)},
            {words.revision, base::StrCat(submission.revision())},
            {words.version, submission.withdrawn() ? "" : base::StrCat(submission.questionnaire())},
            {words.language, submission.withdrawn() ? "" : std::string(words.language_name)},
            {words.received,
             absl::FormatTime("%Y-%m-%d %H:%M:%S UTC",
                              absl::FromUnixMicros(receipt.commit_time_us()), absl::UTCTimeZone())},
            {words.position, base::StrCat(receipt.position())},
            {words.proof, receipt.chain_hash()},
            {words.name, receipt.submission()}},
           out);
  const auto* version = edition.Version(submission.questionnaire());
  if (submission.withdrawn() || version == nullptr) return out;
  Writer writer(*version->compiled, type, language, submission, out);
  writer.WriteAnswers();
  writer.WriteRemarks();
  return out;
}

}  // namespace imdi::ingestion
