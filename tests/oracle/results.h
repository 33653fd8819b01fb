#pragma once

// Computes a request from counts with the estimators of the domain, in the layout of expected.json.

#include "absl/status/statusor.h"
#include "tests/oracle/case.h"
#include "tests/oracle/document.h"

namespace imdi::oracle {

// A request that is not marked as unsupported. `done` holds the results of those before it.
absl::StatusOr<Value> Compute(const Case& data, const Request& request, const Value& done);

}  // namespace imdi::oracle
