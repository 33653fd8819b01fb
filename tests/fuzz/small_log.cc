#include "tests/fuzz/small_log.h"

#include <memory>

#include "services/domain/survey_catalog.h"
#include "services/figures/edition_figures.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::fuzz {

namespace model = survey::model::v1;
namespace store = survey::store::v1;

std::vector<store::Record> SmallLog() {
  std::vector<model::Definition> documents;
  for (const char* edition : {"S2016", "S2017"}) {
    *documents.emplace_back().mutable_edition() = testing_support::SmallEdition(edition);
    *documents.emplace_back().mutable_questionnaire() =
        testing_support::SmallQuestionnaire(edition);
    *documents.emplace_back().mutable_frame() = testing_support::SmallFrame(edition);
  }
  for (const model::Indicator& indicator : testing_support::SmallIndicators({"S2016", "S2017"})) {
    *documents.emplace_back().mutable_indicator() = indicator;
  }
  std::vector<store::Record> records;
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  for (const model::Definition& document : documents) {
    const domain::DefinitionVerdict verdict = catalog->ValidateDefinition(document, {});
    Require(verdict.changed, "a document of the small survey is valid");
    catalog = catalog->Apply(document, verdict.revision, verdict.new_items).value();
    store::DefinitionApplied& applied = *records.emplace_back().mutable_definition_applied();
    *applied.mutable_definition() = document;
    applied.set_revision(verdict.revision);
    for (const auto& item : verdict.new_items) {
      store::ItemNumber& number = *applied.add_new_items();
      number.set_item(item.item);
      number.set_number(item.number);
    }
  }
  store::EditionStateChanged& opened = *records.emplace_back().mutable_edition_state_changed();
  opened.set_edition("S2017");
  opened.set_state(model::EDITION_STATE_OPEN);
  opened.set_revision(1);
  return records;
}

std::string Shown(aggregation::Fold& fold) {
  std::string out;
  for (const auto& [id, entry] : fold.catalog().editions()) {
    const auto counts = fold.CountsOf(id);
    Require(counts.ok(), "what was taken can be counted");
    if (*counts != nullptr) {
      const figures::EditionFigures figures(fold.shared_catalog(), id, *counts);
      out += domain::CanonicalBytes(figures.Header());
      for (size_t cell = 0; cell < figures.size(); ++cell)
        out += domain::CanonicalBytes(figures.Make(cell));
    }
    if (entry->frame == nullptr) continue;
    for (domain::UnitIndex unit = 0; unit < entry->frame->size(); ++unit) {
      Require(fold.ResponseOf(id, entry->frame->unit(unit).code()).ok(),
              "what was taken can be derived");
    }
  }
  for (const auto& [edition, releases] : fold.releases().closed()) {
    for (const auto& release : releases) out += domain::CanonicalBytes(release->facts);
    if (releases.empty()) continue;
    Require(releases.back()->parts != nullptr, "the latest release is in memory");
    for (const std::string& part : *releases.back()->parts) out += part;
  }
  return out;
}

}  // namespace imdi::fuzz
