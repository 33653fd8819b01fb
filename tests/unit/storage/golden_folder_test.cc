// A data folder that an earlier version wrote, kept under tests/golden/data_folder_v1 (see the
// README there). It must open, verify and read for ever, or its format version must have been
// raised and a way from there to here exist.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/ingestion/text_vault.h"
#include "storage/rocks/draft_store.h"
#include "storage/rocks/fold_store.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/response_log.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/storage/folder_facts.h"
#include "tests/unit/storage/golden.h"

namespace imdi::storage::rocks {
namespace {

namespace stdfs = std::filesystem;
namespace store_pb = survey::store::v1;
using testing::ElementsAre;
using testing_support::TempFolder;

// What the folder says of itself; a log draws its id when it is made.
constexpr const char* kLogId = "b0c300f0156f659e028667edc8ff39a8";
constexpr const char* kHeadChain =
    "2e3a3e2e1fece1a0ab9f487c598e604a5402855e4d8e1821d278c5757f7bc2c4";
constexpr const char* kBackupChain =
    "bc71aa40cd2cb330d50066d57189a533a2e01f86183ba8cc705d4fb4627d2288";
constexpr int kRecords = 7;
constexpr int kRecordsInBackup = 5;

std::string GoldenFolder() {
  const char* root = std::getenv("IMDI_ROOT");
  return std::string(root == nullptr ? "." : root) + "/tests/golden/data_folder_v1";
}

constexpr const char* kResource = "submission/KU2017/0301.main";
const absl::Time kFirstTime = absl::FromUnixMicros(1'510'560'000'123'456);

std::string RecordBytes(int number) {
  store_pb::Record record;
  record.set_actor("embedded");
  record.set_request_id("r-" + std::to_string(number));
  store_pb::SubmissionAccepted& accepted = *record.mutable_submission_accepted();
  accepted.set_edition("KU2017");
  accepted.set_unit("0301");
  accepted.set_part("main");
  accepted.set_revision(number);
  accepted.set_questionnaire(1);
  accepted.mutable_answers()->add_code_items(1);
  accepted.mutable_answers()->add_codes(static_cast<uint32_t>(number));
  if (number == 1) {
    accepted.mutable_text()->set_key_id(golden::kKeyId);
    accepted.mutable_text()->set_sealed(golden::Bytes(golden::kSealedText));
  }
  return record.SerializeAsString();
}

Proposal ProposalOf(int number) {
  return {.request_key = "embedded/Submit/r-" + std::to_string(number),
          .fingerprint = "fingerprint " + std::to_string(number),
          .bytes = RecordBytes(number),
          .depends_on = {{kResource, number - 1, true}, {"state/KU2017", 0, false}}};
}

RocksOptions OptionsFor(const std::string& path) {
  RocksOptions options;
  options.path = path;
  return options;
}

const FoldCursor kCursor{"00112233445566778899aabbccddeeff", 2, 4, {1, 2, 3}};

class GoldenDataFolder : public testing::Test {
 protected:
  GoldenDataFolder() {
    base::SetLogSink([](std::string_view) {});
    if (stdfs::exists(GoldenFolder())) {
      stdfs::copy(GoldenFolder(), folder_ / "data", stdfs::copy_options::recursive);
    }
  }
  ~GoldenDataFolder() override { base::SetLogSink({}); }

  // Head, chain, records, indexes and idempotency of a log with so many records.
  static void ExpectTheLog(const ResponseLog& log, int64_t epoch, int records, const char* chain) {
    const LogHead head = log.Head();
    EXPECT_EQ(head.log_id, kLogId);
    EXPECT_EQ(head.epoch, epoch);
    EXPECT_EQ(head.time, kFirstTime + absl::Seconds(records));
    ASSERT_EQ(head.position, records);
    EXPECT_EQ(base::Hex(head.chain), chain);
    EXPECT_TRUE(log.VerifyChain(1, records).ok());
    const auto entries = log.Read(1, 100, 1 << 20);
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), static_cast<size_t>(records));
    for (int number = 1; number <= records; ++number) {
      const LogEntry& entry = (*entries)[static_cast<size_t>(number - 1)];
      EXPECT_EQ(entry.position, number);
      EXPECT_EQ(entry.time, kFirstTime + absl::Seconds(number));
      EXPECT_EQ(entry.bytes, RecordBytes(number));
      const auto request = log.FindRequest(ProposalOf(number).request_key);
      ASSERT_TRUE(request.ok() && request->has_value());
      EXPECT_EQ(**request, (RequestEntry{number, ProposalOf(number).fingerprint}));
      const auto revision = log.AtRevision(kResource, number);
      ASSERT_TRUE(revision.ok() && revision->has_value());
      EXPECT_EQ((*revision)->position, number);
    }
    const auto current = log.Current(kResource);
    ASSERT_TRUE(current.ok() && current->has_value());
    EXPECT_EQ(**current, (ResourceRevision{kResource, records, records}));
  }

