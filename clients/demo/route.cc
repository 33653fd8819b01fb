#include "clients/demo/route.h"

#include <algorithm>
#include <regex>

#include "absl/status/status.h"

namespace imdi::demo {
namespace {

std::vector<int> Numbers(const std::string& list) {
  std::vector<int> numbers;
  static const std::regex kNumber("[0-9]+");
  for (std::sregex_iterator next(list.begin(), list.end(), kNumber), end; next != end; ++next) {
    numbers.push_back(std::stoi(next->str()));
  }
  return numbers;
}

}  // namespace

absl::StatusOr<Route> Route::Parse(std::string_view text) {
  static const std::regex kEqual(R"(\s*([A-Z0-9.a-z]+)\s*==\s*([0-9]+)\s*)");
  static const std::regex kAny(R"(\s*([A-Z0-9.a-z]+)\s+(?:in|has_any)\s*\(([0-9, ]+)\)\s*)");
  static const std::regex kCount(
      R"(\s*count\(\s*([A-Z0-9]+)\s+in\s+([0-9]+)\.\.([0-9]+)\s*\)\s*>=\s*([0-9]+)\s*)");
  const std::string whole(text);
  Route route;
  std::smatch match;
  if (std::regex_match(whole, match, kEqual) || std::regex_match(whole, match, kAny)) {
    route.item_ = match[1];
    route.codes_ = Numbers(match[2]);
    return route;
  }
  if (std::regex_match(whole, match, kCount)) {
    route.item_ = match[1];
    for (int code = std::stoi(match[2]); code <= std::stoi(match[3]); ++code)
      route.codes_.push_back(code);
    route.least_ = std::stoi(match[4]);
    return route;
  }
  return absl::InvalidArgumentError("the demonstration answers cannot follow the route: " + whole);
}

bool Route::Holds(const Answers& answers) const {
  const auto found = answers.find(item_);
  if (found == answers.end()) return false;
  return std::count_if(codes_.begin(), codes_.end(),
                       [&](int code) { return found->second.Has(code); }) >= least_;
}

}  // namespace imdi::demo
