// Documents of sentences and quantity words: every refusal by the change that brings it about, at
// its path.

#include "services/domain/claim_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/said_findings.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

model::PhraseList SmallPhrases() {
  model::PhraseList out;
  out.set_name("surveys/SMALL/phrases");
  model::Phrase& more = *out.add_phrases();
  more.set_id("MORE_THAN_TENTHS");
  *more.mutable_words() = Words("meir enn X av ti");
  more.set_from_tenths(true);
  more.set_upper_hundredths(1000);
  model::Phrase& half = *out.add_phrases();
  half.set_id("HALF");
  *half.mutable_words() = Words("halvparten");
  half.set_lower_hundredths(4750);
  half.set_lower_included(true);
  half.set_upper_hundredths(5250);
  half.set_upper_included(true);
  return out;
}

model::Claim SmallClaim() {
  model::Claim out;
  out.set_name("editions/SM2017/claims/F01");
  *out.mutable_text() = Words("a sentence");
  out.add_figures("IND_CODE.ALL");
  out.mutable_share_in_words()->set_phrase("MORE_THAN_TENTHS");
  out.mutable_share_in_words()->set_tenths(6);
  return out;
}

std::vector<std::string> Phrases(const std::function<void(model::PhraseList&)>& change) {
  model::PhraseList phrases = SmallPhrases();
  change(phrases);
  return Say(CheckPhrases(phrases));
}

std::vector<std::string> Claim(const std::function<void(model::Claim&)>& change) {
  model::Claim claim = SmallClaim();
  change(claim);
  return Say(CheckClaim(claim));
}

TEST(FigureReference, HasOneSpelling) {
  const auto plain = ParseFigureReference("IND_TARGET.WITH_PROGRAMME");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->indicator, "IND_TARGET");
  EXPECT_EQ(plain->basis, "WITH_PROGRAMME");
  EXPECT_EQ(plain->answer, 0);
  const auto category = ParseFigureReference("IND_FLUCT_AREA.CHALLENGED.answer=11");
  ASSERT_TRUE(category.has_value());
  EXPECT_EQ(category->answer, 11);
  for (const char* text : {"", "IND", "IND.", ".ALL", "ind.ALL", "IND.all", "IND.ALL.",
                           "IND.ALL.answer=", "IND.ALL.answer=0", "IND.ALL.answer=01",
                           "IND.ALL.answer=+1", "IND.ALL.answer=1.region=2", "IND.ALL.region=2",
                           "IND.ALL.answer=1000", "IND.ALL.Answer=1"}) {
    EXPECT_FALSE(ParseFigureReference(text).has_value()) << text;
  }
}

TEST(PhraseList, IsNamedByItsSurvey) {
  EXPECT_EQ(SurveyIdOf("surveys/KU/phrases"), "KU");
  for (const char* name :
       {"surveys//phrases", "surveys/phrases", "surveys/K U/phrases", "surveys/KU/phrases/",
        "surveys/KU", "editions/KU/phrases", "surveys/KU/phrases/phrases", "surveys/K/U/phrases"}) {
    EXPECT_EQ(SurveyIdOf(name), "") << name;
    EXPECT_THAT(Phrases([&](model::PhraseList& list) { list.set_name(name); }),
                ElementsAre("phrases.name BAD_NAME"))
        << name;
  }
}

