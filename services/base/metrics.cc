#include "services/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <set>

#include "services/base/limits.h"
#include "services/base/mutex.h"

namespace imdi::base {
namespace {

std::map<std::string, std::string> AsMap(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

}  // namespace

void Counter::Increment(double by) {
  if (by > 0) static_cast<prometheus::Counter*>(impl_)->Increment(by);
}
double Counter::Value() const { return static_cast<prometheus::Counter*>(impl_)->Value(); }
void Gauge::Set(double value) { static_cast<prometheus::Gauge*>(impl_)->Set(value); }
void Gauge::Add(double by) { static_cast<prometheus::Gauge*>(impl_)->Increment(by); }
double Gauge::Value() const { return static_cast<prometheus::Gauge*>(impl_)->Value(); }
void Histogram::Observe(double value) {
  static_cast<prometheus::Histogram*>(impl_)->Observe(value);
}

struct Metrics::Impl {
  using SeriesKey = std::pair<std::string, std::map<std::string, std::string>>;

  prometheus::Registry registry;
  Mutex mutex;
  std::map<std::string, std::set<std::map<std::string, std::string>>, std::less<>> series
      ABSL_GUARDED_BY(mutex);
  std::map<SeriesKey, Counter> counters ABSL_GUARDED_BY(mutex);
  std::map<SeriesKey, Gauge> gauges ABSL_GUARDED_BY(mutex);
  std::map<SeriesKey, Histogram> histograms ABSL_GUARDED_BY(mutex);
  std::vector<std::function<void()>> updates ABSL_GUARDED_BY(mutex);

  // The label set to use: the one asked for, or the shared one where the family is full.
  std::map<std::string, std::string> Admit(std::string_view name, const Labels& labels)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::map<std::string, std::string> wanted = AsMap(labels);
    auto& known = series[std::string(name)];
    if (known.contains(wanted)) return wanted;
    if (known.size() >= kMetricSeriesMax) {
      for (auto& [key, value] : wanted) value = "other";
    }
    known.insert(wanted);
    return wanted;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::CounterOf(std::string_view name, std::string_view help, const Labels& labels) {
  MutexLock lock(impl_->mutex);
  auto admitted = impl_->Admit(name, labels);
  const Impl::SeriesKey key(name, admitted);
  auto found = impl_->counters.find(key);
  if (found == impl_->counters.end()) {
    auto& family = prometheus::BuildCounter()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(impl_->registry);
    found = impl_->counters.emplace(key, Counter(&family.Add(admitted))).first;
  }
  return found->second;
}

Gauge& Metrics::GaugeOf(std::string_view name, std::string_view help, const Labels& labels) {
  MutexLock lock(impl_->mutex);
  auto admitted = impl_->Admit(name, labels);
  const Impl::SeriesKey key(name, admitted);
  auto found = impl_->gauges.find(key);
  if (found == impl_->gauges.end()) {
    auto& family = prometheus::BuildGauge()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(impl_->registry);
    found = impl_->gauges.emplace(key, Gauge(&family.Add(admitted))).first;
  }
  return found->second;
}

Histogram& Metrics::HistogramOf(std::string_view name, std::string_view help, const Labels& labels,
                                std::span<const double> bounds) {
  MutexLock lock(impl_->mutex);
  auto admitted = impl_->Admit(name, labels);
  const Impl::SeriesKey key(name, admitted);
  auto found = impl_->histograms.find(key);
  if (found == impl_->histograms.end()) {
    auto& family = prometheus::BuildHistogram()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(impl_->registry);
    auto& histogram =
        family.Add(admitted, prometheus::Histogram::BucketBoundaries(bounds.begin(), bounds.end()));
    found = impl_->histograms.emplace(key, Histogram(&histogram)).first;
  }
  return found->second;
}

void Metrics::BeforeCollect(std::function<void()> update) {
  MutexLock lock(impl_->mutex);
  impl_->updates.push_back(std::move(update));
}

std::string Metrics::Text() const {
  std::vector<std::function<void()>> updates;
  {
    MutexLock lock(impl_->mutex);
    updates = impl_->updates;
  }
  for (const auto& update : updates) update();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

std::span<const double> LatencyBounds() {
  static constexpr std::array kBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                         0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                         0.5,     1.0,    2.5,     5.0,    10.0};
  return kBounds;
}

}  // namespace imdi::base
