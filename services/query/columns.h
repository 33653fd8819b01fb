#pragma once

// The groups of a breakdown as pieces of the names of cells: what tables have as columns, and tests
// of association as one of their sides.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "services/query/figure_set.h"

namespace imdi::query {

struct Column {
  std::string group;                // As in names: "imdi_region=3.size_group=1"; empty = the total.
  std::vector<std::string> pieces;  // "imdi_region=3", "size_group=1".
  const model::LocalizedText* title = nullptr;
};

// What was asked, sorted. FIELD_INVALID unless one or two different ones.
absl::StatusOr<std::vector<std::string>> SortedAttributes(
    const google::protobuf::RepeatedPtrField<std::string>& attributes);

// The groups of an indicator by sorted attributes, in their order; they borrow from `indicator`.
// CELL_NOT_IN_RELEASE where it is not broken down by them.
absl::StatusOr<std::vector<Column>> ColumnsOf(const query_pb::IndicatorInfo& indicator,
                                              const std::vector<std::string>& attributes,
                                              const FigureSet& set);

// {indicator}.{basis} with a category ("answer=3", or empty) and a group, in the one order of
// names.
std::string CellOf(std::string_view block, std::string_view answer, const Column& column);

}  // namespace imdi::query
