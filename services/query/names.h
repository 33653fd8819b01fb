#pragma once

// Names of what query serves:
// editions/{edition}/releases/{number|latest|live}[/figures/{indicator}.{basis}[.answer={code}][.{attribute}={group}]…]

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace imdi::query {

// Which release of an edition.
struct ReleaseRef {
  enum class Kind : uint8_t { kNumber, kLatest, kLive };
  Kind kind = Kind::kLive;
  int32_t number = 0;  // From 1; for kNumber alone.

  // A number without leading zeros, "latest" or "live"; empty for anything else.
  static std::optional<ReleaseRef> Parse(std::string_view text);
  friend bool operator==(const ReleaseRef&, const ReleaseRef&) = default;
};
std::string ToText(const ReleaseRef& release);

// editions/{edition}/releases/{release}. NAME_INVALID.
struct ReleaseName {
  std::string edition;
  ReleaseRef release;
  static absl::StatusOr<ReleaseName> Parse(std::string_view name);
};

// A cell of an edition.
struct CellName {
  std::string indicator;
  std::string basis;
  // (attribute, group) by attribute; the category of a distribution stands among them as "answer".
  std::vector<std::pair<std::string, std::string>> groups;

  // NAME_INVALID for an empty or odd id, or an attribute twice. Attributes may come in any order.
  static absl::StatusOr<CellName> Parse(std::string_view cell);
  // The one spelling under which the cell is kept.
  std::string Canonical() const;
};
// The breakdown of a cell as in its canonical name, without the category: "", "imdi_region",
// "imdi_region,size_group".
std::string BreakdownOf(std::string_view canonical_cell);

struct FigureName {
  std::string edition;
  ReleaseRef release;
  CellName cell;
  static absl::StatusOr<FigureName> Parse(std::string_view name);
  std::string Canonical() const;
};
// The three pieces as they came, without a look at what is in them; empty when the form is another.
struct FigureNamePieces {
  std::string_view edition;
  std::string_view release;
  std::string_view cell;
};
std::optional<FigureNamePieces> Split(std::string_view figure_name);

// "KU2017" out of "editions/KU2017", "KU" out of "surveys/KU". NAME_INVALID.
absl::StatusOr<std::string> ParseEditionName(std::string_view name);
absl::StatusOr<std::string> ParseSurveyName(std::string_view name);

}  // namespace imdi::query
