#pragma once

// Counters, gauges and histograms in Prometheus' words, behind our own header so that few files pay
// for the library's. Objects returned by a registry live as long as it does; updating one is
// lock-free.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace imdi::base {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Increment(double by = 1);  // `by` below zero is ignored.
  double Value() const;

 private:
  friend class Metrics;
  explicit Counter(void* impl) : impl_(impl) {}
  void* impl_;
};

class Gauge {
 public:
  void Set(double value);
  void Add(double by);
  double Value() const;

 private:
  friend class Metrics;
  explicit Gauge(void* impl) : impl_(impl) {}
  void* impl_;
};

class Histogram {
 public:
  void Observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(void* impl) : impl_(impl) {}
  void* impl_;
};

// A registry. Asking twice for the same name and labels gives the same object. A family takes at
// most kMetricSeriesMax label sets; the next ones share one series whose label values are all
// "other", so that no caller can grow the process by inventing labels.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `name` as Prometheus wants it: imdi_<room>_<what>_<unit>[_total].
  Counter& CounterOf(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& GaugeOf(std::string_view name, std::string_view help, const Labels& labels = {});
  // `bounds` ascending; the first call for a name decides them.
  Histogram& HistogramOf(std::string_view name, std::string_view help, const Labels& labels,
                         std::span<const double> bounds);

  // Called before each exposition, for gauges that are read rather than updated. It must outlive
  // the registry or never be called again: do not register what dies earlier.
  void BeforeCollect(std::function<void()> update);

  // The text exposition format, all families.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Seconds, from 50 µs to 10 s.
std::span<const double> LatencyBounds();

}  // namespace imdi::base
