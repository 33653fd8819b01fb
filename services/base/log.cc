#include "services/base/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

std::atomic<Level> lowest{Level::kInfo};

struct Sink {
  Mutex mutex;
  std::function<void(std::string_view)> write ABSL_GUARDED_BY(mutex);
};
Sink& TheSink() {
  static Sink* const sink = new Sink;  // Never destroyed: threads may log until the very end.
  return *sink;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const size_t valid = std::min(FirstInvalidUtf8(text), text.size());
    for (const char c : text.substr(0, valid)) {
      const auto byte = static_cast<uint8_t>(c);
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
      } else if (byte < 0x20) {
        StrAppend(out, "\\u00", Hex(std::string_view(&c, 1)));
      } else {
        out.push_back(c);
      }
    }
    text.remove_prefix(valid);
    if (!text.empty()) {
      out += "\\ufffd";
      text.remove_prefix(1);
    }
  }
  out.push_back('"');
}

struct AppendValue {
  std::string& out;
  void operator()(std::string_view text) const { AppendJsonString(out, text); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(double value) const {
    // JSON has no infinities and no NaN.
    const bool finite = value - value == 0;
    if (finite)
      StrAppend(out, value);
    else
      out += "null";
  }
  void operator()(int64_t value) const { StrAppend(out, value); }
  void operator()(uint64_t value) const { StrAppend(out, value); }
};

// 2017-03-01T12:00:00.123Z; the text of a second is made once by each thread.
std::string TimeText(absl::Time time) {
  // Without destructors: threads may log until the very end.
  thread_local int64_t second = std::numeric_limits<int64_t>::min();
  thread_local std::array<char, 40> text;
  thread_local size_t length = 0;
  const int64_t milliseconds = absl::ToUnixMillis(time);  // Rounded down.
  int64_t within = milliseconds % 1000;
  if (within < 0) within += 1000;
  const int64_t own = (milliseconds - within) / 1000;
  if (own != second) {
    const std::string made =
        absl::FormatTime("%Y-%m-%dT%H:%M:%S.", absl::FromUnixSeconds(own), absl::UTCTimeZone());
    length = made.copy(text.data(), text.size());
    second = own;
  }
  return StrCat(std::string_view(text.data(), length), within < 100 ? "0" : "",
                within < 10 ? "0" : "", within, "Z");
}

}  // namespace

std::string FormatLogLine(Level level, std::string_view event, std::span<const LogField> fields) {
  std::string out = "\"level\":";
  AppendJsonString(out, Name(level));
  out += ",\"event\":";
  AppendJsonString(out, event);
  for (const LogField& field : fields) {
    out.push_back(',');
    AppendJsonString(out, field.key);
    out.push_back(':');
    std::visit(AppendValue{out}, field.value.get());
  }
  return "{" + out + "}";
}

void LogEvent(Level level, std::string_view event, std::span<const LogField> fields) {
  if (level < lowest.load(std::memory_order_relaxed)) return;
  std::string line = StrCat("{\"time\":\"", TimeText(absl::Now()), "\",",
                            FormatLogLine(level, event, fields).substr(1));
  Sink& sink = TheSink();
  MutexLock lock(sink.mutex);
  if (sink.write) {
    sink.write(line);
    return;
  }
  line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void LogEvent(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  LogEvent(level, event, std::span<const LogField>(fields.begin(), fields.size()));
}

void SetLogLevel(Level level) { lowest.store(level); }
Level LogLevel() { return lowest.load(); }

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

void SetLogSink(std::function<void(std::string_view)> sink) {
  Sink& current = TheSink();
  MutexLock lock(current.mutex);
  current.write = std::move(sink);
}

}  // namespace imdi::base
