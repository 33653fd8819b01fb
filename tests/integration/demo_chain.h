#pragma once

// The whole chain in one process as the integration tests use it: the survey's documents and the
// demonstration answers in over gRPC, figures out over gRPC.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/connection.h"
#include "clients/cli/submitter.h"
#include "services/allinone/allinone_app.h"
#include "services/base/clock.h"

namespace imdi::testing_support {

// The editions of the demonstration answers.
extern const std::vector<std::string> kEditions;
// Long enough for any machine.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// One run of the embedded process.
class System {
 public:
  explicit System(const std::string& folder);

  process::Process& all() { return *all_; }

  int64_t Head();
  absl::StatusOr<survey::query::v1::Figure> Get(const std::string& name,
                                                int64_t at_least_position = 0);
  // A cell of 2017, live, with everything counted that the log holds.
  survey::query::v1::Figure Of2017(const std::string& cell);
  absl::StatusOr<survey::ingestion::v1::SubmitResponse> Submit(
      const survey::ingestion::v1::SubmitRequest& request);

  std::unique_ptr<cli::Connection> connection;

 private:
  base::SystemClock clock_;
  std::unique_ptr<process::Process> all_;
};

// Every figure of an edition's release by its cell, page by page.
std::map<std::string, survey::query::v1::Figure> FiguresOf(cli::Connection& connection,
                                                           const std::string& edition,
                                                           int page_size = 0,
                                                           const std::string& indicator = "",
                                                           int64_t at_least_position = 0,
                                                           const std::string& release = "live");

// Applies the survey's documents. Fails the test where one of them has a finding.
void ApplyDocuments(System& system);

// Sends the demonstration answers.
cli::SubmitReport SubmitDemo(System& system, int64_t head_before);

// Documents and answers into an empty system; everything must be taken.
void SetUpDemo(System& system);

}  // namespace imdi::testing_support
