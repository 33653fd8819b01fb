#pragma once

// Shares that the register holds itself, by group of municipalities.

#include <istream>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace nir {

// Of those who finished the introduction programme, fractions in work or education. None where the
// register has no number for the group.
struct RegisterShare {
  std::optional<double> directly_after;
  std::optional<double> one_year_after;
};

// By attribute and group code, as the survey names them: {"imdi_region", "3"}.
using RegisterShares = std::map<std::pair<std::string, std::string>, RegisterShare>;

// Lines "attribute,group,directly_after,one_year_after" under a head of these words; percents, or
// nothing where there is no number; lines that begin with # are remarks. An error names the line.
absl::StatusOr<RegisterShares> ReadRegisterShares(std::istream& file);

}  // namespace nir
