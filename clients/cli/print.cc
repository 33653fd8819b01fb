#include "clients/cli/print.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "clients/cli/exit_codes.h"
#include "google/protobuf/util/json_util.h"
#include "services/base/text.h"

namespace imdi::cli {

std::string Number(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows, bool left) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      const std::string padding(widths[i] - DisplayWidth(row[i]), ' ');
      line += left || i == 0 ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
  }
  return out;
}

std::string Wrap(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = indent;
  bool first = true;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word.empty()) continue;
    const size_t columns = DisplayWidth(word);
    if (!first && column + 1 + columns > width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
    first = false;
  }
  return out;
}

std::string Fit(std::string text, size_t columns) {
  size_t width = DisplayWidth(text);
  if (width > columns) {
    while (width > columns - 1) {
      while ((static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
      text.pop_back();
      --width;
    }
    text += "…";
    ++width;
  }
  return text.append(columns - width, ' ');
}

namespace {

// True once something could not be printed as it is.
std::atomic<bool>& Incomplete() {
  static std::atomic<bool> incomplete = false;
  return incomplete;
}

std::string ToJson(const google::protobuf::Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = whitespace;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (status.ok()) return json;
  PrintError(base::StrCat("imdictl: ", message.GetTypeName(),
                          " cannot be printed as JSON: ", status.message().ToString(), "\n"));
  Incomplete() = true;
  return "{}";
}

}  // namespace

std::string FormatJson(const google::protobuf::Message& message) {
  std::string json = ToJson(message, true);
  if (json.back() != '\n') json += '\n';
  return json;
}

std::string FormatJsonLine(const google::protobuf::Message& message) {
  return ToJson(message, false);
}

void PrintOut(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int Flushed(int exit_code) {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    PrintError(
        base::StrCat("imdictl: the output could not be written: ", std::strerror(errno), "\n"));
    Incomplete() = true;
  }
  return exit_code == kExitOk && Incomplete() ? kExitFailed : exit_code;
}

void PrintError(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool OnTerminal() { return isatty(STDERR_FILENO) == 1; }

ProgressBar::ProgressBar(std::string title) : title_(std::move(title)), terminal_(OnTerminal()) {}

ProgressBar::~ProgressBar() { End(); }

void ProgressBar::End() {
  if (terminal_ && std::exchange(drawn_, false)) std::fputc('\n', stderr);
}

void ProgressBar::Show(size_t done, size_t all) {
  if (all == 0) return;
  const size_t steps = terminal_ ? 1'000 : 10;
  const size_t step = done * steps / all;
  if (step == shown_ && drawn_) return;
  if (!terminal_ && step == shown_) return;
  shown_ = step;
  drawn_ = true;
  if (!terminal_) {
    std::fprintf(stderr, "%s: %zu of %zu\n", title_.c_str(), done, all);
    return;
  }
  constexpr size_t kWidth = 40;
  const size_t filled = done * kWidth / all;
  std::fprintf(stderr, "\r%s [%s%s] %zu of %zu", title_.c_str(), std::string(filled, '#').c_str(),
               std::string(kWidth - filled, ' ').c_str(), done, all);
  std::fflush(stderr);
}

}  // namespace imdi::cli
