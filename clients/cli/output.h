#pragma once

// In which form a result leaves: the one place that decides. Programs read JSON or CSV, which are
// made from the result itself; for people each command says it in words of its own.

#include <functional>
#include <string>
#include <string_view>

#include "clients/cli/sheet.h"
#include "google/protobuf/message.h"

namespace imdi::cli {

enum class Format : uint8_t { kTable, kJson, kCsv };

class Output {
 public:
  explicit Output(Format format) : format_(format) {}

  Format format() const { return format_; }
  bool for_people() const { return format_ == Format::kTable; }

  // Prints a result for programs. False, with nothing printed, where a person reads it.
  // JSON: the message as one document. CSV: a row for each element of its repeated field `rows`, or
  // the message itself as one row where that is empty.
  bool Prints(const google::protobuf::Message& result, std::string_view rows = {}) const;
  // The same where the CSV is another than the message's own.
  bool Prints(const google::protobuf::Message& result, const std::function<Sheet()>& sheet) const;
  // The same of what is no message.
  bool Prints(const std::function<std::string()>& json, const std::function<Sheet()>& sheet) const;
  // One result of many that come one by one: a line of JSON, or a row below a head that is printed
  // once. It leaves at once.
  bool PrintsNext(const google::protobuf::Message& result);
  bool PrintsNext(const std::function<std::string()>& json_line,
                  const std::function<Sheet()>& sheet);

 private:
  const Format format_;
  bool head_printed_ = false;
};

}  // namespace imdi::cli
