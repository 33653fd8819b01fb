#pragma once

// The exit codes of imdictl, and their words in its help and in docs/imdictl.md.

#include <array>
#include <string_view>

#include "absl/status/status.h"

namespace imdi::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInvalid = 3;
inline constexpr int kExitNotFound = 4;
inline constexpr int kExitConflict = 5;
inline constexpr int kExitUnavailable = 6;
inline constexpr int kExitDifferent = 7;
inline constexpr int kExitCorrupt = 8;
inline constexpr int kExitUnhealthy = 9;

struct ExitCode {
  int code;
  std::string_view means;   // In the help.
  std::string_view detail;  // In the document, after it.
};

inline constexpr std::array kExitCodes = {
    ExitCode{kExitOk, "done", ""},
    ExitCode{kExitFailed, "failed", "something else went wrong; the message says what"},
    ExitCode{kExitUsage, "command line", "an option or argument is missing or wrong"},
    ExitCode{kExitInvalid, "invalid input",
             "documents, answers or arguments are wrong; nothing was done with those that are"},
    ExitCode{kExitNotFound, "not found", "there is no such thing"},
    ExitCode{kExitConflict, "state does not allow it",
             "closed, stale, already there, or not allowed yet"},
    ExitCode{kExitUnavailable, "service unavailable (try again)",
             "it cannot be reached, is overloaded, or did not answer in time"},
    ExitCode{kExitDifferent, "there are differences", "of `diff`, and of `releases verify`"},
    ExitCode{kExitCorrupt, "the log does not verify",
             "what is stored, in a store or a backup, is damaged"},
    ExitCode{kExitUnhealthy, "not healthy",
             "of `status`: a service is away, does not serve, has stopped, or is stale"},
};

int ExitCodeOf(const absl::Status& status);

}  // namespace imdi::cli
