#pragma once

// One edition at random, for property tests of what is counted: frame, indicators of every kind
// under the built-in and other weights, and what is known of every unit. The form is the small
// survey's.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/answer_matrix.h"
#include "services/domain/figure_plan.h"
#include "tests/support/random.h"

namespace imdi::domain::property {

using testing_support::Random;

// One edition: its plan, and what is known of every unit.
struct World {
  std::shared_ptr<const FigurePlan> plan;
  std::vector<std::optional<DerivedResponse>> responses;
  std::vector<model::Disposition> words;

  std::vector<const DerivedResponse*> Borrowed() const;
  void SetIn(AnswerMatrix& matrix, UnitIndex unit) const;
};

// Nobody has answered yet. A test failure where something does not compile.
World SomeWorld(Random& random);

DerivedResponse SomeResponse(Random& random, const CompiledQuestionnaire& form,
                             const UnitFacts& unit);
// What is known of the unit becomes something else.
void ChangeOne(Random& random, World& world, UnitIndex unit);
// One answer becomes another, and nothing else changes: not who answered what, nor how the unit
// stands.
void CorrectOne(Random& random, World& world, UnitIndex unit);

}  // namespace imdi::domain::property
