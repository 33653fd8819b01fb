// The log: head, verification, backup and restore.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Log = ingestion_api::LogService::StubInterface;

constexpr int64_t kVerifyChunk = 10'000;  // Positions verified in one call.

}  // namespace

int Commands::Head() {
  const auto response = Try(connection_.log(), &Log::GetHead, ingestion_api::GetHeadRequest());
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json ? FormatJson(*response) : StrCat(response->head().position(), "\n"));
  return kExitOk;
}

int Commands::Verify() {
  const auto head = Try(connection_.log(), &Log::GetHead, ingestion_api::GetHeadRequest());
  if (!head.ok()) return Fail(head.status());
  int64_t verified = 0;
  for (int64_t from = 1; from <= head->head().position(); from += kVerifyChunk) {
    ingestion_api::VerifyChainRequest request;
    request.set_from(from);
    request.set_to(std::min(from + kVerifyChunk - 1, head->head().position()));
    const auto response = Try(connection_.log(), &Log::VerifyChain, request);
    if (!response.ok()) return Fail(response.status());
    verified += response->verified();
  }
  if (verified != head->head().position()) {
    return Fail(absl::DataLossError(
        StrCat("verified ", verified, " of ", head->head().position(), " records")));
  }
  if (options_.json) {
    ingestion_api::VerifyChainResponse whole;
    whole.set_verified(verified);
    *whole.mutable_head() = head->head();
    PrintOut(FormatJson(whole));
    return kExitOk;
  }
  PrintOut(StrCat("The log verifies: ", verified, " records, epoch ", head->head().epoch(),
                  ", chain ", base::Hex(head->head().chain_hash()), "\n"));
  return kExitOk;
}

int Commands::Backup(const std::string& name) {
  ingestion_api::CreateBackupRequest request;
  request.set_backup_id(name);
  const auto response = connection_.Call(connection_.log(), &Log::CreateBackup, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(options_.json ? FormatJson(*response)
                         : StrCat("Backup ", response->path(), " verified up to position ",
                                  response->head().position(), "; its keys are in ",
                                  response->key_path(), " of the folder for keys\n"));
  return kExitOk;
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
