#include "services/ingestion/receipt_document.h"

#include <algorithm>
#include <string_view>

#include "absl/time/time.h"
#include "services/base/text.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;

struct Words {
  std::string_view title, unit, revision, received, position, proof, erased, withdrawn;
};

const Words& WordsIn(model::Language language) {
  static constexpr Words kNn = {"Kvittering", "Eining", "Revisjon", "Motteke", "Plass i loggen", "Kjedehash",
                                "(teksten er sletta)", "Svaret er trekt tilbake."};
  static constexpr Words kNb = {"Kvittering", "Enhet", "Revisjon", "Mottatt", "Plass i loggen", "Kjedehash",
                                "(teksten er slettet)", "Svaret er trukket tilbake."};
  static constexpr Words kEn = {"Receipt", "Unit", "Revision", "Received", "Position in the log", "Chain hash",
                                "(the text has been erased)", "The answers have been withdrawn."};
  switch (language) {
    case model::LANGUAGE_NN: return kNn;
    case model::LANGUAGE_EN: return kEn;
    default: return kNb;
  }
}

// A scaled integer as people write it: decimal comma.
std::string Decimal(int64_t number, int decimals) {
  std::string digits = base::StrCat(number < 0 ? -number : number);
  if (decimals > 0) {
    const auto width = static_cast<size_t>(decimals);
    if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
    digits.insert(digits.size() - width, ",");
  }
  return number < 0 ? base::StrCat("-", digits) : digits;
}

}  // namespace

std::string ReceiptDocument(const domain::Catalog::EditionEntry& edition, const model::Submission& submission,
                            const survey::ingestion::v1::Receipt& receipt) {
  const model::Language language = submission.withdrawn() ? model::LANGUAGE_NB : submission.language();
  const Words& words = WordsIn(language);
  const auto unit = edition.frame == nullptr ? std::nullopt : edition.frame->Find(submission.unit());
  const std::string unit_name = unit.has_value() ? edition.frame->unit(*unit).name() : "";
  const model::UnitType type = unit.has_value() ? edition.frame->unit(*unit).type() : model::UNIT_TYPE_UNSPECIFIED;
  std::string out = base::StrCat(words.title, ": ", domain::TextIn(edition.definition->title(), language), "\n\n");
  base::StrAppend(out, words.unit, ": ", submission.unit(), " ", unit_name, "\n");
  base::StrAppend(out, words.revision, ": ", submission.revision(), "\n");
  base::StrAppend(out, words.received, ": ",
                  absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMicros(receipt.commit_time_us()),
                                   absl::UTCTimeZone()),
                  "\n");
  base::StrAppend(out, words.position, ": ", receipt.position(), "\n");
  base::StrAppend(out, words.proof, ": ", receipt.chain_hash(), "\n");
  if (submission.withdrawn()) {
    base::StrAppend(out, "\n", words.withdrawn, "\n");
    return out;
  }
  const auto* version = edition.Version(submission.questionnaire());
  if (version == nullptr) return out;
  const domain::CompiledQuestionnaire& questionnaire = *version->compiled;
  for (const model::Answer& answer : submission.answers()) {
    const auto item = questionnaire.FindItem(answer.item());
    if (!item.has_value()) continue;
    const domain::Question& question = questionnaire.QuestionOf(*item);
    const model::Question& definition = questionnaire.definition().questions(question.definition_index);
    const auto text = [&](const model::LocalizedText& localized) {
      return questionnaire.Text(localized, type, language);
    };
    base::StrAppend(out, "\n", answer.item(), "  ", text(definition.text()), "\n");
    if (questionnaire.items()[*item].row >= 0) {
      base::StrAppend(out, "  ", text(definition.rows(questionnaire.items()[*item].row).text()), "\n");
    }
    const auto put_code = [&](int32_t code) {
      const auto found = std::ranges::find(question.codes, code, &model::Code::code);
      base::StrAppend(out, "  - ", found == question.codes.end() ? base::StrCat(code) : text(found->text()), "\n");
      for (const model::OtherText& other : answer.other_texts()) {
        if (other.code() == code) base::StrAppend(out, "    ", other.text(), "\n");
      }
    };
    switch (answer.value_case()) {
      case model::Answer::kCode: put_code(answer.code()); break;
      case model::Answer::kCodes:
        for (const int32_t code : answer.codes().codes()) put_code(code);
        break;
      case model::Answer::kNumber:
        base::StrAppend(out, "  ", Decimal(answer.number(), question.numeric.decimals()), "\n");
        break;
      case model::Answer::kText:
        base::StrAppend(out, "  ", submission.text_erased() ? words.erased : std::string_view(answer.text()), "\n");
        break;
      case model::Answer::VALUE_NOT_SET: break;
    }
  }
  return out;
}

}  // namespace imdi::ingestion
