#include "imdi/survey/client/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imdi/survey/client/testing/fake_survey.h"

namespace imdi::survey::client {
namespace {

using model::v1::LANGUAGE_EN;
using model::v1::LANGUAGE_NB;
using model::v1::LANGUAGE_NN;
using testing::FigureOf;
using testing::FigureOfNumber;
using testing::FigureWithout;

TEST(Value, ZeroIsAShareAndNoValueIsNone) {
  EXPECT_EQ(std::get<Share>(ValueOf(FigureOf("A.B", 0, 7))).fraction, 0.0);
  for (int reason = query::v1::NoValueReason_MIN + 1; reason <= query::v1::NoValueReason_MAX;
       ++reason) {
    const auto why = static_cast<NoValueReason>(reason);
    const Value value = ValueOf(FigureWithout("A.B", why, ":"));
    EXPECT_EQ(std::get<NoValue>(value).reason, why);
    EXPECT_EQ(Percent(value, 1, LANGUAGE_NN), ":");
  }
}

TEST(Value, OfAStateThatThisVersionDoesNotKnowIsNoValue) {
  const Value value = ValueOf(Figure());
  EXPECT_EQ(std::get<NoValue>(value).reason, query::v1::NO_VALUE_REASON_UNSPECIFIED);
  EXPECT_EQ(Percent(value, 0, LANGUAGE_NB), "..");
}

TEST(Value, HasTheEstimateForAllWithItsIntervalWhereThereIsOne) {
  Figure figure = FigureOf("A.B", 1, 2);
  EXPECT_FALSE(std::get<Share>(ValueOf(figure)).for_all.has_value());
  figure.mutable_estimate()->set_value(0.4);
  figure.mutable_estimate()->set_lower(0.3);
  figure.mutable_estimate()->set_upper(0.6);
  figure.mutable_estimate()->set_method(query::v1::INTERVAL_METHOD_WILSON);
  EXPECT_EQ(std::get<Share>(ValueOf(figure)).for_all->interval->upper, 0.6);
  figure.mutable_estimate()->set_method(query::v1::INTERVAL_METHOD_NONE);
  EXPECT_FALSE(std::get<Share>(ValueOf(figure)).for_all->interval.has_value());
}

TEST(Value, OfANumberIsNeverAShare) {
  Figure figure = FigureOfNumber("A.B", 0.5, 7, 2);
  figure.mutable_unit_title()->set_nn("personar");
  figure.mutable_unit_title()->set_nb("personer");
  Value value = ValueOf(figure);
  EXPECT_EQ(std::get<Number>(value).number, 0.5);
  EXPECT_FALSE(std::get<Number>(value).for_all.has_value());
  EXPECT_EQ(Percent(value, 1, LANGUAGE_NN), "");
  EXPECT_EQ(Shown(value, 1, LANGUAGE_NN), "0,50 personar");
  EXPECT_EQ(Shown(value, 1, LANGUAGE_EN), "0.50 personer");
  EXPECT_EQ(Shown(ValueOf(FigureOf("A.B", 1, 2)), 1, LANGUAGE_NN), "50,0 %");
  EXPECT_EQ(Shown(ValueOf(FigureWithout("A.B", query::v1::NO_VALUE_REASON_NOT_YET, "..")), 1,
                  LANGUAGE_NN),
            "..");
  query::v1::Estimate& estimate = *figure.mutable_estimate();
  estimate.set_value(3);
  estimate.set_lower(1);
  estimate.set_upper(5);
  estimate.set_upper_open(true);
  estimate.set_method(query::v1::INTERVAL_METHOD_WOODRUFF);
  value = ValueOf(figure);
  EXPECT_EQ(std::get<Number>(value).for_all->number, 3);
  EXPECT_TRUE(std::get<Number>(value).for_all->interval->upper_open);
  EXPECT_FALSE(std::get<Number>(value).for_all->interval->lower_open);
  // A unit of a newer server.
  figure.set_unit("days");
  EXPECT_TRUE(std::holds_alternative<Number>(ValueOf(figure)));
}

TEST(Value, IsShownAsPercentRoundedHalfAwayFromZeroWithTheSignOfTheLanguage) {
  EXPECT_EQ(Percent(0.125, 0, LANGUAGE_NN), "13");
  EXPECT_EQ(Percent(0.0145, 1, LANGUAGE_NB), "1,5");
  EXPECT_EQ(Percent(-0.125, 0, LANGUAGE_NB), "-13");
  EXPECT_EQ(Percent(ValueOf(FigureOf("A.B", 253, 322)), 1, LANGUAGE_EN), "78.6");
}

TEST(Value, NamesCellAndGroupOfAFigure) {
  Figure figure;
  figure.set_name("editions/KU2017/releases/2/figures/Q_INT02.ANSWERED.answer=1.imdi_region=3");
  EXPECT_EQ(CellOf(figure), "Q_INT02.ANSWERED.answer=1.imdi_region=3");
  EXPECT_EQ(GroupOf(figure, "imdi_region"), "3");
  EXPECT_EQ(GroupOf(figure, "answer"), "1");
  EXPECT_EQ(GroupOf(figure, "size_group"), "");
}

TEST(Value, TextsInEnglishFallBackToBokmaal) {
  LocalizedText text;
  text.set_nn("kommunane");
  text.set_nb("kommunene");
  EXPECT_EQ(TextIn(text, LANGUAGE_NN), "kommunane");
  EXPECT_EQ(TextIn(text, LANGUAGE_EN), "kommunene");
  text.set_en("the municipalities");
  EXPECT_EQ(TextIn(text, LANGUAGE_EN), "the municipalities");
}

}  // namespace
}  // namespace imdi::survey::client
