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
void Counter::RaiseTo(double value) { Increment(value - Value()); }
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
  std::map<std::string, std::unique_ptr<Progress>, std::less<>> progress ABSL_GUARDED_BY(mutex);

  Mutex read_mutex ABSL_ACQUIRED_BEFORE(mutex);  // Held while values are read.
  int64_t last_reading ABSL_GUARDED_BY(read_mutex) = 0;
  std::map<int64_t, std::function<void()>> readings ABSL_GUARDED_BY(read_mutex);

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

Progress& Metrics::ProgressOf(std::string_view task, std::string_view unit) {
  MutexLock lock(impl_->mutex);
  auto found = impl_->progress.find(task);
  if (found == impl_->progress.end()) {
    found = impl_->progress.emplace(task, std::make_unique<Progress>(task, unit)).first;
  }
  return *found->second;
}

std::vector<Progress::View> Metrics::AllProgress() const {
  MutexLock lock(impl_->mutex);
  std::vector<Progress::View> views;
  views.reserve(impl_->progress.size());
  for (const auto& [task, progress] : impl_->progress) views.push_back(progress->Look());
  return views;
}

void Metrics::ShowProgress() {
  for (const Progress::View& view : AllProgress()) {
    const Labels task = {{"task", view.task}};
    const auto result = [&](std::string_view name) -> Labels {
      return {{"task", view.task}, {"result", std::string(name)}};
    };
    const auto items = [&](std::string_view state) -> Labels {
      return {{"task", view.task}, {"unit", view.unit}, {"state", std::string(state)}};
    };
    GaugeOf("imdi_task_running", "1 while the task runs.", task).Set(view.running ? 1 : 0);
    GaugeOf("imdi_task_progress_ratio",
            "How far the run in progress, else the last one, has come; 0 while not known.", task)
        .Set(view.ratio());
    GaugeOf("imdi_task_items", "What the run has done and what it has to do; 0 = not known.",
            items("done"))
        .Set(static_cast<double>(view.done));
    GaugeOf("imdi_task_items", "", items("planned")).Set(static_cast<double>(view.planned));
    GaugeOf("imdi_task_run_seconds", "How long the run in progress, else the last one, has taken.",
            task)
        .Set(absl::ToDoubleSeconds(view.took));
    GaugeOf("imdi_task_last_success_timestamp_seconds",
            "When a run last ended well, seconds since 1970; 0 = not since the process began.",
            task)
        .Set(view.succeeded == 0 ? 0
                                 : absl::ToDoubleSeconds(view.last_success - absl::UnixEpoch()));
    CounterOf("imdi_task_runs_total", "Runs that have ended.", result("succeeded"))
        .RaiseTo(static_cast<double>(view.succeeded));
    CounterOf("imdi_task_runs_total", "", result("failed"))
        .RaiseTo(static_cast<double>(view.failed));
  }
}

Metrics::Reading Metrics::OnRead(std::function<void()> read) {
  MutexLock lock(impl_->read_mutex);
  impl_->readings.emplace(++impl_->last_reading, std::move(read));
  return {this, impl_->last_reading};
}

Metrics::Reading& Metrics::Reading::operator=(Reading&& other) noexcept {
  if (this == &other) return *this;
  End();
  metrics_ = other.metrics_;
  id_ = other.id_;
  other.metrics_ = nullptr;
  return *this;
}

void Metrics::Reading::End() {
  if (metrics_ == nullptr) return;
  MutexLock lock(metrics_->impl_->read_mutex);
  metrics_->impl_->readings.erase(id_);
  metrics_ = nullptr;
}

std::string Metrics::Text() {
  MutexLock lock(impl_->read_mutex);
  for (const auto& [id, read] : impl_->readings) read();
  ShowProgress();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

std::span<const double> LatencyBounds() {
  static constexpr std::array kBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                         0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                         0.5,     1.0,    2.5,     5.0,    10.0};
  return kBounds;
}

std::span<const double> CountBounds() {
  static constexpr std::array kBounds = {1.0,   2.0,   4.0,   8.0,    16.0,   32.0,  64.0,
                                         128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0};
  return kBounds;
}

std::span<const double> ByteBounds() {
  static constexpr std::array kBounds = {256.0,    1024.0,    4096.0,    16384.0,   65536.0,
                                         262144.0, 1048576.0, 4194304.0, 16777216.0};
  return kBounds;
}

}  // namespace imdi::base
