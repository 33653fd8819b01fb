#pragma once

// Respondents of the edition KU2017 who keep submitting while their server is killed and started
// again, and who note everything that they were told. Afterwards their notes are compared with the
// log.
//
// A submitter tries again under the same request id until it is answered. Now and then it gives a
// request up when the server went away (then nobody knows whether it is in the log), and now and
// then all of them quarrel over one unit.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/connection.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/mutex.h"

namespace imdi::process_fault {

namespace ingestion_pb = survey::ingestion::v1;

// The server of the moment.
class Line {
 public:
  void Connect(const std::string& public_address, const std::string& internal_address);
  // Before the server goes: nobody calls an address that may belong to another process soon.
  void HangUp();
  // Null while there is none.
  std::shared_ptr<const cli::Connection> Current() const;
  // Returns early when the server changes.
  void WaitForChange(const std::shared_ptr<const cli::Connection>& from, absl::Duration patience);

 private:
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::shared_ptr<const cli::Connection> current_ ABSL_GUARDED_BY(mutex_);
};

struct Note {
  enum class Fate : uint8_t {
    kAccepted,   // Acknowledged: in the log, once, there.
    kStale,      // Refused because of its revision: not in the log.
    kAbandoned,  // Never answered: in the log once or not at all.
  };
  Fate fate = Fate::kAbandoned;
  ingestion_pb::Receipt receipt;        // Of an accepted one.
  ingestion_pb::SubmitRequest request;  // Of an abandoned one.
};

class Submitters {
 public:
  // `requests` are valid first submissions of different units. `line` must outlive the object.
  Submitters(Line& line, std::vector<ingestion_pb::SubmitRequest> requests, int threads,
             uint64_t seed);
  ~Submitters();

  void Start();
  // Each submitter ends with the answer to what it is asking; there must be a server.
  void Stop();

  // False when `patience` was over before so many requests were accepted since the start.
  bool WaitForAccepted(int64_t count, absl::Duration patience);
  int64_t accepted() const;
  // Highest position that was acknowledged.
  int64_t highest_position() const;
  // How many requests learned by asking again that they had been accepted.
  int64_t learned_late() const { return learned_late_; }
  // By request id. After Stop.
  std::map<std::string, Note> TakeNotes();
  // What contradicted an earlier answer, or was no answer that may be given. After Stop.
  std::vector<std::string> problems() const;

 private:
  // A unit whose only submitter knows its revision, but for requests given up.
  struct Own {
    ingestion_pb::SubmitRequest request;
    int64_t revision = 0;
    int64_t abandoned = 0;  // Since that revision was known.
  };
  void Work(int number, std::vector<Own> units, uint64_t seed);
  // Sends until answered. A stale revision is an answer: ABORTED.
  absl::StatusOr<ingestion_pb::SubmitResponse> Ask(const ingestion_pb::SubmitRequest& request,
                                                   bool may_give_up, bool& gave_up);
  void Accepted(const std::string& request_id, const ingestion_pb::Receipt& receipt);
  void Keep(const std::string& request_id, Note note);
  void Problem(std::string text);

  Line& line_;
  std::vector<std::vector<Own>> units_;    // By submitter.
  ingestion_pb::SubmitRequest contested_;  // The unit of all of them.
  std::atomic<int64_t> contested_revision_ = 0;
  const uint64_t seed_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> learned_late_ = 0;
  std::vector<std::thread> threads_;

  mutable base::Mutex mutex_;
  base::CondVar counted_;
  int64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t highest_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Note> notes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> problems_ ABSL_GUARDED_BY(mutex_);
};

// Compares the log with what the submitters were told; `records_before` were there before they
// began, those of releases apart. The first thing that is wrong; empty when nothing is. Afterwards
// asks for every request that was given up, which must be found where the log has it, or be new or
// stale.
std::string CompareWithLog(const cli::Connection& connection, const std::string& internal_address,
                           const std::map<std::string, Note>& notes, int64_t records_before);

}  // namespace imdi::process_fault
