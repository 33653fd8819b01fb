// Estimates from counts against plain unit-level code: for random frames and answers every weight,
// residual and deviation is computed unit by unit, as the formulas are written.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/change.h"
#include "services/domain/multiplicity.h"
#include "services/domain/suppression_audit.h"
#include "services/domain/weighted_estimate.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"

namespace imdi::domain {
namespace {

using testing_support::Random;

// One run after another, each with a seed of its own; the first is printed.
// Returns how many.
template <typename Run>
int64_t ForEachSeed(const char* campaign, int64_t rounds_by_default, const Run& run) {
  const uint64_t seed = testing_support::CampaignSeed(campaign);
  const int64_t rounds = testing_support::CampaignRounds(rounds_by_default);
  for (int64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE(testing::Message() << "IMDI_SEED=" << seed << " round " << round);
    run(seed + static_cast<uint64_t>(round));
    if (testing::Test::HasFailure()) break;
  }
  return rounds;
}

struct Unit {
  size_t stratum = 0;
  size_t size = 0;  // Margins of the frame.
  size_t zone = 0;
  double inhabitants = 0;
  AnswerState state[3] = {};  // By year.
  double number = 0;          // Of those in the base of the first year.
};

bool Answered(AnswerState state) { return state != AnswerState::kSilent; }
bool InBase(AnswerState state) { return state == AnswerState::kNo || state == AnswerState::kYes; }

// From single units to some dozens by stratum; with lonely, silent and complete ones.
std::vector<Unit> SomeFrame(Random& random) {
  std::vector<Unit> units;
  const int strata = 1 + random.UpTo(5);
  const int sizes = 1 + random.UpTo(2);
  for (int h = 0; h < strata; ++h) {
    const int count = 1 + random.UpTo(random.OneIn(3) ? 2 : 24);
    const double response = random.OneIn(5) ? 1 : 0.2 + 0.1 * random.UpTo(7);
    const double yes = 0.1 * random.UpTo(10);
    for (int i = 0; i < count; ++i) {
      Unit unit;
      unit.stratum = static_cast<size_t>(h);
      unit.size = static_cast<size_t>(random.UpTo(sizes));
      unit.zone = static_cast<size_t>(random.UpTo(1));
      unit.inhabitants = 100 + random.UpTo(20'000);
      for (AnswerState& state : unit.state) {
        state = !random.Chance(response) ? AnswerState::kSilent
                : random.Chance(0.15)    ? AnswerState::kOutside
                : random.Chance(yes)     ? AnswerState::kYes
                                         : AnswerState::kNo;
      }
      unit.number = random.UpTo(400) / 10.0;
      units.push_back(unit);
    }
  }
  return units;
}

size_t StrataOf(const std::vector<Unit>& units) { return units.back().stratum + 1; }

// The variance of a weighted sum, unit by unit: z = weight * residual of all respondents.
double NaiveVariance(const std::vector<Unit>& units, const std::vector<double>& z,
                     const std::vector<bool>& responded, const std::vector<bool>& present,
                     Lonely lonely) {
  double sum = 0;
  int strata = 0;
  int lone = 0;
  for (size_t h = 0; h < StrataOf(units); ++h) {
    std::vector<double> values;
    double frame = 0;
    for (size_t i = 0; i < units.size(); ++i) {
      if (units[i].stratum != h) continue;
      ++frame;
      if (responded[i]) values.push_back(z[i]);
    }
    if (values.empty() || !present[h]) continue;
    ++strata;
    const auto r = static_cast<double>(values.size());
    if (r == frame) continue;
    if (r == 1) {
      ++lone;
      if (lonely == Lonely::kAdjust) sum += (1 - 1 / frame) * values[0] * values[0];
      continue;
    }
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / r;
    double deviations = 0;
    for (const double value : values) deviations += (value - mean) * (value - mean);
    sum += (1 - r / frame) * r / (r - 1) * deviations;
  }
  if (lonely == Lonely::kAverage && lone > 0)
    return lone == strata ? NAN : sum * strata / (strata - lone);
  return sum;
}

constexpr double kClose = 1e-8;
constexpr double kLoose = 1e-6;  // For what the plain code takes from normal equations.

testing::AssertionResult Near(double got, double want, double relative = kClose) {
  if (std::isnan(got) && std::isnan(want)) return testing::AssertionSuccess();
  if (std::fabs(got - want) <= relative * std::fabs(want) + 1e-10)
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << got << " is not near " << want;
}

// The first year as a survey of its own.
struct Survey {
  std::vector<Unit> units;
  std::vector<bool> responded;
  std::vector<bool> present;   // Strata with a unit of the base.
  std::vector<double> weight;  // N_h / r_h; 0 of the silent.
  int base = 0;

  explicit Survey(std::vector<Unit> of) : units(std::move(of)) {
    std::vector<double> frame(StrataOf(units));
    std::vector<double> answers(StrataOf(units));
    present.assign(StrataOf(units), false);
    for (const Unit& unit : units) {
      responded.push_back(Answered(unit.state[0]));
      ++frame[unit.stratum];
      answers[unit.stratum] += responded.back();
      if (InBase(unit.state[0])) {
        present[unit.stratum] = true;
        ++base;
      }
    }
    for (size_t i = 0; i < units.size(); ++i)
      weight.push_back(responded[i] ? frame[units[i].stratum] / answers[units[i].stratum] : 0);
  }

  std::vector<StratumCell> Cells() const {
    std::vector<StratumCell> cells(StrataOf(units));
    for (const Unit& unit : units) {
      StratumCell& h = cells[unit.stratum];
      ++h.frame;
      ++h.domain_frame;
      h.responded += Answered(unit.state[0]);
      h.base += InBase(unit.state[0]);
      h.yes += unit.state[0] == AnswerState::kYes;
    }
    return cells;
  }
};

// The linearised share: (y - p) / S in the base, 0 elsewhere.
std::vector<double> Linearised(const Survey& survey, const std::vector<double>& weight, double* p) {
  double base = 0;
  double yes = 0;
  for (size_t i = 0; i < survey.units.size(); ++i) {
    if (!InBase(survey.units[i].state[0])) continue;
    base += weight[i];
    yes += survey.units[i].state[0] == AnswerState::kYes ? weight[i] : 0;
  }
  *p = yes / base;
  std::vector<double> u;
  for (const Unit& unit : survey.units) {
    const double y = unit.state[0] == AnswerState::kYes ? 1 : 0;
    u.push_back(InBase(unit.state[0]) ? (y - *p) / base : 0);
  }
  return u;
}

constexpr Lonely kLonely[] = {Lonely::kCertainty, Lonely::kAdjust, Lonely::kAverage};

TEST(EstimatorsProperty, SharesHaveTheVarianceOfUnitLevelCode) {
  ForEachSeed("shares", 400, [](uint64_t seed) {
    Random random(seed);
    const Survey survey(SomeFrame(random));
    if (survey.base == 0) return;
    double p = 0;
    std::vector<double> z = Linearised(survey, survey.weight, &p);
    for (size_t i = 0; i < z.size(); ++i) z[i] *= survey.weight[i];
    for (const Lonely lonely : kLonely) {
      const Proportion share = EstimateProportion(survey.Cells(), lonely, 0.95);
      EXPECT_TRUE(Near(share.estimate, p));
      const double naive = NaiveVariance(survey.units, z, survey.responded, survey.present, lonely);
      if (!std::isnan(naive) && share.x > 0 && share.x < share.n) {
        EXPECT_TRUE(Near(share.variance, naive));
      }
    }
  });
}

// Solves the normal equations of weighted least squares, plainly; false where they are singular.
bool Solve(std::vector<std::vector<double>> a, std::vector<double> b, std::vector<double>* x) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t k = i; k < n; ++k) {
      if (std::fabs(a[k][i]) > std::fabs(a[pivot][i])) pivot = k;
    }
    if (std::fabs(a[pivot][i]) < 1e-3) return false;  // Too near to singular to compare with.
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (size_t j = 0; j < n; ++j) a[k][j] -= factor * a[i][j];
      b[k] -= factor * b[i];
    }
  }
  x->resize(n);
  for (size_t i = 0; i < n; ++i) (*x)[i] = b[i] / a[i][i];
  return true;
}

