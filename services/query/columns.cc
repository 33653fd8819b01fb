#include "services/query/columns.h"

#include <algorithm>
#include <utility>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

constexpr size_t kAttributesMax = 2;

}  // namespace

absl::StatusOr<std::vector<std::string>> SortedAttributes(
    const google::protobuf::RepeatedPtrField<std::string>& attributes) {
  std::vector<std::string> out(attributes.begin(), attributes.end());
  std::sort(out.begin(), out.end());
  if (out.empty() || out.size() > kAttributesMax ||
      std::adjacent_find(out.begin(), out.end()) != out.end()) {
    return base::InvalidField("attributes", "one or two different frame variables");
  }
  return out;
}

absl::StatusOr<std::vector<Column>> ColumnsOf(const query_pb::IndicatorInfo& indicator,
                                              const std::vector<std::string>& attributes,
                                              const FigureSet& set) {
  const auto breakdown = std::find_if(
      indicator.breakdowns().begin(), indicator.breakdowns().end(), [&](const auto& one) {
        return std::equal(one.attributes().begin(), one.attributes().end(), attributes.begin(),
                          attributes.end());
      });
  if (breakdown == indicator.breakdowns().end()) {
    return base::Error(base::Reason::kCellNotInRelease,
                       base::StrCat(base::Quoted(indicator.name()), " is not broken down by ",
                                    base::StrJoin(attributes, " and "), " in ", set.name(),
                                    "; ListIndicators says by what"));
  }
  std::vector<Column> out;
  for (const query_pb::LabelledCode& group : breakdown->groups()) {
    Column column{.group = group.code(), .pieces = {}, .title = &group.title()};
    std::string_view rest = group.code();
    while (!rest.empty()) {
      const size_t dot = std::min(rest.find('.'), rest.size());
      column.pieces.emplace_back(rest.substr(0, dot));
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    out.push_back(std::move(column));
  }
  return out;
}

std::string CellOf(std::string_view block, std::string_view answer, const Column& column) {
  std::string cell(block);
  bool placed = answer.empty();
  for (const std::string& piece : column.pieces) {
    if (!placed && answer < piece) {
      base::StrAppend(cell, ".", answer);
      placed = true;
    }
    base::StrAppend(cell, ".", piece);
  }
  if (!placed) base::StrAppend(cell, ".", answer);
  return cell;
}

}  // namespace imdi::query