TEST(PhraseList, EveryBoundAndTextIsChecked) {
  EXPECT_THAT(Phrases([](model::PhraseList&) {}), IsEmpty());
  EXPECT_THAT(Phrases([](model::PhraseList& list) { list.clear_phrases(); }),
              ElementsAre("phrases.phrases MISSING_PHRASE"));
  EXPECT_THAT(Phrases([](model::PhraseList& list) {
                while (list.phrases_size() <= static_cast<int>(kPhrasesMax)) {
                  *list.add_phrases() = list.phrases(1);
                  list.mutable_phrases(list.phrases_size() - 1)
                      ->set_id("P" + std::to_string(list.phrases_size()));
                }
              }),
              ElementsAre("phrases.phrases TOO_MANY_PHRASES"));
  const auto first = [](const std::function<void(model::Phrase&)>& change) {
    return Phrases([&](model::PhraseList& list) { change(*list.mutable_phrases(0)); });
  };
  for (const char* id : {"", "half", "A B", "HALF"})
    EXPECT_THAT(first([&](model::Phrase& phrase) { phrase.set_id(id); }).size(), 1u) << id;
  EXPECT_THAT(first([](model::Phrase& phrase) { phrase.mutable_words()->clear_nb(); }),
              ElementsAre("phrases.phrases[0].words MISSING_TEXT"));
  EXPECT_THAT(first([](model::Phrase& phrase) { *phrase.mutable_words() = Words("meir enn"); }),
              ElementsAre("phrases.phrases[0].words MISSING_NUMBER"));
  EXPECT_THAT(first([](model::Phrase& phrase) { phrase.set_lower_hundredths(-10'001); }),
              ElementsAre("phrases.phrases[0].lower_hundredths BAD_BOUNDS"));
  EXPECT_THAT(first([](model::Phrase& phrase) { phrase.set_upper_hundredths(10'001); }),
              ElementsAre("phrases.phrases[0].upper_hundredths BAD_BOUNDS"));
  EXPECT_THAT(first([](model::Phrase& phrase) { phrase.set_warn_within_hundredths(-1); }),
              ElementsAre("phrases.phrases[0].warn_within_hundredths BAD_BOUNDS"));
  EXPECT_THAT(first([](model::Phrase& phrase) { phrase.set_lower_hundredths(1000); }),
              ElementsAre("phrases.phrases[0] EMPTY_RANGE"));
  EXPECT_THAT(
      Phrases([](model::PhraseList& list) { list.mutable_phrases(1)->set_lower_hundredths(-1); }),
      ElementsAre("phrases.phrases[1].lower_hundredths BAD_BOUNDS"))
      << "a phrase without tenths is counted from nothing";
  EXPECT_THAT(
      Phrases([](model::PhraseList& list) { list.mutable_phrases(1)->set_lower_hundredths(5250); }),
      IsEmpty())
      << "one percent is a range where both ends belong to it";
}

TEST(ClaimDocument, ItsFiguresHaveTheFormOfCells) {
  EXPECT_THAT(Claim([](model::Claim&) {}), IsEmpty());
  EXPECT_THAT(Claim([](model::Claim& claim) {
                claim.add_figures("IND_CODE");
                claim.add_figures("ind.all");
                claim.add_figures("IND_CODE.ALL");
              }),
              ElementsAre("claim.figures[1] BAD_NAME", "claim.figures[2] BAD_NAME",
                          "claim.figures[3] DUPLICATE"));
  EXPECT_THAT(Claim([](model::Claim& claim) {
                for (size_t i = 0; i < kClaimFiguresMax; ++i)
                  claim.add_figures("IND_" + std::to_string(i) + ".ALL");
              }),
              ElementsAre("claim.figures TOO_MANY_FIGURES"));
  EXPECT_THAT(Claim([](model::Claim& claim) { claim.mutable_text()->clear_nn(); }),
              ElementsAre("claim.text MISSING_TEXT"));
}

TEST(ClaimDocument, ATestRestsOnAFigureAndOnlyOneThatIsNoneDoesNot) {
  for (const auto& test : std::vector<std::function<void(model::Claim&)>>{
           [](model::Claim&) {},
           [](model::Claim& claim) { claim.mutable_stated_percent()->set_percent(10); },
           [](model::Claim& claim) { claim.mutable_increase()->add_years(2016); }}) {
    EXPECT_THAT(Claim([&](model::Claim& claim) {
                  test(claim);
                  claim.clear_figures();
                }),
                ElementsAre("claim.figures MISSING_FIGURE"));
  }
  EXPECT_THAT(Claim([](model::Claim& claim) {
                claim.mutable_not_testable()->set_reason(model::NOT_TESTABLE_REASON_FACT);
                claim.clear_figures();
              }),
              IsEmpty());
  EXPECT_THAT(Claim([](model::Claim& claim) {
                claim.clear_test();
                claim.clear_figures();
              }),
              IsEmpty());
}

TEST(ClaimDocument, EveryTestHasItsForm) {
  EXPECT_THAT(
      Claim([](model::Claim& claim) { claim.mutable_share_in_words()->set_phrase("half"); }),
      ElementsAre("claim.share_in_words.phrase BAD_ID"));
  for (const int32_t tenths : {-1, 11})
    EXPECT_THAT(
        Claim([&](model::Claim& claim) { claim.mutable_share_in_words()->set_tenths(tenths); }),
        ElementsAre("claim.share_in_words.tenths BAD_BOUNDS"));
  for (const int32_t percent : {-1, 101})
    EXPECT_THAT(
        Claim([&](model::Claim& claim) { claim.mutable_stated_percent()->set_percent(percent); }),
        ElementsAre("claim.stated_percent.percent BAD_BOUNDS"));
  EXPECT_THAT(Claim([](model::Claim& claim) { claim.mutable_increase(); }),
              ElementsAre("claim.increase.years MISSING_YEAR"));
  EXPECT_THAT(Claim([](model::Claim& claim) {
                claim.mutable_increase()->add_years(2016);
                claim.mutable_increase()->add_years(2016);
              }),
              ElementsAre("claim.increase.years[1] DUPLICATE"));
  EXPECT_THAT(Claim([](model::Claim& claim) {
                for (int i = 0; i <= static_cast<int>(kClaimYearsMax); ++i)
                  claim.mutable_increase()->add_years(1990 + i);
              }),
              ElementsAre("claim.increase.years TOO_MANY_YEARS"));
  EXPECT_THAT(Claim([](model::Claim& claim) { claim.mutable_not_testable(); }),
              ElementsAre("claim.not_testable.reason MISSING_REASON"));
}

TEST(ClaimDocument, ARankingNamesCategoriesOfOneDistributionThatReadersSee) {
  const auto ranking = [](const std::function<void(model::Ranking&)>& change) {
    return Claim([&](model::Claim& claim) {
      claim.clear_figures();
      claim.add_figures("IND_AREA.SOME.answer=1");
      claim.add_figures("IND_AREA.SOME.answer=2");
      claim.add_figures("IND_AREA.ALL.answer=2");
      claim.mutable_ranking()->add_top("IND_AREA.SOME.answer=1");
      claim.mutable_ranking()->add_except(98);
      change(*claim.mutable_ranking());
    });
  };
  EXPECT_THAT(ranking([](model::Ranking&) {}), IsEmpty());
  EXPECT_THAT(ranking([](model::Ranking& test) { test.clear_top(); }),
              ElementsAre("claim.ranking.top MISSING_FIGURE"));
  EXPECT_THAT(ranking([](model::Ranking& test) { test.set_top(0, "IND_AREA.SOME"); }),
              ElementsAre("claim.ranking.top[0] BAD_NAME"));
  EXPECT_THAT(ranking([](model::Ranking& test) { test.add_top("IND_AREA.ALL.answer=2"); }),
              ElementsAre("claim.ranking.top[1] MIXED_BASES"));
  EXPECT_THAT(ranking([](model::Ranking& test) { test.add_top("IND_AREA.SOME.answer=1"); }),
              ElementsAre("claim.ranking.top[1] DUPLICATE"));
  EXPECT_THAT(ranking([](model::Ranking& test) { test.add_top("IND_AREA.SOME.answer=3"); }),
              ElementsAre("claim.ranking.top[1] NOT_AMONG_FIGURES"));
  EXPECT_THAT(ranking([](model::Ranking& test) { test.add_except(98); }),
              ElementsAre("claim.ranking.except[1] DUPLICATE"));
  for (const int32_t code : {1, 0, -5, 128})
    EXPECT_THAT(ranking([&](model::Ranking& test) { test.add_except(code); }),
                ElementsAre("claim.ranking.except[1] BAD_BOUNDS"));
  EXPECT_THAT(ranking([](model::Ranking& test) {
                for (size_t i = 0; i < kClaimFiguresMax; ++i)
                  test.add_top("IND_AREA.SOME.answer=1");
              }),
              ElementsAre("claim.ranking.top TOO_MANY_FIGURES"));
}

TEST(ClaimDocument, AnAmbiguousWordIsExplainedInBothStandards) {
  EXPECT_THAT(Claim([](model::Claim& claim) {
                claim.add_ambiguous()->set_word("fleire");
                *claim.add_ambiguous()->mutable_explanation() = Words("several or more");
              }),
              ElementsAre("claim.ambiguous[0].explanation MISSING_TEXT",
                          "claim.ambiguous[1].word MISSING_WORD"));
  EXPECT_THAT(Claim([](model::Claim& claim) {
                for (size_t i = 0; i <= kAmbiguousWordsMax; ++i) {
                  claim.add_ambiguous()->set_word("fleire");
                  *claim.mutable_ambiguous(static_cast<int>(i))->mutable_explanation() =
                      Words("several or more");
                }
              }),
              ElementsAre("claim.ambiguous TOO_MANY_WORDS"));
}

// A catalog with the small survey and its phrases.
class ClaimInCatalog : public testing::Test {
 protected:
  ClaimInCatalog() {
    model::Definition definition;
    *definition.mutable_edition() = SmallEdition("SM2017");
    Hold(definition);
    *definition.mutable_frame() = SmallFrame("SM2017");
    Hold(definition);
    *definition.mutable_questionnaire() = SmallQuestionnaire("SM2017");
    Hold(definition);
    *definition.mutable_phrases() = SmallPhrases();
    Hold(definition);
    *definition.mutable_indicator() = Code();
    Hold(definition);
    *definition.mutable_indicator() = SmallIndicator("IND_RR", {"SM2017"}, "", {});
    Hold(definition);
    *definition.mutable_indicator() =
        SmallIndicator("IND_AREA", {"SM2017"}, "", {{"SOME", "A1 in (1,2) and answered(A2)"}});
    definition.mutable_indicator()->set_kind(model::INDICATOR_KIND_DISTRIBUTION);
    definition.mutable_indicator()->set_question("A2");
    Hold(definition);
  }
  // Codes of A2: 1, 2, 3, 90, 98.
  static void Rank(model::Claim& claim, const std::vector<int>& top,
                   const std::vector<int>& except) {
    claim.clear_figures();
    claim.mutable_ranking();
    for (const int code : top) {
      claim.add_figures("IND_AREA.SOME.answer=" + std::to_string(code));
      claim.mutable_ranking()->add_top(claim.figures(claim.figures_size() - 1));
    }
    for (const int code : except) claim.mutable_ranking()->add_except(code);
  }
  static model::Indicator Code() {
    model::Indicator out = SmallIndicator("IND_CODE", {"SM2017"}, "A1 == 1",
                                          {{"ANSWERED", "answered(A1)"}, {"ALL", "responded"}});
    out.add_compare()->set_year(2016);
    return out;
  }
  void Hold(const model::Definition& definition) {
    const DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    for (const DefinitionFinding& finding : verdict.findings) ADD_FAILURE() << ToText(finding);
    auto applied = catalog_->Apply(definition, verdict.revision, verdict.new_items);
    ASSERT_TRUE(applied.ok()) << applied.status();
    catalog_ = *std::move(applied);
  }
  void HoldClaim(const model::Claim& claim) {
    model::Definition definition;
    *definition.mutable_claim() = claim;
    Hold(definition);
  }
  std::vector<std::string> Try(const std::function<void(model::Claim&)>& change) const {
    model::Definition definition;
    *definition.mutable_claim() = SmallClaim();
    change(*definition.mutable_claim());
    const DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    EXPECT_EQ(verdict.changed, verdict.findings.empty());
    return Say(verdict.findings);
  }
  std::vector<std::string> TryOther(const model::Definition& definition) const {
    return Say(catalog_->ValidateDefinition(definition, {}).findings);
  }

  std::shared_ptr<const Catalog> catalog_ = Catalog::Empty();
};

TEST_F(ClaimInCatalog, PhrasesAreADocumentLikeAnyOther) {
  EXPECT_THAT(catalog_->Names(), testing::Contains("surveys/SMALL/phrases"));
  EXPECT_EQ(catalog_->RevisionOf("surveys/SMALL/phrases"), 1);
  EXPECT_EQ(catalog_->RevisionOf("surveys/OTHER/phrases"), 0);
  ASSERT_NE(catalog_->FindPhrases("SMALL"), nullptr);
  EXPECT_EQ(catalog_->FindPhrases("OTHER"), nullptr);
  const auto held = catalog_->Get("surveys/SMALL/phrases");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->phrases().SerializeAsString(), SmallPhrases().SerializeAsString());
  EXPECT_EQ(NameOf(*held), "surveys/SMALL/phrases");
  EXPECT_FALSE(catalog_->ValidateDefinition(*held, {}).changed) << "the same again changes nothing";
  model::Definition more = *held;
  more.mutable_phrases()->mutable_phrases(1)->set_warn_within_hundredths(50);
  Hold(more);
  EXPECT_EQ(catalog_->RevisionOf("surveys/SMALL/phrases"), 2);
  EXPECT_EQ(catalog_->FindPhrases("SMALL")->revision, 2);
}

TEST_F(ClaimInCatalog, ItsFiguresExistInTheEdition) {
  EXPECT_THAT(Try([](model::Claim&) {}), IsEmpty());
  EXPECT_THAT(Try([](model::Claim& claim) {
                claim.add_figures("IND_NONE.ALL");
                claim.add_figures("IND_CODE.NONE");
                claim.add_figures("IND_CODE.ALL.answer=1");
                claim.add_figures("IND_RR.FRAME");
              }),
              ElementsAre("claim.figures[1] UNKNOWN_FIGURE", "claim.figures[2] UNKNOWN_FIGURE",
                          "claim.figures[3] UNKNOWN_FIGURE"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_name("editions/NONE/claims/F01"); }),
              ElementsAre("claim.name UNKNOWN_EDITION"));
}

TEST_F(ClaimInCatalog, ADistributionIsNamedByCategoryAlsoOneWithoutADocument) {
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "IND_AREA.SOME.answer=90"); }),
              IsEmpty());
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "IND_AREA.SOME"); }),
              ElementsAre("claim.figures[0] UNKNOWN_FIGURE"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "IND_AREA.SOME.answer=4"); }),
              ElementsAre("claim.figures[0] UNKNOWN_FIGURE"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "Q_A1.ANSWERED.answer=98"); }),
              IsEmpty());
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "Q_A1.SUBSTANTIVE.answer=98"); }),
              ElementsAre("claim.figures[0] UNKNOWN_FIGURE"))
      << "don't know is no category where it is out of the base";
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_figures(0, "Q_A4.ANSWERED.answer=1"); }),
              ElementsAre("claim.figures[0] UNKNOWN_FIGURE"))
      << "a number has no distribution";
}

