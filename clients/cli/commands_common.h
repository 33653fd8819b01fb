#pragma once

// What the command files share: the retrying call, and how errors are printed.

#include <cstdio>
#include <string>

#include "clients/cli/commands.h"

namespace imdi::cli {

void PrintOut(const std::string& text);
void PrintError(const std::string& text);
// Prints the error with its reason and place, and returns its exit code.
int Fail(const absl::Status& status);
void PrintProblems(const std::vector<config::Problem>& problems, size_t count);

// The cell out of a figure's name: IND_RR.FRAME.imdi_region=3.
std::string CellOf(const query_api::Figure& figure);
// "73.0", or the sign that stands in its place.
std::string ValueOf(const query_api::Figure& figure, int decimals);
// The estimate for all units, "61.9", or "" where there is none.
std::string EstimateOf(const query_api::Figure& figure);
// Its interval, "58.9–64.9", or "" where there is none, or none is needed because everybody
// answered.
std::string IntervalOf(const query_api::Figure& figure);
// "44.4–72.8", or "" where there are no bounds.
std::string BoundsOf(const query_api::Figure& figure);

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Commands::Try(Stub& stub,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       const Request& request) const {
  absl::StatusOr<Response> response = absl::UnknownError("not called");
  const absl::Status status = WithRetries(absl::Seconds(options_.timeout_seconds), [&] {
    response = connection_.Call(stub, method, request);
    return response.status();
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace imdi::cli
