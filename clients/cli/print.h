#pragma once

// What imdictl prints: tables whose columns line up whatever the letters, and protobuf messages as
// JSON.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"
#include "services/base/percent.h"

namespace imdi::cli {

inline constexpr size_t kTextColumns = 100;  // Running text is wrapped there.

// Rows of cells; the first row is the head. The first column is left-aligned, the others
// right-aligned unless `left` is true.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows, bool left = false);

// Columns that a UTF-8 text takes (one for each code point).
size_t DisplayWidth(std::string_view text);

// Words of a text in lines of at most `width` columns; lines after the first begin with `indent`
// spaces, which the first is taken to have already. A longer word has a line of its own.
std::string Wrap(std::string_view text, size_t indent, size_t width);

// `text` in exactly so many columns: filled up with spaces, or cut with an ellipsis.
std::string Fit(std::string text, size_t columns);

// proto3 JSON with proto field names, two spaces of indent, one line end.
std::string FormatJson(const google::protobuf::Message& message);

// The same on one line, without the line end.
std::string FormatJsonLine(const google::protobuf::Message& message);

using base::FormatNumber;
using base::FormatPercent;

// A number as printf says it.
std::string Number(double value, const char* format);

// Results.
void PrintOut(const std::string& text);
// The exit code of a command whose output is complete, or kExitFailed, and why, where some of it
// was not written.
int Flushed(int exit_code);
// Progress, notes and errors.
void PrintError(const std::string& text);

// True when standard error is a terminal.
bool OnTerminal();

// One line that is drawn over and over on a terminal; plain lines at every tenth part otherwise.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void Show(size_t done, size_t all);
  // Leaves the line; the destructor does so too.
  void End();

 private:
  const std::string title_;
  const bool terminal_;
  size_t shown_ = 0;  // Last per mille (terminal) or tenth drawn.
  bool drawn_ = false;
};

}  // namespace imdi::cli
