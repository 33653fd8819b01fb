#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expr` from the enclosing function unless it is OK.
#define IMDI_RETURN_IF_ERROR(expr)        \
  do {                                    \
    ::absl::Status imdi_status_ = (expr); \
    if (!imdi_status_.ok()) [[unlikely]]  \
      return imdi_status_;                \
  } while (false)

#define IMDI_STATUS_MACROS_CONCAT_INNER_(a, b) a##b
#define IMDI_STATUS_MACROS_CONCAT_(a, b) IMDI_STATUS_MACROS_CONCAT_INNER_(a, b)

// IMDI_ASSIGN_OR_RETURN(const Edition edition, ParseEdition(text));
// Evaluates the second argument (an absl::StatusOr), returns its status when it holds none, else
// moves the value into the first. Not usable as the only statement of an `if` without braces.
// A declaration with commas in its type needs a `using` or `auto`.
#define IMDI_ASSIGN_OR_RETURN(lhs, ...)                                                   \
  IMDI_ASSIGN_OR_RETURN_IMPL_(IMDI_STATUS_MACROS_CONCAT_(imdi_status_or_, __LINE__), lhs, \
                              __VA_ARGS__)

#define IMDI_ASSIGN_OR_RETURN_IMPL_(result, lhs, ...) \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) [[unlikely]]                      \
    return std::move(result).status();                \
  lhs = std::move(result).value()
