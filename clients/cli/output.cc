#include "clients/cli/output.h"

#include <cstdio>
#include <utility>

#include "clients/cli/print.h"

namespace imdi::cli {

bool Output::Prints(const google::protobuf::Message& result, std::string_view rows) const {
  return Prints(result, [&] { return SheetOf(result, rows); });
}

bool Output::Prints(const google::protobuf::Message& result,
                    const std::function<Sheet()>& sheet) const {
  return Prints([&] { return FormatJson(result); }, sheet);
}

bool Output::Prints(const std::function<std::string()>& json,
                    const std::function<Sheet()>& sheet) const {
  if (for_people()) return false;
  PrintOut(format_ == Format::kJson ? json() : FormatCsv(sheet()));
  return true;
}

bool Output::PrintsNext(const google::protobuf::Message& result) {
  return PrintsNext([&] { return FormatJsonLine(result) + "\n"; }, [&] { return SheetOf(result); });
}

bool Output::PrintsNext(const std::function<std::string()>& json_line,
                        const std::function<Sheet()>& sheet) {
  if (for_people()) return false;
  PrintOut(format_ == Format::kJson ? json_line()
                                    : FormatCsv(sheet(), !std::exchange(head_printed_, true)));
  std::fflush(stdout);
  return true;
}

}  // namespace imdi::cli
