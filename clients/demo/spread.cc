#include "clients/demo/spread.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include "clients/demo/random.h"

namespace imdi::demo {

std::vector<Quota> Apportion(size_t total, const std::vector<Weight>& weights, size_t least) {
  size_t sum = 0;
  for (const Weight& weight : weights) sum += weight.weight;
  std::vector<Quota> quotas;
  std::vector<size_t> remainders;
  size_t given = 0;
  for (const Weight& weight : weights) {
    quotas.push_back({weight.code, total * weight.weight / sum});
    remainders.push_back(total * weight.weight % sum);
    given += quotas.back().count;
  }
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t left, size_t right) { return remainders[left] > remainders[right]; });
  for (size_t next = 0; given < total; ++next, ++given) ++quotas[order[next % order.size()]].count;
  for (Quota& quota : quotas) {
    while (quota.count < least) {
      Quota& largest = *std::max_element(
          quotas.begin(), quotas.end(),
          [](const Quota& left, const Quota& right) { return left.count < right.count; });
      if (largest.count <= least) return quotas;
      --largest.count;
      ++quota.count;
    }
  }
  return quotas;
}

std::vector<size_t> Spread::Shuffled(const Pool& pool, std::string_view purpose) const {
  std::vector<size_t> order = pool;
  Random random(purpose);
  random.Shuffle(order);
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return stratum_of_[left] < stratum_of_[right];
  });
  return order;
}

Pool Spread::Choose(const Pool& pool, size_t count, std::string_view purpose) const {
  if (count >= pool.size()) return pool;
  const std::vector<size_t> order = Shuffled(pool, purpose);
  const size_t start = Random(std::string(purpose) + "/start").Below(order.size());
  Pool chosen;
  for (size_t i = 0; i < order.size(); ++i) {
    if (((i + 1) * count + start) / order.size() > (i * count + start) / order.size())
      chosen.push_back(order[i]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::map<size_t, int> Spread::Deal(const Pool& pool, const std::vector<Quota>& quotas,
                                   std::string_view purpose) const {
  std::map<size_t, int> dealt;
  if (pool.empty()) return dealt;
  std::vector<size_t> order = Shuffled(pool, purpose);
  const size_t start = Random(std::string(purpose) + "/start").Below(order.size());
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(start), order.end());
  std::vector<size_t> used(quotas.size(), 0);
  const auto size = static_cast<int64_t>(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    size_t best = quotas.size();
    int64_t best_lag = 0;
    for (size_t q = 0; q < quotas.size(); ++q) {
      if (used[q] == quotas[q].count) continue;
      const int64_t lag =
          static_cast<int64_t>(quotas[q].count * (i + 1)) - static_cast<int64_t>(used[q]) * size;
      if (best == quotas.size() || lag > best_lag) {
        best = q;
        best_lag = lag;
      }
    }
    if (best == quotas.size()) break;
    ++used[best];
    dealt[order[i]] = quotas[best].code;
  }
  return dealt;
}

}  // namespace imdi::demo
