#pragma once

// Names of figures:
// editions/{edition}/releases/live/figures/{indicator}.{basis}[.{attribute}={group}]…

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace imdi::query {

struct FigureName {
  std::string edition;
  std::string release;
  std::string indicator;
  std::string basis;
  std::vector<std::pair<std::string, std::string>> groups;  // (attribute, group), by attribute.

  // NAME_INVALID for what is not of that form: an empty or odd id, an attribute twice. Attributes
  // may come in any order.
  static absl::StatusOr<FigureName> Parse(std::string_view name);
  // The one spelling under which the figure is kept.
  std::string Canonical() const;
};

// "KU2017" out of "editions/KU2017/releases/live", or of "editions/KU2017" when there is no release
// to name.
absl::StatusOr<std::string> ParseLiveReleaseName(std::string_view name);
absl::StatusOr<std::string> ParseEditionName(std::string_view name);

}  // namespace imdi::query
