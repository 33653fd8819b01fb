// A backup ends where it is told to, and leaves nothing that passes for one.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "services/base/call_context.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "services/ingestion/backups.h"
#include "storage/rocks/draft_store.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/response_log.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage::rocks {
namespace {

namespace fs = std::filesystem;

class BackupStop : public testing::Test {
 protected:
  BackupStop() {
    log_ = RocksResponseLog::Open(OptionsFor("log"), clock_).value();
    keys_ = RocksKeyStore::Open(OptionsFor("keys")).value();
    drafts_ = RocksDraftStore::Open(OptionsFor("drafts")).value();
    std::vector<Proposal> proposals(1'000);
    for (size_t i = 0; i < proposals.size(); ++i) {
      proposals[i].request_key = base::StrCat("request ", i);
      proposals[i].fingerprint = "fingerprint";
      proposals[i].bytes = std::string(100, 'x');
      proposals[i].depends_on = {{base::StrCat("resource ", i), 0, true}};
    }
    EXPECT_TRUE(log_->Append(proposals).ok());
  }
  RocksOptions OptionsFor(const std::string& store) const {
    RocksOptions options;
    options.path = folder_ / store;
    return options;
  }

  const testing_support::TempFolder folder_;
  const base::SystemClock clock_;
  std::unique_ptr<RocksResponseLog> log_;
  std::unique_ptr<RocksKeyStore> keys_;
  std::unique_ptr<RocksDraftStore> drafts_;
};

TEST_F(BackupStop, EndsAtAnyStepWithWhatItIsTold) {
  int steps = 0;
  int64_t records = 0;
  absl::Status status = base::ShuttingDown();
  for (; !status.ok(); ++steps) {
    ASSERT_LT(steps, 1'000) << "it asks without end";
    const std::string target = folder_ / base::StrCat("backup-", steps);
    int asked = 0;
    records = 0;
    status = log_->Backup(target,
                          [&](int64_t more) {
                            records += more;
                            return asked++ < steps ? absl::OkStatus() : base::ShuttingDown();
                          })
                 .status();
    if (status.ok()) break;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kShuttingDown) << status;
    EXPECT_EQ(asked, steps + 1) << "not asked again once it was told to end";
    EXPECT_FALSE(fs::exists(target + "/BACKUP")) << "it would pass for a whole one";
  }
  EXPECT_GE(steps, 1'000 / 256 + 3) << "at the records, and at every file";
  EXPECT_EQ(records, 1'000 / 256 * 256) << "the last ones are done when all are";
}

TEST_F(BackupStop, LeavesNothingOfABackupOfAllStoresWhenTheProcessStops) {
  base::Progress progress("backup", "records");
  ingestion::Backups backups(
      *log_, *keys_, *drafts_,
      {.backup_dir = folder_ / "backups", .key_backup_dir = folder_ / "key-backups"}, progress);
  std::atomic<bool> stopping = true;
  base::CallContext call;
  call.cancelled = [] { return true; };  // A caller that goes does not end it.
  call.stopping = &stopping;
  survey::ingestion::v1::CreateBackupRequest request;
  request.set_backup_id("one");
  EXPECT_EQ(base::ReasonOf(backups.Create(call, request).status()), base::Reason::kShuttingDown);
  EXPECT_FALSE(fs::exists(folder_ / "backups/one"));
  EXPECT_FALSE(fs::exists(folder_ / "key-backups/one"));
  EXPECT_EQ(progress.Look().planned, 1'000);
  EXPECT_EQ(progress.Look().done, 256) << "told so with the first records";
  stopping = false;
  EXPECT_TRUE(backups.Create(call, request).ok());
  EXPECT_TRUE(fs::exists(folder_ / "backups/one/log/BACKUP"));
  EXPECT_EQ(progress.Look().done, 1'000);
}

}  // namespace
}  // namespace imdi::storage::rocks
