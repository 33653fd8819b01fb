#include "clients/cli/figure_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace imdi::cli {
namespace {

namespace query = survey::query::v1;

TEST(FigureText, NeverTakesANumberForAShare) {
  query::Figure share;
  share.set_unit("fraction");
  share.set_value(0.5);
  query::Figure number = share;
  number.set_unit("number");
  number.set_decimals(2);
  EXPECT_EQ(ValueOf(share, 1), "50.0");
  EXPECT_EQ(ValueOf(number, 1), "0.50");
  query::Estimate& estimate = *number.mutable_estimate();
  estimate.set_value(0.4);
  estimate.set_lower(0.25);
  estimate.set_upper(0.75);
  estimate.set_method(query::INTERVAL_METHOD_WOODRUFF);
  *share.mutable_estimate() = estimate;
  EXPECT_EQ(IntervalOf(share), "25.0–75.0");
  EXPECT_EQ(IntervalOf(number), "0.25–0.75");
  estimate.set_lower_open(true);
  estimate.set_unbounded(true);
  EXPECT_EQ(IntervalOf(number), "…–0.75");
  EXPECT_EQ(BoundsOf(number), "");
  EXPECT_EQ(BoundsOf(share), "0.0–0.0");
}

TEST(FigureText, PutsTheDecimalsOfAScaledNumber) {
  EXPECT_EQ(ScaledText(105, 1), "10.5");
  EXPECT_EQ(ScaledText(-5, 2), "-0.05");
  EXPECT_EQ(ScaledText(7, 0), "7");
  EXPECT_EQ(ScaledText(0, 3), "0.000");
  EXPECT_EQ(ScaledText(std::numeric_limits<int64_t>::min(), 0), "-9223372036854775808");
}

}  // namespace
}  // namespace imdi::cli
