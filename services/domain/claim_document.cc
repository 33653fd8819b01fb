#include "services/domain/claim_document.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "services/base/text.h"
#include "services/domain/claim.h"
#include "services/domain/document_form.h"
#include "services/domain/indicator.h"

namespace imdi::domain {
namespace {

constexpr std::string_view kAddText = "add the missing text";
constexpr std::string_view kBothTexts = "nynorsk and bokmål are both required";

void CheckShareInWords(const model::ShareInWords& test, DefinitionFindings& out) {
  if (!IsUpperCaseId(test.phrase()))
    out.push_back(Finding("claim.share_in_words.phrase", "BAD_ID",
                          base::StrCat(base::Quoted(test.phrase()), " is not the id of a phrase"),
                          "upper case letters, digits, '_', at most 40"));
  if (test.tenths() < 0 || test.tenths() > 10)
    out.push_back(Finding("claim.share_in_words.tenths", "BAD_BOUNDS",
                          "the X of \"X of ten\" is 1 to 10, or 0 for a phrase without a number",
                          "correct it"));
}

void CheckIncrease(const model::Increase& test, DefinitionFindings& out) {
  if (test.years().empty())
    out.push_back(Finding("claim.increase.years", "MISSING_YEAR",
                          "an increase names at least one earlier year", "state the year"));
  if (static_cast<size_t>(test.years_size()) > kClaimYearsMax)
    out.push_back(Finding("claim.increase.years", "TOO_MANY_YEARS",
                          base::StrCat("at most ", kClaimYearsMax, " years"), "name fewer"));
  std::set<int32_t> years;
  for (int i = 0; i < test.years_size(); ++i) {
    if (!years.insert(test.years(i)).second)
      out.push_back(Finding(base::StrCat("claim.increase.years[", i, "]"), "DUPLICATE",
                            base::StrCat(test.years(i), " stands twice"), "leave one of them out"));
  }
}

void CheckRanking(const model::Claim& claim, DefinitionFindings& out) {
  const model::Ranking& test = claim.ranking();
  if (test.top().empty())
    out.push_back(Finding("claim.ranking.top", "MISSING_FIGURE",
                          "a ranking names at least one category", "state the category"));
  if (static_cast<size_t>(test.top_size()) > kClaimFiguresMax)
    out.push_back(Finding("claim.ranking.top", "TOO_MANY_FIGURES",
                          base::StrCat("at most ", kClaimFiguresMax, " categories"), "name fewer"));
  // Each is looked for among the figures: what is too long is not looked through.
  if (static_cast<size_t>(std::max(test.top_size(), claim.figures_size())) > kClaimFiguresMax)
    return;
  std::set<std::string_view> top;
  std::set<int32_t> codes;
  std::optional<FigureReference> first;
  for (int i = 0; i < test.top_size(); ++i) {
    const std::string path = base::StrCat("claim.ranking.top[", i, "]");
    const std::optional<FigureReference> figure = ParseFigureReference(test.top(i));
    if (!figure.has_value() || figure->answer == 0) {
      out.push_back(Finding(path, "BAD_NAME",
                            base::StrCat(base::Quoted(test.top(i)), " is not a category"),
                            "{indicator}.{basis}.answer={code}"));
      continue;
    }
    codes.insert(figure->answer);
    if (!first.has_value()) first = figure;
    if (figure->indicator != first->indicator || figure->basis != first->basis)
      out.push_back(Finding(path, "MIXED_BASES",
                            "the categories of a ranking are of one indicator on one basis",
                            "rank within one distribution"));
    if (!top.insert(test.top(i)).second)
      out.push_back(
          Finding(path, "DUPLICATE", "the category stands twice", "leave one of them out"));
    if (std::ranges::find(claim.figures(), test.top(i)) == claim.figures().end())
      out.push_back(Finding(path, "NOT_AMONG_FIGURES",
                            base::StrCat(test.top(i), " is not among the figures of the claim"),
                            "list it under figures, so that readers see it"));
  }
  std::set<int32_t> except;
  for (int i = 0; i < test.except_size(); ++i) {
    const std::string path = base::StrCat("claim.ranking.except[", i, "]");
    if (!except.insert(test.except(i)).second)
      out.push_back(Finding(path, "DUPLICATE", base::StrCat(test.except(i), " stands twice"),
                            "leave one out"));
    if (test.except(i) < 1 || test.except(i) > kCodeMax)
      out.push_back(
          Finding(path, "BAD_BOUNDS", base::StrCat("a code is 1 to ", kCodeMax), "correct it"));
    if (codes.contains(test.except(i)))
      out.push_back(Finding(path, "BAD_BOUNDS",
                            base::StrCat("code ", test.except(i), " is both named and left out"),
                            "decide"));
  }
}

void CheckTest(const model::Claim& claim, DefinitionFindings& out) {
  const bool needs_figure =
      claim.test_case() != model::Claim::TEST_NOT_SET && !claim.has_not_testable();
  if (needs_figure && claim.figures().empty())
    out.push_back(Finding("claim.figures", "MISSING_FIGURE",
                          "a sentence that is tested rests on at least one figure",
                          "name the figure, or state not_testable"));
  switch (claim.test_case()) {
    case model::Claim::kShareInWords:
      CheckShareInWords(claim.share_in_words(), out);
      break;
    case model::Claim::kStatedPercent:
      if (claim.stated_percent().percent() < 0 || claim.stated_percent().percent() > 100)
        out.push_back(Finding("claim.stated_percent.percent", "BAD_BOUNDS", "a percent is 0 to 100",
                              "correct it"));
      break;
    case model::Claim::kIncrease:
      CheckIncrease(claim.increase(), out);
      break;
    case model::Claim::kRanking:
      CheckRanking(claim, out);
      break;
    case model::Claim::kNotTestable:
      if (claim.not_testable().reason() != model::NOT_TESTABLE_REASON_NO_NUMBER_STATED &&
          claim.not_testable().reason() != model::NOT_TESTABLE_REASON_FACT)
        out.push_back(Finding("claim.not_testable.reason", "MISSING_REASON",
                              "it must be said why a sentence cannot be tested",
                              "no_number_stated or fact"));
      break;
    case model::Claim::TEST_NOT_SET:
      break;
  }
}

// The words of a phrase, where X stands for the number.
bool HasPlaceForNumber(const model::Phrase& phrase) {
  return phrase.words().nn().find('X') != std::string::npos &&
         phrase.words().nb().find('X') != std::string::npos;
}

}  // namespace

std::optional<FigureReference> ParseFigureReference(std::string_view text) {
  FigureReference out;
  const size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  out.indicator = text.substr(0, first);
  std::string_view rest = text.substr(first + 1);
  const size_t second = rest.find('.');
  out.basis = rest.substr(0, second);
  if (!IsUpperCaseId(out.indicator) || !IsUpperCaseId(out.basis)) return std::nullopt;
  if (second == std::string_view::npos) return out;
  rest = rest.substr(second + 1);
  constexpr std::string_view kAnswer = "answer=";
  if (!rest.starts_with(kAnswer)) return std::nullopt;
  rest.remove_prefix(kAnswer.size());
  const std::optional<int64_t> code = base::ParseInt64(rest);
  if (!code.has_value() || *code < 1 || *code > kCodeMax || rest != base::StrCat(*code))
    return std::nullopt;
  out.answer = static_cast<int32_t>(*code);
  return out;
}

std::string_view SurveyIdOf(std::string_view name) {
  constexpr std::string_view kSurveys = "surveys/";
  constexpr std::string_view kPhrases = "/phrases";
  if (!name.starts_with(kSurveys) || !name.ends_with(kPhrases) ||
      name.size() <= kSurveys.size() + kPhrases.size())
    return {};
  const std::string_view id =
      name.substr(kSurveys.size(), name.size() - kSurveys.size() - kPhrases.size());
  return IsMixedCaseId(id) ? id : std::string_view();
}

DefinitionFindings CheckPhrases(const model::PhraseList& phrases) {
  DefinitionFindings out;
  if (SurveyIdOf(phrases.name()).empty())
    out.push_back(Finding("phrases.name", "BAD_NAME",
                          base::StrCat(base::Quoted(phrases.name()), " is not a phrase list name"),
                          "surveys/{survey}/phrases"));
  if (phrases.phrases().empty())
    out.push_back(Finding("phrases.phrases", "MISSING_PHRASE",
                          "a phrase list has at least one phrase", "state the phrases"));
  if (static_cast<size_t>(phrases.phrases_size()) > kPhrasesMax)
    out.push_back(Finding("phrases.phrases", "TOO_MANY_PHRASES",
                          base::StrCat("at most ", kPhrasesMax, " phrases"), "remove some"));
  std::set<std::string_view> ids;
  for (int i = 0; i < phrases.phrases_size(); ++i) {
    const model::Phrase& phrase = phrases.phrases(i);
    const std::string path = base::StrCat("phrases.phrases[", i, "]");
    if (!IsUpperCaseId(phrase.id()) || !ids.insert(phrase.id()).second)
      out.push_back(Finding(path + ".id", "BAD_ID", "not the id of a phrase, or it stands twice",
                            "upper case letters, digits, '_', at most 40"));
    if (!Complete(phrase.words()))
      out.push_back(Finding(path + ".words", "MISSING_TEXT", std::string(kBothTexts), kAddText));
    else if (phrase.from_tenths() && !HasPlaceForNumber(phrase))
      out.push_back(Finding(path + ".words", "MISSING_NUMBER",
                            "words that are counted from tenths hold an X for the number",
                            "write it as \"nesten X av ti\""));
    // Counted from tenths a bound lies at most a whole away from them.
    const int64_t least = phrase.from_tenths() ? -kHundredthsOfWhole : 0;
    for (const auto& [field, bound] : {std::pair{".lower_hundredths", phrase.lower_hundredths()},
                                       std::pair{".upper_hundredths", phrase.upper_hundredths()}}) {
      if (bound < least || bound > kHundredthsOfWhole)
        out.push_back(Finding(
            path + field, "BAD_BOUNDS",
            base::StrCat("hundredths of a percentage point, ", least, " to ", kHundredthsOfWhole),
            "correct it"));
    }
    if (phrase.lower_hundredths() > phrase.upper_hundredths() ||
        (phrase.lower_hundredths() == phrase.upper_hundredths() &&
         !(phrase.lower_included() && phrase.upper_included())))
      out.push_back(Finding(path, "EMPTY_RANGE", "no percent lies between the bounds",
                            "the lower bound comes first"));
    if (phrase.warn_within_hundredths() < 0 || phrase.warn_within_hundredths() > kHundredthsOfWhole)
      out.push_back(Finding(path + ".warn_within_hundredths", "BAD_BOUNDS",
                            base::StrCat("0 to ", kHundredthsOfWhole), "correct it"));
  }
  return out;
}

const model::Phrase* FindPhrase(const model::PhraseList* phrases, std::string_view id) {
  if (phrases == nullptr) return nullptr;
  const auto found = std::ranges::find(phrases->phrases(), id, &model::Phrase::id);
  return found == phrases->phrases().end() ? nullptr : &*found;
}

DefinitionFindings CheckClaim(const model::Claim& claim) {
  DefinitionFindings out;
  constexpr std::string_view kClaims = "/claims/";
  const std::string_view name = claim.name();
  const size_t claims = name.rfind(kClaims);
  if (!name.starts_with("editions/") || std::ranges::count(name, '/') != 3 ||
      claims == std::string_view::npos || !IsUpperCaseId(name.substr(claims + kClaims.size())))
    out.push_back(Finding("claim.name", "BAD_NAME",
                          base::StrCat(base::Quoted(claim.name()), " is not a claim name"),
                          "editions/{edition}/claims/{ID}: upper case letters, digits, '_'"));
  if (!Complete(claim.text()))
    out.push_back(Finding("claim.text", "MISSING_TEXT", std::string(kBothTexts), kAddText));
  if (static_cast<size_t>(claim.figures_size()) > kClaimFiguresMax)
    out.push_back(Finding("claim.figures", "TOO_MANY_FIGURES",
                          base::StrCat("at most ", kClaimFiguresMax, " figures"), "name fewer"));
  std::set<std::string_view> figures;
  for (int i = 0; i < claim.figures_size(); ++i) {
    const std::string path = base::StrCat("claim.figures[", i, "]");
    if (!ParseFigureReference(claim.figures(i)).has_value())
      out.push_back(Finding(path, "BAD_NAME",
                            base::StrCat(base::Quoted(claim.figures(i)), " is not a figure"),
                            "{indicator}.{basis} or {indicator}.{basis}.answer={code}"));
    else if (!figures.insert(claim.figures(i)).second)
      out.push_back(Finding(path, "DUPLICATE", "the figure stands twice", "leave one of them out"));
  }
  CheckTest(claim, out);
  if (static_cast<size_t>(claim.ambiguous_size()) > kAmbiguousWordsMax)
    out.push_back(Finding("claim.ambiguous", "TOO_MANY_WORDS",
                          base::StrCat("at most ", kAmbiguousWordsMax, " words"), "name fewer"));
  for (int i = 0; i < claim.ambiguous_size(); ++i) {
    const std::string path = base::StrCat("claim.ambiguous[", i, "]");
    if (claim.ambiguous(i).word().empty())
      out.push_back(Finding(path + ".word", "MISSING_WORD", "the word is required", "name it"));
    if (!Complete(claim.ambiguous(i).explanation()))
      out.push_back(
          Finding(path + ".explanation", "MISSING_TEXT", std::string(kBothTexts), kAddText));
  }
  return out;
}

DefinitionFindings CheckClaimFits(const model::Claim& claim, const ClaimGround& ground) {
  DefinitionFindings out;
  if (!claim.figures().empty() && !ground.has_figures) {
    out.push_back(Finding("claim.figures", "UNKNOWN_FIGURE",
                          "the edition has no questionnaire and frame yet, so it has no figures",
                          "apply them first"));
    return out;
  }
  const auto needs_cell = [&](std::string path, std::string_view cell) {
    if (ground.has_cell(cell)) return;
    const std::optional<FigureReference> figure = ParseFigureReference(cell);
    out.push_back(Finding(
        std::move(path), "UNKNOWN_FIGURE",
        base::StrCat("the edition has no figure ", cell,
                     ground.find_indicator(figure->indicator) == nullptr
                         ? ": it has no such indicator"
                         : ": the indicator has no such basis or category there"),
        "name a basis of an indicator of this edition, with .answer={code} in distributions"));
  };
  for (int i = 0; i < claim.figures_size(); ++i) {
    const std::string path = base::StrCat("claim.figures[", i, "]");
    needs_cell(path, claim.figures(i));
    const std::optional<FigureReference> figure = ParseFigureReference(claim.figures(i));
    const model::Indicator* indicator =
        figure.has_value() ? ground.find_indicator(figure->indicator) : nullptr;
    if (indicator == nullptr) continue;
    if (IsNumeric(indicator->kind()))
      out.push_back(Finding(path, "CLAIM_NEEDS_SHARE",
                            base::StrCat(claim.figures(i),
                                         " is no share, and sentences are tested "
                                         "against shares"),
                            "name a figure of a share, a distribution or an outcome rate"));
    else if (!IsBuiltInWeights(indicator->weights()))
      out.push_back(Finding(path, "CLAIM_NEEDS_BUILT_IN_WEIGHTS",
                            base::StrCat(claim.figures(i), " is made under ", indicator->weights(),
                                         ", and sentences are tested under the built-in weights"),
                            "name a figure of an indicator without weights"));
  }
  switch (claim.test_case()) {
    case model::Claim::kShareInWords: {
      const model::ShareInWords& test = claim.share_in_words();
      const model::Phrase* phrase = FindPhrase(ground.phrases, test.phrase());
      if (phrase == nullptr) {
        out.push_back(Finding("claim.share_in_words.phrase", "UNKNOWN_PHRASE",
                              base::StrCat("the survey has no phrase ", test.phrase()),
                              "state it in surveys/{survey}/phrases, and apply that first"));
        break;
      }
      if (phrase->from_tenths() != (test.tenths() > 0)) {
        out.push_back(Finding("claim.share_in_words.tenths", "TYPE_MISMATCH",
                              phrase->from_tenths()
                                  ? base::StrCat(phrase->id(), " needs the X of \"X of ten\"")
                                  : base::StrCat(phrase->id(), " takes no number"),
                              phrase->from_tenths() ? "state 1 to 10" : "leave it out"));
        break;
      }
      const PhraseRange range = RangeOf(*phrase, test.tenths());
      if (range.upper < 0 || range.lower > kHundredthsOfWhole ||
          (range.upper == 0 && !range.upper_included) ||
          (range.lower == kHundredthsOfWhole && !range.lower_included))
        out.push_back(Finding("claim.share_in_words.tenths", "EMPTY_RANGE",
                              "no share from 0 to 100 percent lies in the range of these words",
                              "correct the number"));
      break;
    }
    case model::Claim::kIncrease: {
      const std::optional<FigureReference> figure =
          claim.figures().empty() ? std::nullopt : ParseFigureReference(claim.figures(0));
      const model::Indicator* indicator =
          figure.has_value() ? ground.find_indicator(figure->indicator) : nullptr;
      for (int i = 0; i < claim.increase().years_size(); ++i) {
        const int32_t year = claim.increase().years(i);
        const std::string path = base::StrCat("claim.increase.years[", i, "]");
        if (year >= ground.reference_year)
          out.push_back(Finding(
              path, "BAD_YEAR",
              base::StrCat(year, " is not before the edition's own year, ", ground.reference_year),
              "name earlier years"));
        else if (indicator == nullptr ||
                 std::ranges::find(indicator->compare(), year, &model::Comparison::year) ==
                     indicator->compare().end())
          out.push_back(Finding(
              path, "UNKNOWN_COMPARISON",
              base::StrCat("the indicator of ",
                           claim.figures().empty() ? std::string("no figure") : claim.figures(0),
                           " is not compared with ", year),
              "state the year under compare in the indicator"));
      }
      break;
    }
    case model::Claim::kRanking: {
      for (int i = 0; i < claim.ranking().top_size(); ++i)
        needs_cell(base::StrCat("claim.ranking.top[", i, "]"), claim.ranking().top(i));
      const FigureReference top =
          ParseFigureReference(claim.ranking().top(0)).value_or(FigureReference());
      for (int i = 0; i < claim.ranking().except_size(); ++i) {
        const std::string cell =
            base::StrCat(top.indicator, ".", top.basis, ".answer=", claim.ranking().except(i));
        if (!ground.has_cell(cell))
          out.push_back(
              Finding(base::StrCat("claim.ranking.except[", i, "]"), "UNKNOWN_CODE",
                      base::StrCat("the question has no code ", claim.ranking().except(i)),
                      "name a code of the question"));
      }
      int32_t others = -claim.ranking().top_size() - claim.ranking().except_size();
      for (int32_t code = 1; code <= kCodeMax; ++code)
        if (ground.has_cell(base::StrCat(top.indicator, ".", top.basis, ".answer=", code)))
          ++others;
      if (out.empty() && others <= 0)
        out.push_back(Finding("claim.ranking", "MISSING_FIGURE",
                              "no category is left to be above of",
                              "name fewer categories, or leave out fewer"));
      break;
    }
    default:
      break;
  }
  return out;
}

}  // namespace imdi::domain