  TempFolder folder_;
  base::ManualClock clock_{kFirstTime};
};

// Makes the folder anew; run by hand, see tests/golden/README.md.
TEST_F(GoldenDataFolder, DISABLED_IsMade) {
  const std::string out = GoldenFolder();
  ASSERT_FALSE(stdfs::exists(out))
      << "a golden folder is never replaced; make one of a new version";
  const auto append = [this](RocksResponseLog& log, int number) {
    clock_.Advance(absl::Seconds(1));
    const std::vector<Proposal> proposals = {ProposalOf(number)};
    ASSERT_TRUE(log.Append(proposals).ok());
  };
  const auto on = [](int64_t) { return absl::OkStatus(); };
  // Two lives of each store, so that some of it lies in tables and some in a log file.
  for (const bool first : {true, false}) {
    auto log = RocksResponseLog::Open(OptionsFor(out + "/log"), clock_);
    auto keys = RocksKeyStore::Open(OptionsFor(out + "/keys"));
    auto drafts = RocksDraftStore::Open(OptionsFor(out + "/drafts"));
    auto fold = RocksFoldStore::Open(OptionsFor(out + "/fold"));
    ASSERT_TRUE(log.ok() && keys.ok() && drafts.ok() && fold.ok());
    if (first) {
      for (const int number : {1, 2, 3}) append(**log, number);
      const std::vector<WrappedKey> put = {{golden::kKeyId, golden::Bytes(golden::kWrappedKey)}};
      ASSERT_TRUE((*keys)->Put(put).ok());
      ASSERT_TRUE((*drafts)->Put("0301.main", 0, "first draft").ok());
      const std::vector<FoldItem> items = {{"a/1", "one"}, {"a/2", "two"}, {"b", ""}};
      ASSERT_TRUE((*fold)->Write(items, {}, FoldCursor{}).ok());
      continue;
    }
    std::cout << "log_id " << (*log)->Head().log_id << "\n";
    for (const int number : {4, 5}) append(**log, number);
    ASSERT_TRUE((*log)->Backup(out + "/backup-log", on).ok());
    std::cout << "chain of the backup " << base::Hex((*log)->Head().chain) << "\n";
    for (const int number : {6, 7}) append(**log, number);
    std::cout << "chain " << base::Hex((*log)->Head().chain) << "\n";
    ASSERT_TRUE((*keys)->Backup(out + "/backup-keys", on).ok());
    const std::vector<WrappedKey> put = {{"another", "bytes"}};
    ASSERT_TRUE((*keys)->Put(put).ok());
    ASSERT_TRUE((*drafts)->Put("0301.main", 1, "second draft").ok());
    ASSERT_TRUE((*drafts)->Put("0104.main", 0, "another").ok());
    const std::vector<FoldItem> items = {{"a/1", "one again"}};
    const std::vector<std::string> deletes = {"b"};
    ASSERT_TRUE((*fold)->Write(items, deletes, kCursor).ok());
  }
  // RocksDB needs none of these to open.
  for (const char* store : {"log", "keys", "drafts", "fold"}) {
    stdfs::remove(out + "/" + store + "/LOCK");
    std::vector<stdfs::path> unneeded;
    for (const auto& entry : stdfs::directory_iterator(out + "/" + store + "/db")) {
      const std::string name = entry.path().filename();
      if (name == "LOCK" || name == "IDENTITY" || name.starts_with("OPTIONS-"))
        unneeded.push_back(entry);
    }
    for (const stdfs::path& path : unneeded) stdfs::remove(path);
  }
}

TEST_F(GoldenDataFolder, ItsLogOpensVerifiesReadsAndGoesOn) {
  auto log = RocksResponseLog::Open(OptionsFor(folder_ / "data/log"), clock_);
  ASSERT_TRUE(log.ok()) << log.status();
  ExpectTheLog(**log, 1, kRecords, kHeadChain);
  const std::vector<Proposal> proposals = {ProposalOf(3), ProposalOf(kRecords + 1)};
  const auto outcomes = (*log)->Append(proposals);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  EXPECT_EQ((*outcomes)[0], AppendOutcome(Duplicate{3}));
  ASSERT_TRUE(std::holds_alternative<Appended>((*outcomes)[1]));
  EXPECT_EQ(std::get<Appended>((*outcomes)[1]).time, kFirstTime + absl::Seconds(kRecords))
      << "this test's clock is behind the log's last record; time never goes back";
}

TEST_F(GoldenDataFolder, ReadOnlyItIsServedWithoutWritingAByte) {
  RocksOptions options = OptionsFor(folder_ / "data/log");
  options.read_only = true;
  const FolderFacts before = FactsOf(options.path);
  {
    auto log = RocksResponseLog::Open(options, clock_);
    ASSERT_TRUE(log.ok()) << log.status();
    ExpectTheLog(**log, 1, kRecords, kHeadChain);
    const std::vector<Proposal> proposals = {ProposalOf(kRecords + 1)};
    EXPECT_FALSE((*log)->Append(proposals).ok());
  }
  EXPECT_EQ(FactsOf(options.path), before);
}

TEST_F(GoldenDataFolder, ItsBackupRestoresAsANewEpoch) {
  const std::string target = folder_ / "restored";
  const absl::Status restored =
      RocksResponseLog::RestoreBackup(folder_ / "data/backup-log", target);
  ASSERT_TRUE(restored.ok()) << restored;
  auto log = RocksResponseLog::Open(OptionsFor(target), clock_);
  ASSERT_TRUE(log.ok()) << log.status();
  ExpectTheLog(**log, 2, kRecordsInBackup, kBackupChain);
}

TEST_F(GoldenDataFolder, ItsKeysOpenTheTextsOfItsLogAlsoFromTheirBackup) {
  const std::string target = folder_ / "restored-keys";
  const absl::Status restored = RocksKeyStore::RestoreBackup(folder_ / "data/backup-keys", target);
  ASSERT_TRUE(restored.ok()) << restored;
  auto log = RocksResponseLog::Open(OptionsFor(folder_ / "data/log"), clock_);
  ASSERT_TRUE(log.ok()) << log.status();
  const auto entries = (*log)->Read(1, 1, 1 << 20);
  ASSERT_TRUE(entries.ok() && entries->size() == 1);
  store_pb::Record record;
  ASSERT_TRUE(record.ParseFromString(entries->front().bytes));
  for (const std::string& path : {folder_ / "data/keys", target}) {
    auto keys = RocksKeyStore::Open(OptionsFor(path));
    ASSERT_TRUE(keys.ok()) << keys.status();
    const ingestion::TextVault vault(golden::Counting(32, 0), **keys);
    const auto plain = vault.Open(golden::kSubmission, record.submission_accepted().text());
    ASSERT_TRUE(plain.ok()) << plain.status();
    EXPECT_EQ(plain->items(0).text(), "Vi har eit eige m\u00e5l.");
    EXPECT_EQ(*(*keys)->Exists("another"), path != target) << "put after the backup";
  }
}

TEST_F(GoldenDataFolder, ItsDraftsAreThereAndNumbersGoOn) {
  auto drafts = RocksDraftStore::Open(OptionsFor(folder_ / "data/drafts"));
  ASSERT_TRUE(drafts.ok()) << drafts.status();
  const auto list = (*drafts)->List("", "", 10);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list,
              ElementsAre(Draft{"0104.main", 3, "another"}, Draft{"0301.main", 2, "second draft"}));
  const auto next = (*drafts)->Put("new", 0, "x");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(*next, 4);
}

TEST_F(GoldenDataFolder, ItsFoldGoesOnFromItsCursor) {
  auto fold = RocksFoldStore::Open(OptionsFor(folder_ / "data/fold"));
  ASSERT_TRUE(fold.ok()) << fold.status();
  EXPECT_EQ(**(*fold)->LoadCursor(), kCursor);
  const auto list = (*fold)->List("", "", 10);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, ElementsAre(FoldItem{"a/1", "one again"}, FoldItem{"a/2", "two"}));
}

}  // namespace
}  // namespace imdi::storage::rocks
