#pragma once

// The survey's own documents as a catalog, and random answers to one of its editions as counts.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/derivation.h"
#include "services/domain/edition_counts.h"
#include "services/domain/survey_catalog.h"

namespace imdi::testing_support {

namespace model = survey::model::v1;

// Every document of deploy/surveys/ku, each in revision 1; editions are drafts.
inline std::shared_ptr<const domain::Catalog> KuCatalog() {
  static const std::shared_ptr<const domain::Catalog> kCatalog = [] {
    const char* root = std::getenv("IMDI_ROOT");
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
    std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
    for (const config::Problem& problem : documents.problems) {
      ADD_FAILURE() << config::ToText(problem);
    }
    for (const cli::DefinitionDocument& document : documents.documents) {
      const domain::DefinitionVerdict verdict =
          catalog->ValidateDefinition(document.definition, {});
      for (const domain::DefinitionFinding& finding : verdict.findings) {
        ADD_FAILURE() << document.name << ": " << domain::ToText(finding);
      }
      auto applied = catalog->Apply(document.definition, 1, verdict.new_items);
      if (!applied.ok()) {
        ADD_FAILURE() << document.name << ": " << applied.status();
        break;
      }
      catalog = *std::move(applied);
    }
    return catalog;
  }();
  return kCatalog;
}

// The same with one edition open.
inline std::shared_ptr<const domain::Catalog> KuCatalogWithOpen(const std::string& edition) {
  auto out = KuCatalog()->WithState(edition, model::EDITION_STATE_OPEN, "", 1);
  if (!out.ok()) {
    ADD_FAILURE() << out.status();
    return KuCatalog();
  }
  return *std::move(out);
}

// How units answer, in percent.
struct AnswerHabits {
  int responding = 73;   // Units that answer at all.
  int blank = 3;         // Questions left blank by those.
  int first_code = 50;   // Questions answered with their first code; else any.
  int out_of_scope = 1;  // Units set out of scope by the team.
};

// One set of answers of every unit that responds; what routes take away, derivation takes away.
inline domain::AnswerMatrix RandomMatrix(std::shared_ptr<const domain::FigurePlan> plan,
                                         uint64_t seed, const AnswerHabits& habits) {
  std::mt19937_64 random(seed);
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  const auto percent = [&](int share) { return below(100) < static_cast<size_t>(share); };
  const domain::CompiledQuestionnaire& form = plan->questionnaire();
  domain::AnswerMatrix matrix(plan);
  for (domain::UnitIndex unit = 0; unit < plan->frame().size(); ++unit) {
    if (!percent(habits.responding)) {
      if (percent(habits.out_of_scope)) {
        matrix.SetUnit(unit, nullptr, model::DISPOSITION_OUT_OF_SCOPE);
      } else if (percent(2)) {
        matrix.SetUnit(unit, nullptr, model::DISPOSITION_REFUSAL);
      }
      continue;
    }
    // Some answer in part, some break off.
    const int blank = percent(5) ? 35 : percent(5) ? 80 : habits.blank;
    domain::AnswerSet answers(form.item_count());
    for (domain::ItemIndex item = 0; item < form.item_count(); ++item) {
      const domain::Question& question = form.QuestionOf(item);
      if (percent(blank)) continue;
      const auto code = [&] {
        const size_t place = percent(habits.first_code) ? 0 : below(question.codes.size());
        return question.codes[place].code();
      };
      switch (form.items()[item].type) {
        case domain::ValueType::kCode:
          answers.Set(item, domain::AnswerValue::OfCode(code()));
          break;
        case domain::ValueType::kCodeSet: {
          domain::CodeBits codes;
          for (int i = 0; i < 3; ++i) {
            const int32_t one = code();
            if (question.exclusive.Has(one)) {
              if (codes.Empty()) codes.Add(one);
              break;
            }
            codes.Add(one);
          }
          answers.Set(item, domain::AnswerValue::OfCodes(codes));
          break;
        }
        case domain::ValueType::kNumber:
          answers.Set(item, domain::AnswerValue::OfNumber(question.numeric.min()));
          break;
        case domain::ValueType::kText:
          answers.Set(item, domain::AnswerValue::Text());
          break;
      }
    }
    const domain::DerivedResponse response =
        domain::Derive(form, {.unit = plan->frame().FactsOf(unit),
                              .answers = &answers,
                              .submitted = (domain::PartMask{1} << form.parts().size()) - 1,
                              .fielded = nullptr});
    matrix.SetUnit(unit, &response, model::DISPOSITION_UNSPECIFIED);
  }
  return matrix;
}

inline std::shared_ptr<const domain::EditionCounts> RandomCounts(
    std::shared_ptr<const domain::FigurePlan> plan, uint64_t seed, const AnswerHabits& habits) {
  return RandomMatrix(std::move(plan), seed, habits).Count();
}

}  // namespace imdi::testing_support
