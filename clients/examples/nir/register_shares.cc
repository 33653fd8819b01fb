#include "register_shares.h"

#include <cstdlib>
#include <sstream>
#include <vector>

namespace nir {
namespace {

absl::Status Wrong(int line, const std::string& why) {
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + why);
}

// A percent, or nothing; false for anything else.
bool ReadPercent(const std::string& text, std::optional<double>& out) {
  if (text.empty()) return true;
  char* end = nullptr;
  const double percent = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(percent >= 0 && percent <= 100)) return false;
  out = percent / 100;
  return true;
}

}  // namespace

absl::StatusOr<RegisterShares> ReadRegisterShares(std::istream& file) {
  constexpr const char* kHead = "attribute,group,directly_after,one_year_after";
  RegisterShares out;
  std::string line;
  int number = 0;
  bool headed = false;
  while (std::getline(file, line)) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (!headed) {
      if (line != kHead) return Wrong(number, std::string("the head must be ") + kHead);
      headed = true;
      continue;
    }
    std::vector<std::string> cells;
    std::istringstream words(line + ",");
    for (std::string cell; std::getline(words, cell, ',');) cells.push_back(cell);
    RegisterShare share;
    if (cells.size() != 4 || cells[0].empty() || cells[1].empty())
      return Wrong(number, "four cells, of which the first two are not empty");
    if (!ReadPercent(cells[2], share.directly_after) ||
        !ReadPercent(cells[3], share.one_year_after))
      return Wrong(number, "a percent from 0 to 100, or nothing where there is no number");
    if (!out.emplace(std::pair(cells[0], cells[1]), share).second)
      return Wrong(number, "the group stands there twice");
  }
  if (!headed) return absl::InvalidArgumentError(std::string("no head: ") + kHead);
  return out;
}

}  // namespace nir