TEST_F(ClaimInCatalog, ARankingNamesCodesOfItsQuestionAndLeavesSomethingToBeAbove) {
  const auto ranking = [this](const std::vector<int>& top, const std::vector<int>& except) {
    return Try([&](model::Claim& claim) { Rank(claim, top, except); });
  };
  EXPECT_THAT(ranking({1}, {90, 98}), IsEmpty());
  EXPECT_THAT(ranking({1, 2}, {90, 98}), IsEmpty());
  EXPECT_THAT(ranking({1, 4}, {90, 98}), ElementsAre("claim.figures[1] UNKNOWN_FIGURE",
                                                     "claim.ranking.top[1] UNKNOWN_FIGURE"));
  EXPECT_THAT(ranking({1}, {90, 97}), ElementsAre("claim.ranking.except[1] UNKNOWN_CODE"));
  EXPECT_THAT(ranking({1, 2, 3}, {90, 98}), ElementsAre("claim.ranking MISSING_FIGURE"));
}

TEST_F(ClaimInCatalog, WithoutQuestionnaireThereAreNoFigures) {
  model::Definition edition;
  *edition.mutable_edition() = SmallEdition("SM2018");
  Hold(edition);
  EXPECT_THAT(Try([](model::Claim& claim) { claim.set_name("editions/SM2018/claims/F01"); }),
              ElementsAre("claim.figures UNKNOWN_FIGURE"));
}

