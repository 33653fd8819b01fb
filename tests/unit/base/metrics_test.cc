#include "services/base/metrics.h"

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t Count(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    ++count;
  return count;
}

TEST(Metrics, GivesTheSameSeriesForTheSameNameAndLabels) {
  Metrics metrics;
  Counter& counter =
      metrics.CounterOf("imdi_test_calls_total", "Calls.", {{"method", "Get"}, {"reason", "OK"}});
  counter.Increment();
  counter.Increment(2);
  counter.Increment(-5);
  counter.Increment(0);
  EXPECT_EQ(counter.Value(), 3);
  EXPECT_EQ(
      &metrics.CounterOf("imdi_test_calls_total", "Calls.", {{"reason", "OK"}, {"method", "Get"}}),
      &counter);
  EXPECT_NE(
      &metrics.CounterOf("imdi_test_calls_total", "Calls.", {{"method", "Set"}, {"reason", "OK"}}),
      &counter);
  Gauge& gauge = metrics.GaugeOf("imdi_test_lag", "Lag.");
  gauge.Set(5);
  gauge.Add(-7);
  EXPECT_EQ(metrics.GaugeOf("imdi_test_lag", "Lag.").Value(), -2);
}

TEST(Metrics, WritesTheExpositionFormat) {
  Metrics metrics;
  metrics.CounterOf("imdi_test_calls_total", "Finished calls.", {{"method", "a\"b\\c\nd"}})
      .Increment(3);
  metrics.GaugeOf("imdi_test_position", "Head of the log.").Set(42);
  const std::vector<double> bounds = {0.1, 1};
  Histogram& histogram =
      metrics.HistogramOf("imdi_test_seconds", "Time.", {{"method", "Get"}}, bounds);
  histogram.Observe(0.05);
  histogram.Observe(0.5);
  histogram.Observe(5);
  const std::string text = metrics.Text();
  EXPECT_THAT(
      text,
      HasSubstr(
          "# HELP imdi_test_calls_total Finished calls.\n# TYPE imdi_test_calls_total counter\n"
          "imdi_test_calls_total{method=\"a\\\"b\\\\c\\nd\"} 3"));
  EXPECT_THAT(text, HasSubstr("# TYPE imdi_test_position gauge\nimdi_test_position 42"));
  EXPECT_THAT(text, HasSubstr("# TYPE imdi_test_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("imdi_test_seconds_count{method=\"Get\"} 3"));
  EXPECT_THAT(text, HasSubstr("imdi_test_seconds_bucket{method=\"Get\",le=\"0.1\"} 1"));
  EXPECT_THAT(text, HasSubstr("imdi_test_seconds_bucket{method=\"Get\",le=\"1\"} 2"));
  EXPECT_THAT(text, HasSubstr("imdi_test_seconds_bucket{method=\"Get\",le=\"+Inf\"} 3"));
}

TEST(Metrics, SendsSeriesBeyondTheBoundToOther) {
  Metrics metrics;
  for (size_t i = 0; i < kMetricSeriesMax; ++i) {
    metrics.CounterOf("imdi_test_total", "T.", {{"unit", StrCat("u", i)}}).Increment();
  }
  for (int i = 0; i < 5'000; ++i) {
    metrics.CounterOf("imdi_test_total", "T.", {{"unit", StrCat("invented", i)}}).Increment();
  }
  EXPECT_EQ(metrics.CounterOf("imdi_test_total", "T.", {{"unit", "other"}}).Value(), 5'000);
  EXPECT_EQ(metrics.CounterOf("imdi_test_total", "T.", {{"unit", "u0"}}).Value(), 1)
      << "known ones keep their own";
  const std::string text = metrics.Text();
  EXPECT_EQ(Count(text, "imdi_test_total{"), kMetricSeriesMax + 1);
  EXPECT_THAT(text, Not(HasSubstr("invented")));
  // The bound is one family's own.
  metrics.CounterOf("imdi_test_second_total", "T.", {{"unit", "u0"}}).Increment();
  EXPECT_THAT(metrics.Text(), HasSubstr("imdi_test_second_total{unit=\"u0\"} 1"));
}

TEST(Metrics, BoundsGaugesAndHistogramsToo) {
  Metrics metrics;
  for (int i = 0; i < 1'000; ++i) {
    metrics.GaugeOf("imdi_test_gauge", "T.", {{"unit", StrCat("u", i)}}).Set(i);
    metrics.HistogramOf("imdi_test_seconds", "T.", {{"unit", StrCat("u", i)}}, LatencyBounds())
        .Observe(1);
  }
  const std::string text = metrics.Text();
  EXPECT_EQ(Count(text, "imdi_test_gauge{"), kMetricSeriesMax + 1);
  EXPECT_EQ(Count(text, "imdi_test_seconds_count{"), kMetricSeriesMax + 1);
  EXPECT_THAT(text, HasSubstr("imdi_test_seconds_count{unit=\"other\"} 800"));
}

TEST(Metrics, ReadsValuesBeforeEachExpositionUntilTheReaderGoes) {
  Metrics metrics;
  int asked = 0;
  Gauge& gauge = metrics.GaugeOf("imdi_test_asked", "Times asked.");
  {
    const Metrics::Reading reading = metrics.OnRead([&] { gauge.Set(++asked); });
    EXPECT_THAT(metrics.Text(), HasSubstr("imdi_test_asked 1"));
    EXPECT_THAT(metrics.Text(), HasSubstr("imdi_test_asked 2"));
  }
  metrics.Text();
  EXPECT_EQ(asked, 2);
}

TEST(Metrics, AReadingMovesWithItsOwner) {
  Metrics metrics;
  int first = 0, second = 0;
  Metrics::Reading kept = metrics.OnRead([&] { ++first; });
  std::vector<Metrics::Reading> readings;
  readings.push_back(std::move(kept));
  metrics.Text();
  EXPECT_EQ(first, 1);
  readings.front() = metrics.OnRead([&] { ++second; });
  metrics.Text();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(Metrics, ACountThatIsKeptElsewhereOnlyRises) {
  Metrics metrics;
  Counter& counter = metrics.CounterOf("imdi_test_total", "T.");
  counter.RaiseTo(7);
  counter.RaiseTo(5);
  EXPECT_EQ(counter.Value(), 7);
  counter.RaiseTo(9);
  EXPECT_EQ(counter.Value(), 9);
}

TEST(Metrics, ShowsTheProgressOfWhatTakesLong) {
  Metrics metrics;
  Progress& progress = metrics.ProgressOf("refold", "records");
  EXPECT_EQ(&metrics.ProgressOf("refold", "records"), &progress);
  Progress::Run run = progress.Begin(200);
  run.To(50);
  std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("imdi_task_running{task=\"refold\"} 1"));
  EXPECT_THAT(text, HasSubstr("imdi_task_progress_ratio{task=\"refold\"} 0.25"));
  EXPECT_THAT(text, HasSubstr("imdi_task_last_success_timestamp_seconds{task=\"refold\"} 0"));
  run.Succeed();
  text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("imdi_task_running{task=\"refold\"} 0"));
  EXPECT_THAT(text, HasSubstr("imdi_task_progress_ratio{task=\"refold\"} 1"));
  EXPECT_THAT(text, HasSubstr("imdi_task_runs_total{result=\"succeeded\",task=\"refold\"} 1"));
  ASSERT_EQ(metrics.AllProgress().size(), 1);
  EXPECT_EQ(metrics.AllProgress().front().task, "refold");
}

TEST(Metrics, CountsFromManyThreadsWhileBeingRead) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 2'000; ++i) {
        metrics.CounterOf("imdi_test_total", "T.", {{"thread", StrCat(t)}}).Increment();
        metrics.CounterOf("imdi_test_shared_total", "T.").Increment();
        metrics.HistogramOf("imdi_test_seconds", "T.", {}, LatencyBounds()).Observe(0.001);
      }
    });
  }
  for (int i = 0; i < 20; ++i)
    EXPECT_LE(metrics.CounterOf("imdi_test_shared_total", "T.").Value(), 8'000);
  for (int i = 0; i < 20; ++i) metrics.Text();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.CounterOf("imdi_test_shared_total", "T.").Value(), 8'000);
  EXPECT_EQ(metrics.CounterOf("imdi_test_total", "T.", {{"thread", "3"}}).Value(), 2'000);
  EXPECT_THAT(metrics.Text(), HasSubstr("imdi_test_seconds_count 8000"));
}

TEST(LatencyBounds, Ascend) {
  for (size_t i = 1; i < LatencyBounds().size(); ++i)
    EXPECT_LT(LatencyBounds()[i - 1], LatencyBounds()[i]);
}

}  // namespace
}  // namespace imdi::base
