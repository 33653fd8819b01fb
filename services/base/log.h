#pragma once

// One JSON object a line, on standard error. Never answers, names or free text: ids, codes, counts.

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace imdi::base {

enum class Level : int8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

class LogValue {
 public:
  LogValue(std::string_view value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  LogValue(const std::string& value)
      : value_(std::string_view(value)) {}  // NOLINT(google-explicit-constructor)
  LogValue(const char* value)
      : value_(std::string_view(value)) {}   // NOLINT(google-explicit-constructor)
  LogValue(bool value) : value_(value) {}    // NOLINT(google-explicit-constructor)
  LogValue(double value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::integral T>
  requires(!std::same_as<T, bool>) LogValue(T value)
      : value_(Widen(value)) {}  // NOLINT(google-explicit-constructor)

  const auto& get() const { return value_; }

 private:
  template <std::integral T>
  static std::variant<std::string_view, bool, double, int64_t, uint64_t> Widen(T value) {
    if constexpr (std::signed_integral<T>)
      return static_cast<int64_t>(value);
    else
      return static_cast<uint64_t>(value);
  }

  std::variant<std::string_view, bool, double, int64_t, uint64_t> value_;
};

struct LogField {
  std::string_view key;
  LogValue value;
};

// LogEvent(Level::kInfo, "store_opened", {{"records", count}, {"ms", elapsed}});
// writes
// {"time":"2017-10-04T08:00:00.123Z","level":"info","event":"store_opened","records":12,"ms":3}
void LogEvent(Level level, std::string_view event, std::span<const LogField> fields);
void LogEvent(Level level, std::string_view event, std::initializer_list<LogField> fields = {});

// Lines below `level` are not written. Default kInfo.
void SetLogLevel(Level level);
Level LogLevel();
std::string_view Name(Level level);

// Sends whole lines (without newline) to `sink` instead of standard error; an empty function
// restores standard error. The sink is called from any thread, one call at a time. For tests and
// tools.
void SetLogSink(std::function<void(std::string_view)> sink);

// The line LogEvent would write, without newline and without the time.
std::string FormatLogLine(Level level, std::string_view event, std::span<const LogField> fields);

}  // namespace imdi::base
