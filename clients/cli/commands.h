#pragma once

// The commands of imdictl. Each prints its result to standard output and what went wrong to
// standard error, and returns the exit code of the process.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/connection.h"
#include "clients/cli/exit_codes.h"
#include "clients/cli/output.h"
#include "clients/cli/submitter.h"
#include "services/config/yaml_message.h"

namespace imdi::cli {

struct Options {
  Addresses addresses;
  Format format = Format::kTable;
  std::string language = "nb";  // Of labels: nn, nb or en.
  int timeout_seconds = 10;     // Of one call.
  int patience_seconds = 120;   // Of all tries of a call that is tried again.
  bool no_wait = false;         // Figures as query has them, without asking how far the log goes.
  std::string trace_parent;     // W3C traceparent that every call carries; may be empty.
};

class Commands {
 public:
  explicit Commands(const Options& options);

  // ---- definitions
  int Apply(const std::vector<std::string>& paths, bool dry_run);
  int Diff(const std::vector<std::string>& paths);
  static int Validate(const std::vector<std::string>& paths, Format format);
  int GetDefinition(const std::string& name, int64_t revision);
  int ListDefinitions(const std::string& prefix);

  // ---- collection
  // `batch` 0: each submission in a call of its own, many at a time; else so many in one call.
  int Submit(const std::string& answers, int in_flight, int batch);
  // What Submit would answer to the submissions of a file; nothing is stored.
  int CheckAnswers(const std::string& answers);
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
  int CollectionStatus(const std::string& edition, const std::string& by);
  // The draft is the only submission of an answers file.
  int SaveDraft(const std::string& answers, int64_t expected_version);
  int GetDraft(const std::string& name);
  int DeleteDraft(const std::string& name);

  // ---- figures; `release` is a number, latest or live
  int GetFigure(const std::string& name);
  int GetFigures(const std::vector<std::string>& names);
  int ListEditions();
  int Figures(const std::string& edition, const std::string& release, const std::string& indicator,
              const std::string& attribute);
  int Indicators(const std::string& edition, const std::string& release);
  int Table(const std::string& edition, const std::string& release,
            const std::vector<std::string>& indicators, const std::string& basis,
            const std::vector<std::string>& attributes, bool all_units);
  int TestAssociation(const std::string& edition, const std::string& release,
                      const std::string& cells, const std::vector<std::string>& attributes,
                      bool with_table);
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
  int GetRelease(const std::string& name);
  int GetCandidate(const std::string& name);
  // Appends what aggregation would have: `request` is a file with a RecordReleaseRequest as JSON.
  int RecordRelease(const std::string& request);
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
  // Prints records after a position, until `count` were printed (0 = no such end), or, with `once`,
  // until the log's head is reached.
  int Tail(int64_t after, int count, bool once);
  int Verify();
  int Backup(const std::string& name);
  // Runs the server program beside this one, which restores a backup as a new epoch and ends.
  // `backup` empty = the keys alone; `keys` empty = without keys.
  static int Restore(const std::string& program, const std::string& backup, const std::string& keys,
                     const std::string& data);

  // ---- the services
  // All of them at a glance, also where some do not answer; kExitUnhealthy where something is
  // wrong.
  int Status();
  int FoldState();
  // Prints what aggregation sends to query, until `count` messages were printed (0 = for ever).
  int FollowFigures(int count);

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Try(const Peer<Stub>& peer,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request) const;
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> TryPages(
      const Peer<Stub>& peer,
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      Request request,
      const std::type_identity_t<std::function<void(Response& all, const Response& page)>>& merge)
      const;
  template <typename Stub, typename Request, typename Response>
  absl::Status Follow(const Peer<Stub>& peer,
                      std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(
                          grpc::ClientContext*, const Request&),
                      const Request& request,
                      const std::type_identity_t<std::function<bool(const Response&)>>& take,
                      absl::Duration patience = absl::InfiniteDuration()) const;
  absl::StatusOr<int64_t> HeadPosition() const;
  std::vector<absl::StatusOr<Outcome>> SendBatch(
      const std::vector<const AnswersAction*>& actions) const;
  std::string RefusalText(const std::string& file, const SubmitReport& report) const;
  void ShowRecord(const ingestion_api::LogRecord& entry);
  // What figures must include to hold all that was acknowledged; 0 = as query has them, which is
  // said where the log could not be asked.
  int64_t NewestPosition() const;
  std::string Label(const survey::model::v1::LocalizedText& text) const;
  // `result` holds the figures.
  int ShowFigures(const google::protobuf::Message& result,
                  const google::protobuf::RepeatedPtrField<query_api::Figure>& figures);
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
  Output output_;
  const Connection connection_;
};

// "editions/KU2017" for KU2017 and for itself.
std::string EditionName(std::string_view edition);
// "editions/KU2017/releases/latest".
std::string ReleaseName(std::string_view edition, std::string_view release);

}  // namespace imdi::cli
