#pragma once

// Counters, gauges and histograms in Prometheus' words, behind our own header so that few files pay
// for the library's. Objects returned by a registry live as long as it does; updating one is
// lock-free. Long-running work says here how far it has come, too.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/progress.h"

namespace imdi::base {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Increment(double by = 1);  // `by` below zero is ignored.
  // For counts that are kept elsewhere: adds what is missing to `value`. One caller at a time.
  void RaiseTo(double value);
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

  // The progress of a kind of work, shown as imdi_task_*{task}; `unit` says what it counts
  // ("records"). Tasks are named in code, never by callers.
  Progress& ProgressOf(std::string_view task, std::string_view unit);
  std::vector<Progress::View> AllProgress() const;

  // Values that are read rather than kept up to date: `read` is called before each exposition, one
  // call at a time, until the object goes; it must be quick and must not destroy a Reading.
  class Reading {
   public:
    Reading() = default;
    ~Reading() { End(); }
    Reading(Reading&& other) noexcept : metrics_(other.metrics_), id_(other.id_) {
      other.metrics_ = nullptr;
    }
    Reading& operator=(Reading&& other) noexcept;
    void End();

   private:
    friend class Metrics;
    Reading(Metrics* metrics, int64_t id) : metrics_(metrics), id_(id) {}
    Metrics* metrics_ = nullptr;
    int64_t id_ = 0;
  };
  [[nodiscard]] Reading OnRead(std::function<void()> read);

  // The text exposition format, all families.
  std::string Text();

 private:
  void ShowProgress();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Seconds, from 50 µs to 10 s.
std::span<const double> LatencyBounds();
// Powers of two, from 1 to 4 096.
std::span<const double> CountBounds();
// Powers of four, from 256 to 16 Mi.
std::span<const double> ByteBounds();

}  // namespace imdi::base
