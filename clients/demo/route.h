#pragma once

// The conditions that the routes of the questionnaires are made of, as far as made-up answers must
// follow them:
//   ITEM == n    ITEM in (n,…)    ITEM has_any (n,…)    count(ITEM in a..b) >= n
// Whether an answer is accepted is never decided here but by the service that receives it.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/demo/answer.h"

namespace imdi::demo {

class Route {
 public:
  // Refuses any other condition.
  static absl::StatusOr<Route> Parse(std::string_view text);

  // False also where the item was left blank or not asked.
  bool Holds(const Answers& answers) const;

 private:
  std::string item_;
  std::vector<int> codes_;  // Ticked codes that count.
  int least_ = 1;           // So many of them at least.
};

}  // namespace imdi::demo
