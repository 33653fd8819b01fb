#include "clients/demo/ticks.h"

#include <algorithm>
#include <string>

namespace imdi::demo {

std::map<size_t, std::vector<int>> DealTicks(const Spread& spread, const Pool& pool,
                                             const std::vector<Tick>& ticks,
                                             const std::string& purpose) {
  std::map<size_t, std::vector<int>> ticked;
  std::map<int, size_t> free_counts;
  Pool named;
  for (const Tick& tick : ticks) named = Joined(named, Common(tick.who, pool));
  Pool open = pool;  // Units that ticked no exclusive code.
  const auto give = [&](const Pool& who, int code) {
    for (const size_t member : who) ticked[member].push_back(code);
  };
  for (const Tick& tick : ticks) {
    if (!tick.exclusive) continue;
    const Pool who =
        spread.Choose(Without(open, named), tick.count, purpose + "/" + std::to_string(tick.code));
    give(who, tick.code);
    open = Without(open, who);
  }
  for (const Tick& tick : ticks) {
    if (tick.exclusive) continue;
    const Pool who = tick.who.empty() ? spread.Choose(open, tick.count,
                                                      purpose + "/" + std::to_string(tick.code))
                                      : Common(tick.who, open);
    give(who, tick.code);
    if (!tick.exact) free_counts[tick.code] = who.size();
  }
  for (const size_t member : open) {
    if (ticked.count(member) > 0 || free_counts.empty()) continue;
    const auto rarest = std::min_element(
        free_counts.begin(), free_counts.end(),
        [](const auto& left, const auto& right) { return left.second < right.second; });
    ticked[member].push_back(rarest->first);
    ++rarest->second;
  }
  for (auto& [member, codes] : ticked) std::sort(codes.begin(), codes.end());
  return ticked;
}

}  // namespace imdi::demo