TEST_F(ClaimInCatalog, ItsPhraseExistsAndItsNumberBelongsToIt) {
  EXPECT_THAT(Try([](model::Claim& claim) { claim.mutable_share_in_words()->set_phrase("NONE"); }),
              ElementsAre("claim.share_in_words.phrase UNKNOWN_PHRASE"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.mutable_share_in_words()->set_tenths(0); }),
              ElementsAre("claim.share_in_words.tenths TYPE_MISMATCH"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.mutable_share_in_words()->set_phrase("HALF"); }),
              ElementsAre("claim.share_in_words.tenths TYPE_MISMATCH"));
  EXPECT_THAT(Try([](model::Claim& claim) { claim.mutable_share_in_words()->set_tenths(10); }),
              ElementsAre("claim.share_in_words.tenths EMPTY_RANGE"))
      << "more than ten of ten";
}

TEST_F(ClaimInCatalog, TheYearsOfAnIncreaseAreEarlierAndDeclaredByTheIndicator) {
  const auto years = [this](const std::vector<int32_t>& years) {
    return Try([&](model::Claim& claim) {
      for (const int32_t year : years) claim.mutable_increase()->add_years(year);
    });
  };
  EXPECT_THAT(years({2016}), IsEmpty());
  EXPECT_THAT(years({2016, 2015, 2017}), ElementsAre("claim.increase.years[1] UNKNOWN_COMPARISON",
                                                     "claim.increase.years[2] BAD_YEAR"));
}

