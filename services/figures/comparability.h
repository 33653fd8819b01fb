#pragma once

// Whether figures of two editions may stand on one line, as the later questionnaire states it.

#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/questionnaire.pb.h"
#include "services/domain/survey_catalog.h"

namespace imdi::figures {

namespace model = survey::model::v1;

// How an earlier edition relates to a later one, over all that is read.
struct Comparability {
  // The weakest relations, each once, ascending. Empty where an edition is compared with itself.
  std::vector<model::SeriesRelationKind> relations;
  bool comparable = false;
  bool assumed = false;  // Comparable, but only because it is assumed to be the same.
};

// Over all questions that an indicator reads (numerator, distribution and bases, not frame
// variables): as the later questionnaire states them for the earlier edition's year; where it
// states nothing, ASSUMED_SAME if the earlier edition asks a question of that id and both name the
// same concept, NOT_ASKED if it asks none of that id, else UNKNOWN. An indicator that reads no
// question (a response rate) is SAME.
//
// Comparable are SAME and ASSUMED_SAME alone. COMPATIBLE_AFTER_RECODE is not, until there is a
// place where a recode between editions can be given.
//
// `indicator` is compiled in the later edition. Either order of years is taken: the later
// questionnaire states relations to later editions too.
Comparability Compare(const domain::Catalog& catalog, const domain::Catalog::EditionEntry& later,
                      const domain::Catalog::EditionEntry& earlier,
                      const domain::CompiledIndicator& indicator);

// The same for one cell ({indicator}.{basis}…): BREAK_BASE too where the editions cover different
// units. That is where the indicator's comparison with the earlier year names a group and the cell
// is outside of it, and where one edition's frame has, within the cell, a type of unit
// (municipality, district) that can be in the base and that the other's lacks, unless the cell is
// one of a type. What a series of cells shows.
Comparability CompareCell(const domain::Catalog& catalog,
                          const domain::Catalog::EditionEntry& later,
                          const domain::Catalog::EditionEntry& earlier,
                          const domain::CompiledIndicator& indicator, std::string_view cell);

}  // namespace imdi::figures
