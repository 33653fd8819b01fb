#include "services/domain/plan_bounds.h"

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/answer_matrix.h"

namespace imdi::domain {

DefinitionFindings CheckPlanSizes(const FigurePlan& plan, std::string_view edition,
                                  const std::string& path) {
  DefinitionFindings out;
  const auto add = [&](std::string rule, std::string message, std::string remedy) {
    out.push_back({.path = path,
                   .column = 0,
                   .rule = std::move(rule),
                   .message = std::move(message),
                   .remedy = std::move(remedy)});
  };
  if (const size_t sets = plan.layouts().size() - 1; sets > base::kWeightSetsMax)
    add("TOO_MANY_WEIGHT_SETS",
        base::StrCat("indicators of editions/", edition, " would name ", sets,
                     " weight sets; the most is ", base::kWeightSetsMax),
        "use one of those that are named already");
  size_t cells = 0;
  for (size_t number = 1; number < plan.layouts().size(); ++number) {
    const FigurePlan::WeightLayout& layout = plan.layouts()[number];
    cells += layout.cells.size();
    size_t levels = layout.set->totals().size();
    for (const FigurePlan::WeightLayout::Margin& margin : layout.margins)
      levels += margin.levels.size();
    if (levels > base::kWeightLevelsMax)
      add("WEIGHTS_TOO_FINE",
          base::StrCat(layout.set->name(), " would be calibrated to ", levels,
                       " numbers of editions/", edition, "; the most is ", base::kWeightLevelsMax),
          "join levels, or leave out margins");
    else if (levels * layout.cells.size() > base::kWeightWorkMax)
      add("WEIGHTS_TOO_FINE",
          base::StrCat(layout.set->name(), " would bring ", layout.cells.size(),
                       " kinds of weight of editions/", edition, " to ", levels,
                       " numbers; the most is ", base::kWeightWorkMax, " of one times the other"),
          "join levels, or leave out margins");
  }
  if (cells > base::kWeightCellsMax)
    add("WEIGHTS_TOO_FINE",
        base::StrCat("units of editions/", edition, " would have ", cells,
                     " kinds of weight in all weight sets together; the most is ",
                     base::kWeightCellsMax),
        "calibrate to fewer margins, or not to a number that few units share");
  size_t numbers = 0;
  for (const FigurePlan::Block& block : plan.blocks()) {
    if (block.numbers == FigurePlan::Block::Numbers::kUnits) numbers += plan.frame().size();
  }
  if (numbers > base::kUnitNumbersMax)
    add("TOO_MANY_UNIT_NUMBERS",
        base::StrCat("editions/", edition, " would keep ", numbers,
                     " numbers by unit; the most is ", base::kUnitNumbersMax),
        "fewer quantiles, and fewer means, totals and ratios under weights calibrated to "
        "inhabitants");
  if (const size_t bytes = AnswerMatrix::PredictBytes(plan); bytes > base::kMatrixBytesMax)
    add("MATRIX_TOO_LARGE",
        base::StrCat("counting editions/", edition, " would take ", bytes, " bytes; the most is ",
                     base::kMatrixBytesMax),
        "fewer units, questions or indicators");
  return out;
}

}  // namespace imdi::domain