// Auxiliaries of one unit: intercept, sizes but the first, zones but the first, inhabitants.
std::vector<double> Auxiliaries(const Unit& unit, size_t sizes, bool numeric) {
  std::vector<double> x = {1};
  for (size_t level = 1; level < sizes; ++level) x.push_back(unit.size == level ? 1 : 0);
  x.push_back(unit.zone == 1 ? 1 : 0);
  if (numeric) x.push_back(unit.inhabitants / 10'000);
  return x;
}

TEST(EstimatorsProperty, CalibratedSharesAndMeansHaveTheResidualVarianceOfUnitLevelCode) {
  int64_t compared = 0;
  const int64_t rounds = ForEachSeed("calibrated", 400, [&compared](uint64_t seed) {
    Random random(seed);
    const Survey survey(SomeFrame(random));
    if (survey.base < 2) return;
    const bool numeric = random.OneIn(2);
    const bool raking = random.OneIn(2);
    size_t sizes = 0;
    for (const Unit& unit : survey.units) sizes = std::max(sizes, unit.size + 1);
    // Cells of the library: stratum x size x zone, or units where a number of each counts.
    using Key = std::vector<size_t>;
    std::map<Key, uint32_t> cells;
    const auto key = [numeric](const Unit& unit, size_t i) {
      Key out = {unit.stratum, unit.size, unit.zone};
      if (numeric) out.push_back(i);
      return out;
    };
    std::vector<WeightStratum> strata(StrataOf(survey.units));
    std::vector<WeightCell> list;
    Margin size{"size", {}, std::vector<double>(sizes, 0)};
    Margin zone{"zone", {}, {0, 0}};
    KnownTotal inhabitants{"inhabitants", {}, 0};
    for (size_t i = 0; i < survey.units.size(); ++i) {
      const Unit& unit = survey.units[i];
      ++strata[unit.stratum].frame;
      ++size.total[unit.size];
      ++zone.total[unit.zone];
      inhabitants.total += unit.inhabitants;
      if (!survey.responded[i]) continue;
      ++strata[unit.stratum].respondents;
      if (cells.emplace(key(unit, i), list.size()).second) {
        list.push_back({static_cast<uint32_t>(unit.stratum), 0, survey.weight[i]});
        size.level.push_back(static_cast<uint32_t>(unit.size));
        zone.level.push_back(static_cast<uint32_t>(unit.zone));
        inhabitants.value.push_back(unit.inhabitants);
      }
      ++list[cells[key(unit, i)]].respondents;
    }
    std::vector<KnownTotal> totals;
    if (numeric) totals.push_back(inhabitants);
    Weighting weighting(strata, list);
    const absl::Status calibrated =
        raking ? weighting.Rake({{size, zone}}, totals)
               : weighting.CalibrateLinearly({{size, zone}}, totals, NegativeWeights::kKeep);
    if (!calibrated.ok()) return;  // Thin margins; what is refused is tested elsewhere.
    // The plain code takes these weights and checks that they have the totals.
    std::vector<double> weight(survey.units.size(), 0);
    double sum_size = 0;
    double sum_inhabitants = 0;
    for (size_t i = 0; i < survey.units.size(); ++i) {
      if (!survey.responded[i]) continue;
      weight[i] = weighting.cells()[cells[key(survey.units[i], i)]].weight;
      if (survey.units[i].size == 0) sum_size += weight[i];
      sum_inhabitants += weight[i] * survey.units[i].inhabitants;
    }
    EXPECT_TRUE(Near(sum_size, size.total[0]));
    if (numeric) {
      EXPECT_TRUE(Near(sum_inhabitants, inhabitants.total));
    }
    double p = 0;
    std::vector<double> u = Linearised(survey, weight, &p);
    // b = (sum w x x')^-1 sum w x u, over all respondents, with the weights before calibration.
    const size_t columns = Auxiliaries(survey.units[0], sizes, numeric).size();
    std::vector<std::vector<double>> a(columns, std::vector<double>(columns, 0));
    std::vector<double> right(columns, 0);
    for (size_t i = 0; i < survey.units.size(); ++i) {
      if (!survey.responded[i]) continue;
      const std::vector<double> x = Auxiliaries(survey.units[i], sizes, numeric);
      for (size_t j = 0; j < columns; ++j) {
        for (size_t k = 0; k < columns; ++k) a[j][k] += survey.weight[i] * x[j] * x[k];
        right[j] += survey.weight[i] * x[j] * u[i];
      }
    }
    std::vector<double> b;
    if (!Solve(a, right, &b)) return;
    std::vector<double> z(survey.units.size(), 0);
    for (size_t i = 0; i < survey.units.size(); ++i) {
      if (!survey.responded[i]) continue;
      const std::vector<double> x = Auxiliaries(survey.units[i], sizes, numeric);
      z[i] = weight[i] * (u[i] - std::inner_product(x.begin(), x.end(), b.begin(), 0.0));
    }
    std::vector<int32_t> base(list.size(), 0);
    std::vector<int32_t> yes(list.size(), 0);
    std::vector<ValueRow> rows;
    for (size_t i = 0; i < survey.units.size(); ++i) {
      if (!InBase(survey.units[i].state[0])) continue;
      const uint32_t cell = cells[key(survey.units[i], i)];
      ++base[cell];
      const bool says = survey.units[i].state[0] == AnswerState::kYes;
      yes[cell] += says;
      rows.push_back({cell, says ? 1.0 : 0.0, 1});
    }
    const std::vector<bool> all(StrataOf(survey.units), true);
    for (const Lonely lonely : kLonely) {
      const Proportion share = EstimateWeightedProportion(weighting, base, yes, lonely, 0.95);
      const double naive = NaiveVariance(survey.units, z, survey.responded, all, lonely);
      if (share.status == EstimateStatus::kCensus || share.x == 0 || share.x == share.n ||
          std::isnan(naive) || share.weight_sum < 1)
        continue;
      EXPECT_TRUE(Near(share.estimate, p));
      EXPECT_TRUE(Near(share.variance, naive, kLoose));
      // A share is the mean of ones and zeros.
      const double error = EstimateWeightedRatio(weighting, rows, lonely).standard_error;
      EXPECT_TRUE(Near(error * error, share.variance));
      ++compared;
    }
  });
  EXPECT_GE(compared, rounds / 10);
}

// One stratum's covariance of two years, unit by unit.
double NaiveCovariance(const std::vector<Unit>& units, const std::vector<double>& u,
                       const std::vector<double>& v, int s, int t) {
  double sum = 0;
  for (size_t h = 0; h < StrataOf(units); ++h) {
    double frame = 0;
    double r_s = 0;
    double r_t = 0;
    std::vector<size_t> both;
    for (size_t i = 0; i < units.size(); ++i) {
      if (units[i].stratum != h) continue;
      ++frame;
      const bool in_s = Answered(units[i].state[s]);
      const bool in_t = Answered(units[i].state[t]);
      r_s += in_s;
      r_t += in_t;
      if (in_s && in_t) both.push_back(i);
    }
    const auto r = static_cast<double>(both.size());
    if (r < 2) continue;
    double mean_u = 0;
    double mean_v = 0;
    for (const size_t i : both) {
      mean_u += u[i] / r;
      mean_v += v[i] / r;
    }
    double products = 0;
    for (const size_t i : both) products += (u[i] - mean_u) * (v[i] - mean_v);
    sum += frame * frame * (r / (r_s * r_t) - 1 / frame) * products / (r - 1);
  }
  return sum;
}

TEST(EstimatorsProperty, ChangesAndSeriesHaveTheCovarianceOfUnitLevelCode) {
  ForEachSeed("changes", 400, [](uint64_t seed) {
    Random random(seed);
    std::vector<Unit> units = SomeFrame(random);
    std::vector<std::vector<double>> u(3);
    std::vector<double> shares;
    for (int t = 0; t < 3; ++t) {
      std::vector<Unit> year = units;
      for (Unit& unit : year) unit.state[0] = unit.state[t];
      const Survey survey(year);
      if (survey.base == 0) return;
      shares.push_back(0);
      u[static_cast<size_t>(t)] = Linearised(survey, survey.weight, &shares.back());
    }
    const size_t strata = StrataOf(units);
    const auto count = [&](const std::vector<Unit>& of) {
      std::vector<PairCell> pairs;
      for (int s = 0; s < 3; ++s) {
        for (int t = s + 1; t < 3; ++t) {
          std::vector<PairCell> cells(strata);
          for (const Unit& unit : of) {
            PairCell& cell = cells[unit.stratum];
            ++cell.frame_a;
            ++cell.frame_b;
            ++cell.frame_both;
            ++cell.At(unit.state[s], unit.state[t]);
          }
          pairs.insert(pairs.end(), cells.begin(), cells.end());
        }
      }
      return pairs;
    };
    std::vector<int32_t> any(strata, 0);
    for (const Unit& unit : units)
      any[unit.stratum] += InBase(unit.state[0]) || InBase(unit.state[1]) || InBase(unit.state[2]);
    const std::vector<PairCell> pairs = count(units);
    const SeriesEstimate series = EstimateSeries({3, strata, pairs, any});
    ASSERT_NE(series.status, EstimateStatus::kEmpty);
    for (int s = 0; s < 3; ++s) {
      EXPECT_TRUE(Near(series.shares[static_cast<size_t>(s)], shares[static_cast<size_t>(s)]));
      for (int t = 0; t < 3; ++t) {
        EXPECT_TRUE(Near(
            series.covariance[static_cast<size_t>(3 * s + t)],
            NaiveCovariance(units, u[static_cast<size_t>(s)], u[static_cast<size_t>(t)], s, t)));
      }
    }
    const std::span<const PairCell> first(pairs.data(), strata);
    const Change change = EstimateChange(first, 0.95);
    const double variance = NaiveCovariance(units, u[0], u[0], 0, 0) +
                            NaiveCovariance(units, u[1], u[1], 1, 1) -
                            2 * NaiveCovariance(units, u[0], u[1], 0, 1);
    EXPECT_TRUE(Near(change.estimate, shares[1] - shares[0]));
    // Below 0 it has no root, and nothing that would rest on one; as near to 0 as rounding reaches,
    // either may be.
    const double size =
        NaiveCovariance(units, u[0], u[0], 0, 0) + NaiveCovariance(units, u[1], u[1], 1, 1);
    const bool has_error = std::isfinite(change.test.standard_error);
    if (std::fabs(variance) > 1e-9 * size + 1e-15) {
      EXPECT_EQ(has_error, variance > 0);
    }
    if (has_error) {
      EXPECT_TRUE(
          Near(change.test.standard_error * change.test.standard_error, std::max(0.0, variance)));
    } else {
      EXPECT_FALSE(change.test.interval.has_value());
      EXPECT_FALSE(change.test.t.has_value());
      EXPECT_FALSE(change.test.p.has_value());
    }
    // Units in another order are the same counts, and so the same bits.
    std::vector<Unit> shuffled = units;
    std::ranges::shuffle(shuffled, random.engine());
    const std::vector<PairCell> again = count(shuffled);
    const Change same = EstimateChange(std::span(again.data(), strata), 0.95);
    EXPECT_EQ(std::isfinite(same.test.standard_error), has_error);
    if (has_error) {
      EXPECT_EQ(same.test.standard_error, change.test.standard_error);
    }
    EXPECT_EQ(same.covariance, change.covariance);
  });
}

TEST(EstimatorsProperty, McNemarIsSymmetricAndNeverBeyondOne) {
  ForEachSeed("mcnemar", 300, [](uint64_t seed) {
    Random random(seed);
    PairCell cell;
    PairCell turned;
    for (const AnswerState a : {AnswerState::kNo, AnswerState::kYes}) {
      for (const AnswerState b : {AnswerState::kNo, AnswerState::kYes})
        cell.At(a, b) = turned.At(b, a) = random.UpTo(random.OneIn(3) ? 2000 : 12);
    }
    const PanelTest one = McNemar({{cell}});
    const PanelTest other = McNemar({{turned}});
    EXPECT_EQ(one.p_mid, other.p_mid);
    for (const double p : {one.p, one.p_corrected, one.p_exact, one.p_mid}) {
      EXPECT_GE(p, 0);
      EXPECT_LE(p, 1);
    }
    EXPECT_LE(one.p_mid, one.p_exact);
  });
}

// All tables with the margins of `counts` and its printed cells, by trying.
void Enumerate(std::vector<int64_t>& counts, size_t rows, size_t columns,
               const std::vector<TableCell>& suppressed, size_t next,
               std::vector<int64_t>& left_row, std::vector<int64_t>& left_column,
               std::vector<CellRange>* ranges) {
  if (next == suppressed.size()) {
    if (std::ranges::any_of(left_row, [](int64_t left) { return left != 0; }) ||
        std::ranges::any_of(left_column, [](int64_t left) { return left != 0; }))
      return;
    for (size_t i = 0; i < suppressed.size(); ++i) {
      const int64_t value = counts[suppressed[i].row * columns + suppressed[i].column];
      (*ranges)[i].least = std::min((*ranges)[i].least, value);
      (*ranges)[i].most = std::max((*ranges)[i].most, value);
    }
    return;
  }
  const TableCell& cell = suppressed[next];
  for (int64_t v = 0; v <= std::min(left_row[cell.row], left_column[cell.column]); ++v) {
    counts[cell.row * columns + cell.column] = v;
    left_row[cell.row] -= v;
    left_column[cell.column] -= v;
    Enumerate(counts, rows, columns, suppressed, next + 1, left_row, left_column, ranges);
    left_row[cell.row] += v;
    left_column[cell.column] += v;
  }
}

TEST(EstimatorsProperty, SuppressedCellsHaveTheRangeOfAllTablesThatFit) {
  ForEachSeed("suppressed cells", 200, [](uint64_t seed) {
    Random random(seed);
    const size_t rows = static_cast<size_t>(2 + random.UpTo(1));
    const size_t columns = static_cast<size_t>(2 + random.UpTo(2));
    std::vector<int64_t> counts(rows * columns);
    for (int64_t& count : counts) count = random.UpTo(4);
    std::vector<TableCell> suppressed;
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        if (suppressed.size() < 5 && random.OneIn(2)) suppressed.push_back({i, j});
      }
    }
    std::vector<int64_t> left_row(rows, 0);
    std::vector<int64_t> left_column(columns, 0);
    for (const TableCell& cell : suppressed) {
      left_row[cell.row] += counts[cell.row * columns + cell.column];
      left_column[cell.column] += counts[cell.row * columns + cell.column];
    }
    std::vector<CellRange> want(suppressed.size(), {1'000'000, -1});
    std::vector<int64_t> tried = counts;
    Enumerate(tried, rows, columns, suppressed, 0, left_row, left_column, &want);
    const std::vector<CellRange> got = AuditSuppressedCells(counts, rows, columns, suppressed);
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].least, want[i].least);
      EXPECT_EQ(got[i].most, want[i].most);
    }
  });
}