TEST_F(ClaimInCatalog, NothingThatItRestsOnMayBeTakenAway) {
  HoldClaim(SmallClaim());
  model::Definition definition;
  *definition.mutable_phrases() = SmallPhrases();
  definition.mutable_phrases()->mutable_phrases()->DeleteSubrange(0, 1);
  EXPECT_THAT(TryOther(definition), ElementsAre("phrases BREAKS_CLAIM"));
  *definition.mutable_phrases() = SmallPhrases();
  definition.mutable_phrases()->mutable_phrases(0)->set_upper_hundredths(900);
  EXPECT_THAT(TryOther(definition), IsEmpty()) << "what a phrase means may change";
  *definition.mutable_indicator() = Code();
  definition.mutable_indicator()->mutable_bases()->DeleteSubrange(1, 1);
  EXPECT_THAT(TryOther(definition), ElementsAre("indicator BREAKS_CLAIM"));
  *definition.mutable_indicator() = Code();
  definition.mutable_indicator()->mutable_bases()->DeleteSubrange(0, 1);
  EXPECT_THAT(TryOther(definition), IsEmpty()) << "the other basis is none of its";

  model::Claim increase = SmallClaim();
  increase.mutable_increase()->add_years(2016);
  HoldClaim(increase);
  *definition.mutable_indicator() = Code();
  definition.mutable_indicator()->clear_compare();
  EXPECT_THAT(TryOther(definition), ElementsAre("indicator BREAKS_CLAIM"));
  *definition.mutable_edition() = SmallEdition("SM2017");
  definition.mutable_edition()->set_reference_year(2016);
  EXPECT_THAT(TryOther(definition), ElementsAre("edition BREAKS_CLAIM"));
}

}  // namespace
}  // namespace imdi::domain
