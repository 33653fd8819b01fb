#pragma once

// How an edition was carried out, for people who read its figures.

#include "imdi/survey/query/v1/release.pb.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// All but the release's name. Changes are those since the edition that the edition's document names
// as the one before.
query_pb::MethodNote MethodNoteOf(const EditionFigures& edition);

}  // namespace imdi::figures
