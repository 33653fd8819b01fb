#include "services/query/figure_name.h"

#include <algorithm>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= base::kIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

absl::Status Invalid(std::string_view name, std::string_view form) {
  return base::Error(base::Reason::kNameInvalid,
                     base::StrCat(base::Quoted(name), " is not of the form ", form));
}

constexpr std::string_view kFigureForm =
    "editions/{edition}/releases/live/figures/{indicator}.{basis}[.{attribute}={group}]";

}  // namespace

absl::StatusOr<FigureName> FigureName::Parse(std::string_view name) {
  const absl::Status invalid = Invalid(name, kFigureForm);
  if (name.size() > base::kNameBytesMax) return invalid;
  const std::vector<std::string_view> parts = Split(name, '/');
  if (parts.size() != 6 || parts[0] != "editions" || parts[2] != "releases" ||
      parts[4] != "figures" || !IsId(parts[1]) || !IsId(parts[3])) {
    return invalid;
  }
  const std::vector<std::string_view> cell = Split(parts[5], '.');
  if (cell.size() < 2 || !IsId(cell[0]) || !IsId(cell[1])) return invalid;
  FigureName out{.edition = std::string(parts[1]),
                 .release = std::string(parts[3]),
                 .indicator = std::string(cell[0]),
                 .basis = std::string(cell[1]),
                 .groups = {}};
  for (size_t i = 2; i < cell.size(); ++i) {
    const size_t equals = cell[i].find('=');
    if (equals == std::string_view::npos) return invalid;
    const std::string_view attribute = cell[i].substr(0, equals);
    const std::string_view group = cell[i].substr(equals + 1);
    if (!IsId(attribute) || !IsId(group)) return invalid;
    out.groups.emplace_back(attribute, group);
  }
  std::sort(out.groups.begin(), out.groups.end());
  for (size_t i = 1; i < out.groups.size(); ++i) {
    if (out.groups[i].first == out.groups[i - 1].first) return invalid;
  }
  return out;
}

std::string FigureName::Canonical() const {
  std::string out =
      base::StrCat("editions/", edition, "/releases/", release, "/figures/", indicator, ".", basis);
  for (const auto& [attribute, group] : groups) base::StrAppend(out, ".", attribute, "=", group);
  return out;
}

absl::StatusOr<std::string> ParseLiveReleaseName(std::string_view name) {
  const std::vector<std::string_view> parts = Split(name, '/');
  if (name.size() > base::kNameBytesMax || parts.size() != 4 || parts[0] != "editions" ||
      parts[2] != "releases" || !IsId(parts[1]) || !IsId(parts[3])) {
    return Invalid(name, "editions/{edition}/releases/live");
  }
  if (parts[3] != "live") {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("edition ", parts[1], " has no release ",
                                    base::Quoted(parts[3]), "; there is live"));
  }
  return std::string(parts[1]);
}

absl::StatusOr<std::string> ParseEditionName(std::string_view name) {
  const std::vector<std::string_view> parts = Split(name, '/');
  if (name.size() > base::kNameBytesMax || parts.size() != 2 || parts[0] != "editions" ||
      !IsId(parts[1])) {
    return Invalid(name, "editions/{edition}");
  }
  return std::string(parts[1]);
}

}  // namespace imdi::query