TEST(EstimatorsProperty, AdjustedPValuesAreWhatTheirDefinitionsSay) {
  ForEachSeed("adjusted p", 200, [](uint64_t seed) {
    Random random(seed);
    std::vector<std::optional<double>> p;
    for (int i = 0, n = random.UpTo(20); i < n; ++i)
      p.push_back(random.OneIn(5) ? std::nullopt : std::optional(random.UpTo(100) / 100.0));
    const std::vector<AdjustedP> adjusted = AdjustForMultiplicity(p);
    const auto tests = static_cast<double>(
        std::ranges::count_if(p, [](const auto& one) { return one.has_value(); }));
    for (size_t i = 0; i < p.size(); ++i) {
      ASSERT_EQ(adjusted[i].holm.has_value(), p[i].has_value());
      if (!p[i].has_value()) continue;
      // The smallest over all that are not smaller, of tests * p / (how many are at most p).
      double hochberg = 1;
      for (const auto& other : p) {
        if (!other.has_value() || *other < *p[i]) continue;
        const auto rank = static_cast<double>(std::ranges::count_if(
            p, [&](const auto& one) { return one.has_value() && *one <= *other; }));
        hochberg = std::min(hochberg, tests * *other / rank);
      }
      EXPECT_TRUE(Near(*adjusted[i].benjamini_hochberg, hochberg));
      EXPECT_GE(*adjusted[i].holm, *adjusted[i].benjamini_hochberg - 1e-12);
      EXPECT_GE(*adjusted[i].benjamini_yekutieli, *adjusted[i].benjamini_hochberg - 1e-12);
    }
  });
}

}  // namespace
}  // namespace imdi::domain
