// The log: head, verification, backup and restore.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/commands_common.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"
#include "services/domain/survey_catalog.h"

namespace imdi::cli {
namespace {

namespace model = ::imdi::survey::model::v1;
namespace store = ::imdi::survey::store::v1;
using base::StrCat;
using Log = ingestion_api::LogService::StubInterface;

constexpr int64_t kVerifyChunk = 10'000;                  // Positions verified in one call.
constexpr absl::Duration kVerifyLine = absl::Seconds(1);  // Between two lines of how far it is.

// "submission_accepted"; "unknown" for a record of a later version.
std::string KindOf(const store::Record& record) {
  const auto* body = store::Record::descriptor()->FindOneofByName("body");
  const auto* field = record.GetReflection()->GetOneofFieldDescriptor(record, body);
  return field == nullptr ? "unknown" : field->name();
}

// What a record is about: names, codes and numbers, never answers.
std::string AboutOf(const store::Record& record) {
  switch (record.body_case()) {
    case store::Record::kDefinitionApplied:
      return StrCat(domain::NameOf(record.definition_applied().definition()), "@",
                    record.definition_applied().revision());
    case store::Record::kEditionStateChanged: {
      const store::EditionStateChanged& change = record.edition_state_changed();
      return StrCat(change.edition(), change.unit().empty() ? "" : " unit ", change.unit(),
                    change.state() == model::EDITION_STATE_OPEN ? " open" : " closed");
    }
    case store::Record::kSubmissionAccepted: {
      const store::SubmissionAccepted& accepted = record.submission_accepted();
      return StrCat(accepted.edition(), " ", accepted.unit(), ".", accepted.part(), "@",
                    accepted.revision());
    }
    case store::Record::kSubmissionWithdrawn: {
      const store::SubmissionWithdrawn& withdrawn = record.submission_withdrawn();
      return StrCat(withdrawn.edition(), " ", withdrawn.unit(), ".", withdrawn.part(), "@",
                    withdrawn.revision());
    }
    case store::Record::kTextErased:
      return record.text_erased().submission();
    case store::Record::kDispositionSet:
      return StrCat(record.disposition_set().edition(), " ", record.disposition_set().unit(), " ",
                    model::Disposition_Name(record.disposition_set().disposition()));
    case store::Record::kReleaseChunk:
      return StrCat(record.release_chunk().edition(), " part ", record.release_chunk().index());
    case store::Record::kReleasePublished:
      return StrCat(record.release_published().edition(), " release ",
                    record.release_published().number());
    case store::Record::BODY_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

int Commands::Head() {
  const auto response = Try(connection_.log(), &Log::GetHead, ingestion_api::GetHeadRequest());
  if (!response.ok()) return Fail(response.status());
  if (!output_.Prints(*response)) PrintOut(StrCat(response->head().position(), "\n"));
  return kExitOk;
}

int Commands::Verify() {
  const auto head = Try(connection_.log(), &Log::GetHead, ingestion_api::GetHeadRequest());
  if (!head.ok()) return Fail(head.status());
  int64_t verified = 0;
  absl::Time said = absl::Now();
  for (int64_t from = 1; from <= head->head().position(); from += kVerifyChunk) {
    ingestion_api::VerifyChainRequest request;
    request.set_from(from);
    request.set_to(std::min(from + kVerifyChunk - 1, head->head().position()));
    const auto response = Try(connection_.log(), &Log::VerifyChain, request);
    if (!response.ok()) return Fail(response.status());
    verified += response->verified();
    if (absl::Now() - said < kVerifyLine) continue;
    said = absl::Now();
    PrintError(StrCat("verified ", verified, " of ", head->head().position(), " records\n"));
  }
  if (verified != head->head().position()) {
    return Fail(absl::DataLossError(
        StrCat("verified ", verified, " of ", head->head().position(), " records")));
  }
  ingestion_api::VerifyChainResponse whole;
  whole.set_verified(verified);
  *whole.mutable_head() = head->head();
  if (output_.Prints(whole)) return kExitOk;
  PrintOut(StrCat("The log verifies: ", verified, " records, epoch ", head->head().epoch(),
                  ", chain ", base::Hex(head->head().chain_hash()), "\n"));
  return kExitOk;
}

int Commands::Backup(const std::string& name) {
  ingestion_api::CreateBackupRequest request;
  request.set_backup_id(name);
  const auto response = connection_.Call(connection_.log(), &Log::CreateBackup, request);
  if (!response.ok()) return Fail(response.status());
  if (output_.Prints(*response)) return kExitOk;
  PrintOut(StrCat("Backup ", response->path(), " verified up to position ",
                  response->head().position(), "; its keys are in ", response->key_path(),
                  " of the folder for keys\n"));
  return kExitOk;
}

int Commands::Tail(int64_t after, int count, bool once) {
  int64_t end = 0;
  if (once) {
    const absl::StatusOr<int64_t> head = HeadPosition();
    if (!head.ok()) return Fail(head.status());
    end = *head;
    if (end <= after) return kExitOk;
  }
  ingestion_api::FollowLogRequest request;
  int printed = 0;
  const absl::Status status = Follow(
      connection_.log(), &Log::FollowLog, request,
      [&](const ingestion_api::FollowLogResponse& chunk) {
        for (const ingestion_api::LogRecord& entry : chunk.records()) {
          // A cursor needs the chain hash of its place, so that what comes before is read past.
          request.mutable_after()->set_log_id(chunk.head().log_id());
          request.mutable_after()->set_epoch(chunk.head().epoch());
          request.mutable_after()->set_position(entry.position());
          request.mutable_after()->set_chain_hash(entry.chain_hash());
          if (entry.position() <= after) continue;
          ShowRecord(entry);
          if (++printed == count || entry.position() == end) return false;
        }
        return true;
      },
      once ? absl::Seconds(options_.patience_seconds) : absl::InfiniteDuration());
  return status.ok() ? kExitOk : Fail(status);
}

void Commands::ShowRecord(const ingestion_api::LogRecord& entry) {
  store::Record record;
  const bool known =
      record.ParseFromString(entry.record()) && record.body_case() != store::Record::BODY_NOT_SET;
  const auto json = [&] {
    auto line = nlohmann::ordered_json::parse(FormatJsonLine(entry));
    if (known) line["record"] = nlohmann::ordered_json::parse(FormatJsonLine(record));
    return line.dump() + "\n";
  };
  const auto sheet = [&] {
    Sheet out = {{"position", "time_us", "kind", "about", "actor", "request_id", "chain_hash"}, {}};
    out.rows.push_back({StrCat(entry.position()), StrCat(entry.time_us()), KindOf(record),
                        AboutOf(record), record.actor(), record.request_id(),
                        base::Hex(entry.chain_hash())});
    return out;
  };
  if (output_.PrintsNext(json, sheet)) return;
  PrintOut(StrCat(entry.position(), "  ", TimeOf(entry.time_us()), "  ", KindOf(record), "  ",
                  AboutOf(record), "\n"));
  std::fflush(stdout);
}

int Commands::Restore(const std::string& program, const std::string& backup,
                      const std::string& keys, const std::string& data) {
  const pid_t child = fork();
  if (child < 0)
    return Fail(absl::InternalError(StrCat("cannot start a process: ", std::strerror(errno))));
  if (child == 0) {
    std::vector<const char*> arguments = {program.c_str(), "--data", data.c_str()};
    if (!backup.empty()) {
      arguments.insert(arguments.end(), {"--restore_from", backup.c_str()});
    }
    if (keys.empty()) {
      arguments.push_back("--without_keys");
    } else {
      arguments.insert(arguments.end(), {"--restore_keys_from", keys.c_str()});
    }
    arguments.push_back(nullptr);
    execv(program.c_str(), const_cast<char* const*>(arguments.data()));
    PrintError(StrCat("imdictl: cannot start ", program, ": ", std::strerror(errno), "\n"));
    _exit(127);
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) return kExitFailed;
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return kExitOk;
  PrintError("imdictl: the restore did not succeed; the server program has said why\n");
  return WIFEXITED(state) && WEXITSTATUS(state) == kExitCorrupt ? kExitCorrupt : kExitFailed;
}

}  // namespace imdi::cli
