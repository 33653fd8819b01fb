#pragma once

// The commands of imdictl. Each prints its result to standard output and what went wrong to
// standard error, and returns the exit code of the process.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/connection.h"
#include "services/config/yaml_message.h"

namespace imdi::cli {

// Exit codes.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // Something else.
inline constexpr int kExitUsage = 2;   // The command line.
inline constexpr int kExitInvalid =
    3;  // Documents, answers or arguments are wrong; nothing was done with those that are.
inline constexpr int kExitNotFound = 4;  // There is no such thing.
inline constexpr int kExitConflict =
    5;  // The state does not allow it (closed, stale, already there).
inline constexpr int kExitUnavailable =
    6;  // The server cannot be reached or is overloaded; try again.
inline constexpr int kExitDifferent = 7;  // diff: there are differences.
inline constexpr int kExitCorrupt = 8;    // The log does not verify.

int ExitCodeOf(const absl::Status& status);

struct Options {
  std::string server = "127.0.0.1:50051";
  std::string internal = "127.0.0.1:50052";
  bool json = false;
  std::string language = "nb";  // Of labels: nn, nb or en.
  int timeout_seconds = 10;     // Of one call.
  int patience_seconds = 120;   // Of all tries of a call that is tried again.
};

class Commands {
 public:
  explicit Commands(const Options& options);

  // ---- definitions
  int Apply(const std::vector<std::string>& paths, bool dry_run);
  int Diff(const std::vector<std::string>& paths);
  static int Validate(const std::vector<std::string>& paths, bool json);
  int GetDefinition(const std::string& name, int64_t revision);

  // ---- collection
  int Submit(const std::string& answers, int in_flight);
  int SetState(const std::string& edition, bool open, const std::string& unit,
               const std::string& reason);
  int SetDisposition(const std::string& edition, const std::string& unit,
                     const std::string& disposition, const std::string& reason);
  int Withdraw(const std::string& name, int64_t expected_revision, const std::string& reason);
  int EraseText(const std::string& name, const std::string& reason);
  int GetSubmission(const std::string& name);
  int History(const std::string& edition, const std::string& unit, const std::string& part);
  int DiffSubmissions(const std::string& edition, const std::string& unit, const std::string& part,
                      int64_t from, int64_t to);
  int Receipt(const std::string& name);
  int Status(const std::string& edition, const std::string& by);

  // ---- figures; `release` is a number, latest or live
  int GetFigure(const std::string& name);
  int Figures(const std::string& edition, const std::string& release, const std::string& indicator,
              const std::string& attribute);
  int Indicators(const std::string& edition, const std::string& release);
  int Table(const std::string& edition, const std::string& release,
            const std::vector<std::string>& indicators, const std::string& basis,
            const std::vector<std::string>& attributes);
  int Series(const std::string& survey, const std::string& cell, bool live);
  int Explain(const std::string& name);
  int MethodNote(const std::string& edition, const std::string& release);
  int ReportResponseRates(const std::vector<std::string>& editions, const std::string& release);
  // The sentences of the report and what the figures say of them; `release` empty = the latest, or
  // live where there is none.
  int ListClaims(const std::string& edition, const std::string& release,
                 const std::vector<std::string>& claims);

  // ---- releases
  int ListReleases(const std::string& edition);
  int BuildRelease(const std::string& edition, const std::string& audience, int64_t position);
  int PreviewCandidate(const std::string& candidate);
  // `what` is a candidate, or an edition, which is built first. What says the same as the latest
  // release is not published, and that is fine.
  int PublishRelease(const std::string& what, const std::string& audience,
                     const std::string& reason);
  int VerifyRelease(const std::string& name);
  int ListChanges(const std::string& name, int since);
  // Prints releases as they are published, until `count` were printed (0 = for ever) or the process
  // ends.
  int FollowReleases(const std::string& edition, int64_t after, int count);

  // ---- single units
  // History and diff of the first unit that changed its answers, or of `unit`.
  int ReportUnitHistory(const std::string& edition, const std::string& unit,
                        const std::string& part);

  // ---- the log
  int Head();
  int Verify();
  int Backup(const std::string& name);
  // Runs the server program beside this one, which restores a backup as a new epoch and ends.
  // `backup` empty = the keys alone; `keys` empty = without keys.
  static int Restore(const std::string& program, const std::string& backup, const std::string& keys,
                     const std::string& data);

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Try(Stub& stub,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request) const;
  absl::StatusOr<int64_t> HeadPosition() const;
  std::string Label(const survey::model::v1::LocalizedText& text) const;
  absl::StatusOr<std::vector<query_api::Figure>> ListFigures(const std::string& edition,
                                                             const std::string& release,
                                                             const std::string& indicator,
                                                             const std::string& attribute,
                                                             int64_t position) const;
  absl::StatusOr<aggregation_api::Candidate> Build(const std::string& edition,
                                                   const std::string& audience,
                                                   int64_t position) const;
  absl::StatusOr<std::vector<survey::model::v1::Submission>> ListRevisions(
      const std::string& parent) const;

  const Options options_;
  const Connection connection_;
};

// "editions/KU2017" for KU2017 and for itself.
std::string EditionName(std::string_view edition);
// "editions/KU2017/releases/latest".
std::string ReleaseName(std::string_view edition, std::string_view release);

}  // namespace imdi::cli
