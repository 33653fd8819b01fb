#pragma once

// What may stand in the documents of sentences and quantity words: form, and whether a sentence
// fits the definitions that hold.

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "imdi/survey/model/v1/indicator.pb.h"
#include "services/domain/types.h"

namespace imdi::domain {

inline constexpr size_t kClaimFiguresMax = 100;   // Of a claim; refused TOO_MANY_FIGURES.
inline constexpr size_t kClaimYearsMax = 30;      // That an increase names; refused TOO_MANY_YEARS.
inline constexpr size_t kAmbiguousWordsMax = 20;  // Of a claim; refused TOO_MANY_WORDS.
inline constexpr size_t kPhrasesMax = 200;        // Of a phrase list; refused TOO_MANY_PHRASES.

// A figure as a claim names it: {indicator}.{basis}[.answer={code}], the total of an edition.
struct FigureReference {
  std::string_view indicator;
  std::string_view basis;
  int32_t answer = 0;  // 0 = none.
};
std::optional<FigureReference> ParseFigureReference(std::string_view text);

// surveys/{survey}/phrases; empty when the name is not of that form.
std::string_view SurveyIdOf(std::string_view name);

// What can be said of a phrase list by itself: name, ids, words, bounds.
DefinitionFindings CheckPhrases(const model::PhraseList& phrases);
// Null when the list (null = none) has no such phrase.
const model::Phrase* FindPhrase(const model::PhraseList* phrases, std::string_view id);

// What can be said of a claim by itself: name, texts, form of its figures and of its test.
DefinitionFindings CheckClaim(const model::Claim& claim);

// What a claim rests on, in its edition.
struct ClaimGround {
  const model::PhraseList* phrases = nullptr;  // Of the edition's survey; null = none.
  int32_t reference_year = 0;                  // Of the edition.
  // False: the edition has no questionnaire and frame yet, so it has no figures.
  bool has_figures = false;
  std::function<bool(std::string_view cell)> has_cell;
  // Null: there is none.
  std::function<const model::Indicator*(std::string_view id)> find_indicator;
};
// Whether its phrase, figures, categories and years of comparison exist. `claim` has passed
// CheckClaim.
DefinitionFindings CheckClaimFits(const model::Claim& claim, const ClaimGround& ground);

}  // namespace imdi::domain
