#include "services/domain/distributions.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>
#include <vector>

namespace imdi::domain {
namespace {

namespace bmp = boost::math::policies;
// A bad argument gives NaN, an overflow infinity; Boost would throw.
using Quiet =
    bmp::policy<bmp::domain_error<bmp::ignore_error>, bmp::pole_error<bmp::ignore_error>,
                bmp::overflow_error<bmp::ignore_error>, bmp::underflow_error<bmp::ignore_error>,
                bmp::denorm_error<bmp::ignore_error>, bmp::evaluation_error<bmp::ignore_error>>;
using Student = boost::math::students_t_distribution<double, Quiet>;
using Normal = boost::math::normal_distribution<double, Quiet>;
using Beta = boost::math::beta_distribution<double, Quiet>;
using Binomial = boost::math::binomial_distribution<double, Quiet>;
using ChiSquared = boost::math::chi_squared_distribution<double, Quiet>;
using Fisher = boost::math::fisher_f_distribution<double, Quiet>;

// Quantiles of one level by degrees of freedom; 0 = not computed yet (no quantile is 0).
struct StudentTable {
  static constexpr size_t kSize = 4096;
  double level = -1;
  std::vector<double> by_df;
};

double ComputeStudent(double level, int32_t df) {
  return boost::math::quantile(boost::math::complement(Student(df), (1 - level) / 2));
}

}  // namespace

double StudentQuantile(double level, int32_t df) {
  thread_local StudentTable table;
  if (df < 1) return std::nan("");
  if (static_cast<size_t>(df) >= StudentTable::kSize) return ComputeStudent(level, df);
  if (table.level != level) {
    table.by_df.assign(StudentTable::kSize, 0);
    table.level = level;
  }
  double& known = table.by_df[static_cast<size_t>(df)];
  if (known == 0) known = ComputeStudent(level, df);
  return known;
}

double StudentTwoSidedP(double t, int32_t df) {
  return 2 * boost::math::cdf(boost::math::complement(Student(df), std::fabs(t)));
}

double NormalQuantile(double level) {
  thread_local double last_level = -1;
  thread_local double last = 0;
  if (last_level != level) {
    last = boost::math::quantile(boost::math::complement(Normal(), (1 - level) / 2));
    last_level = level;
  }
  return last;
}

double BetaQuantile(double probability, double a, double b) {
  return boost::math::quantile(Beta(a, b), probability);
}

double ChiSquaredUpper(double x, double df) {
  return boost::math::cdf(boost::math::complement(ChiSquared(df), x));
}

double FisherUpper(double f, double numerator, double denominator) {
  return boost::math::cdf(boost::math::complement(Fisher(numerator, denominator), f));
}

double HalfBinomialAtMost(int32_t k, int32_t trials) {
  return boost::math::cdf(Binomial(trials, 0.5), k);
}

double HalfBinomialEqual(int32_t k, int32_t trials) {
  return boost::math::pdf(Binomial(trials, 0.5), k);
}

}  // namespace imdi::domain
