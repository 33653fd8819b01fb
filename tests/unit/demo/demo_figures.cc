#include "tests/unit/demo/demo_figures.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/answers.h"
#include "services/domain/derivation.h"
#include "services/domain/figure_plan.h"

namespace imdi::demo_test {

std::shared_ptr<const domain::Catalog> Documents() {
  static const std::shared_ptr<const domain::Catalog> catalog = [] {
    const char* root = std::getenv("IMDI_ROOT");
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
    std::shared_ptr<const domain::Catalog> out = domain::Catalog::Empty();
    for (const cli::DefinitionDocument& document : documents.documents) {
      const domain::DefinitionVerdict verdict = out->ValidateDefinition(document.definition, {});
      for (const domain::DefinitionFinding& finding : verdict.findings)
        ADD_FAILURE() << document.name << ": " << ToText(finding);
      auto applied = out->Apply(document.definition, verdict.revision, verdict.new_items);
      if (applied.ok()) out = *std::move(applied);
    }
    for (const char* edition : {"KU2014", "KU2015", "KU2016", "KU2017"})
      out = *out->WithState(edition, model::EDITION_STATE_OPEN, "", 1);
    return out;
  }();
  return catalog;
}

namespace {

domain::AnswerMatrix MatrixOf(const std::string& edition, const Responses& sent) {
  const std::shared_ptr<const domain::FigurePlan> plan = domain::PlanOf(*Documents(), edition);
  domain::AnswerMatrix matrix(plan);
  for (const auto& [unit, answers] : sent) {
    domain::AnswerList list;
    for (const auto& [item, answer] : answers) *list.Add() = answer;
    std::vector<model::Finding> findings;
    const domain::AnswerSet set = domain::ReadAnswers(plan->questionnaire(), list, &findings);
    EXPECT_TRUE(findings.empty()) << unit << ": " << findings.front().DebugString();
    const domain::UnitIndex index = plan->frame().Find(unit).value();
    const domain::DerivedResponse response =
        domain::Derive(plan->questionnaire(), {.unit = plan->frame().FactsOf(index),
                                               .answers = &set,
                                               .submitted = 1,
                                               .fielded = nullptr});
    matrix.SetUnit(index, &response, model::DISPOSITION_UNSPECIFIED);
  }
  return matrix;
}

// Of the demonstration's own answers.
std::shared_ptr<const domain::UnitStates> StatesOf(const std::string& edition) {
  static std::map<std::string, std::shared_ptr<const domain::UnitStates>> taken;
  std::shared_ptr<const domain::UnitStates>& out = taken[edition];
  if (out == nullptr) out = MatrixOf(edition, Demo().editions.at(edition).sent).States();
  return out;
}

}  // namespace

std::shared_ptr<const figures::EditionFigures> Count(const std::string& edition,
                                                     const Responses& sent) {
  domain::AnswerMatrix matrix = MatrixOf(edition, sent);
  std::vector<std::shared_ptr<const domain::UnitStates>> earlier;
  for (const domain::PanelFrame::Earlier& one : matrix.plan().panel_frame().earlier)
    earlier.push_back(StatesOf(one.edition.id));
  return std::make_shared<const figures::EditionFigures>(Documents(), edition,
                                                         matrix.Count(earlier));
}

}  // namespace imdi::demo_test
