// The survey's own documents as a report: what is given by the frame and what by answers, and the
// standard report that needs no document.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "clients/cli/definition_documents.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/figure_plan.h"
#include "services/domain/survey_catalog.h"

namespace imdi::domain {
namespace {

std::shared_ptr<const Catalog> SurveyCatalog() {
  static const std::shared_ptr<const Catalog> catalog = [] {
    const char* root = std::getenv("IMDI_ROOT");
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
    std::shared_ptr<const Catalog> out = Catalog::Empty();
    for (const cli::DefinitionDocument& document : documents.documents) {
      const DefinitionVerdict verdict = out->ValidateDefinition(document.definition, {});
      EXPECT_TRUE(verdict.changed)
          << document.name << ": "
          << (verdict.findings.empty() ? std::string() : ToText(verdict.findings.front()));
      const auto next = out->Apply(document.definition, verdict.revision, verdict.new_items);
      EXPECT_TRUE(next.ok()) << next.status();
      if (next.ok()) out = *next;
    }
    return out;
  }();
  return catalog;
}

TEST(ReportDocuments, OnlySixBasesOf2017AreGivenByTheFrameAlone) {
  std::set<std::string> by_frame;
  size_t by_answers = 0;
  for (const auto& indicator : SurveyCatalog()->IndicatorsOf("KU2017")) {
    for (const CompiledIndicator::Basis& basis : indicator->bases()) {
      if (basis.kind == BaseKind::kFrame)
        by_frame.insert(indicator->id() + "." + basis.id);
      else
        ++by_answers;
    }
  }
  EXPECT_THAT(by_frame, testing::ElementsAre("IND_FLUCT.ANSWERED", "IND_INTERPRETER.ANSWERED",
                                             "IND_INTERPRETER_PEOPLE.DISTRICTS",
                                             "IND_INTERPRETER_PEOPLE.MUNICIPALITIES",
                                             "IND_RR.FRAME", "IND_TARGET.ALL"));
  EXPECT_GE(by_answers, 10u) << "those with a filter or without an answer";
}

TEST(ReportDocuments, EveryClosedItemOf2017IsInTheStandardReportByRegionAndInTotal) {
  const Catalog::EditionEntry& edition = *SurveyCatalog()->FindEdition("KU2017");
  const CompiledQuestionnaire& form = *edition.Current()->compiled;
  const auto plan = PlanOf(*SurveyCatalog(), "KU2017");
  ASSERT_NE(plan, nullptr);
  size_t closed = 0;
  for (const Item& item : form.items()) {
    if (item.type != ValueType::kCode && item.type != ValueType::kCodeSet) continue;
    ++closed;
    const auto block = plan->FindBlock(AutomaticIndicatorId(item.id), kAnsweredBasis);
    ASSERT_TRUE(block.has_value()) << item.id;
    const FigurePlan::Block& one = plan->blocks()[*block];
    ASSERT_EQ(one.breakdowns.size(), 2u) << item.id;
    const auto& region = plan->breakdowns()[one.breakdowns[1]];
    ASSERT_EQ(plan->frame().attributes()[region.attributes.front()].id, kAutomaticBreakdown);
    const model::LocalizedText& title = plan->IndicatorOf(one).definition().title();
    for (const std::string& text : {title.nn(), title.nb(), title.en()}) {
      EXPECT_FALSE(text.empty()) << item.id;
      EXPECT_EQ(text.find('{'), std::string::npos) << text;
    }
  }
  EXPECT_GT(closed, 80u);
  EXPECT_GT(plan->cell_count(), 5'000u);
  EXPECT_LE(AnswerMatrix::PredictBytes(*plan), size_t{4} << 20);
}

}  // namespace
}  // namespace imdi::domain
