// What a log does when its disk fails or its files are damaged: it stops acknowledging, says why, serves
// nothing wrong, and comes back where it can.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "storage/rocks/fold_store.h"
#include "storage/rocks/response_log.h"
#include "tests/contract/temp_folder.h"
#include "tests/fault/storage/fault_file_system.h"
#include "tests/fault/storage/log_model.h"

namespace imdi::storage::fault {
namespace {

namespace stdfs = std::filesystem;
using base::Reason;
using base::ReasonOf;
using rocks::RocksOptions;
using rocks::RocksResponseLog;

bool IsLog(const std::string& path) { return path.ends_with(".log"); }
bool IsWatermark(const std::string& path) { return path.ends_with("WATERMARK"); }

class DiskFault : public testing::Test {
 protected:
  DiskFault() : disk_(std::make_shared<FaultFileSystem>(folder_.path(), 7)) {
    base::SetLogSink([](std::string_view) {});
    options_.path = folder_ / "log";
    options_.file_system = disk_;
    options_.recovery_interval = absl::Milliseconds(20);
  }
  ~DiskFault() override { base::SetLogSink({}); }

  void Open() {
    log_.reset();
    auto opened = RocksResponseLog::Open(options_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }
  // One batch, which is expected to be acknowledged.
  void AppendSome(int batches = 1) {
    for (int i = 0; i < batches; ++i) {
      const std::vector<Proposal> batch = model_.NextBatch();
      const auto outcomes = log_->Append(batch);
      ASSERT_TRUE(outcomes.ok()) << outcomes.status();
      EXPECT_EQ(model_.Acknowledge(batch, *outcomes), std::nullopt);
    }
  }
  Reason AppendFails() { return ReasonOf(log_->Append(model_.NextBatch()).status()); }
  // Every request asked for again is acknowledged, at one position.
  void RetryAll() {
    const std::vector<Proposal> all = model_.AllSent();
    const auto outcomes = log_->Append(all);
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(model_.Acknowledge(all, *outcomes), std::nullopt);
    EXPECT_EQ(model_.Check(*log_), std::nullopt);
  }
  bool ServesWithin(absl::Duration patience) {
    const absl::Time until = absl::Now() + patience;
    while (absl::Now() < until) {
      if (log_->State().ok()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  base::SystemClock clock_;
  TempFolder folder_;
  std::shared_ptr<FaultFileSystem> disk_;
  RocksOptions options_;
  LogModel model_{11};
  std::unique_ptr<RocksResponseLog> log_;
};

TEST_F(DiskFault, AFailedSyncOfTheLogEndsAcknowledgingUntilItIsReopened) {
  Open();
  AppendSome(3);
  const LogHead before = log_->Head();
  disk_->FailSyncsOf(IsLog);
  EXPECT_EQ(AppendFails(), Reason::kStorePoisoned);
  disk_->FailSyncsOf({});
  EXPECT_EQ(AppendFails(), Reason::kStorePoisoned) << "a disk that works again proves nothing";
  EXPECT_EQ(ReasonOf(log_->State()), Reason::kStorePoisoned);
  EXPECT_EQ(log_->Head(), before);
  EXPECT_EQ(model_.Check(*log_), std::nullopt) << "reads go on";
  Open();
  EXPECT_EQ(model_.Check(*log_), std::nullopt);
  RetryAll();
}

TEST_F(DiskFault, AFailedSyncOfTheWatermarkLeavesItsRecordsUnseenUntilReopened) {
  Open();
  AppendSome(3);
  const LogHead before = log_->Head();
  disk_->FailSyncsOf(IsWatermark);
  EXPECT_EQ(AppendFails(), Reason::kStorePoisoned);
  EXPECT_EQ(log_->Head(), before);
  EXPECT_EQ(model_.Check(*log_), std::nullopt) << "no index shows what was not acknowledged";
  disk_->FailSyncsOf({});
  Open();
  EXPECT_GT(log_->Head().position, before.position) << "the records themselves were synced";
  EXPECT_EQ(model_.Check(*log_), std::nullopt);
  RetryAll();
}

TEST_F(DiskFault, AFullDiskIsSurvivedWithoutRestart) {
  Open();
  AppendSome(3);
  for (int again = 0; again < 3; ++again) {
    disk_->SetFull(true);
    EXPECT_EQ(AppendFails(), Reason::kDiskFull);
    EXPECT_EQ(AppendFails(), Reason::kDiskFull);
    EXPECT_EQ(ReasonOf(log_->State()), Reason::kDiskFull);
    EXPECT_EQ(model_.Check(*log_), std::nullopt) << "reads go on";
    disk_->SetFull(false);
    ASSERT_TRUE(ServesWithin(absl::Seconds(10)));
    EXPECT_EQ(model_.Check(*log_), std::nullopt);
    AppendSome(2);
    RetryAll();
  }
  Open();
  EXPECT_EQ(model_.Check(*log_), std::nullopt);
}

TEST_F(DiskFault, ARecordWhoseSyncFoundNoSpaceIsThereOnceOrNotAtAll) {
  for (const auto& files : {IsLog, IsWatermark}) {
    Open();
    AppendSome(2);
    disk_->FailSyncsForSpaceOf(files);
    EXPECT_EQ(AppendFails(), Reason::kDiskFull);
    disk_->FailSyncsForSpaceOf({});
    ASSERT_TRUE(ServesWithin(absl::Seconds(10)));
    EXPECT_EQ(model_.Check(*log_), std::nullopt);
    RetryAll();
  }
}

TEST_F(DiskFault, RefusesBeforeTheDiskIsFull) {
  Open();
  disk_->SetFreeSpace(options_.free_bytes_min - 1);
  EXPECT_EQ(AppendFails(), Reason::kDiskFull);
  EXPECT_EQ(ReasonOf(log_->State()), Reason::kDiskFull);
  disk_->SetFreeSpace(options_.free_bytes_min);
  EXPECT_TRUE(log_->State().ok()) << "at once: nothing was written";
  RetryAll();
}

TEST_F(DiskFault, ADiskThatBecomesReadOnlyEndsAcknowledging) {
  Open();
  AppendSome(3);
  disk_->SetReadOnly(true);
  EXPECT_EQ(AppendFails(), Reason::kStorePoisoned);
  EXPECT_EQ(model_.Check(*log_), std::nullopt) << "reads go on";
  log_.reset();
  EXPECT_EQ(ReasonOf(RocksResponseLog::Open(options_, clock_).status()), Reason::kStoreUnavailable);
  disk_->SetReadOnly(false);
  Open();
  RetryAll();
}

TEST_F(DiskFault, AFullDiskAtTheStartIsSaidSo) {
  disk_->SetFull(true);
  EXPECT_EQ(ReasonOf(RocksResponseLog::Open(options_, clock_).status()), Reason::kDiskFull);
  disk_->SetFull(false);
  Open();
  AppendSome(2);
}

// ---- Damaged files

class Damage : public DiskFault {
 protected:
  // A log as kill -9 would leave it: tables, several generations of files, records in the live log file.
  void MakeImage() {
    options_.file_system = nullptr;
    options_.write_buffer_bytes = 64 << 10;
    Open();
    AppendSome(60);
    log_.reset();  // Seals a checkpoint.
    Open();
    AppendSome(12);
    CopyWhileOpen(options_.path, folder_ / "image");
    log_.reset();
    options_.path = folder_ / "damaged";
  }
  // RocksDB deletes what it needs no more in the background; a copy that this cut into is made again.
  static void CopyWhileOpen(const std::string& from, const std::string& to) {
    const auto names = [&from] {
      std::vector<std::string> out;
      std::error_code ignored;
      for (const auto& entry : stdfs::recursive_directory_iterator(from, ignored)) out.push_back(entry.path());
      std::sort(out.begin(), out.end());
      return out;
    };
    while (true) {
      const std::vector<std::string> before = names();
      std::error_code failed;
      stdfs::copy(from, to, stdfs::copy_options::recursive, failed);
      if (!failed && before == names()) return;
      stdfs::remove_all(to);
    }
  }
  void CopyImage() {
    stdfs::remove_all(options_.path);
    stdfs::copy(folder_ / "image", options_.path, stdfs::copy_options::recursive);
  }
  std::vector<std::string> FilesOfImage() {
    std::vector<std::string> files;
    for (const auto& entry : stdfs::recursive_directory_iterator(folder_ / "image")) {
      if (!entry.is_regular_file()) continue;
      files.push_back(stdfs::relative(entry.path(), folder_ / "image").string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  // Opens what is there: whole, or refused as damaged. "harmless", "refused at start", "refused later".
  std::string Outcome() {
    auto opened = RocksResponseLog::Open(options_, clock_);
    if (!opened.ok()) {
      EXPECT_THAT(ReasonOf(opened.status()),
                  testing::AnyOf(Reason::kStoreCorrupt, Reason::kFormatTooNew))
          << opened.status();
      return "refused at start";
    }
    const auto wrong = model_.Check(**opened);
    if (!wrong.has_value()) return "harmless";
    // Something could not be read: then the store says so itself, and serves nothing from then on.
    EXPECT_EQ(ReasonOf((*opened)->State()), Reason::kStoreCorrupt) << *wrong;
    EXPECT_EQ(ReasonOf((*opened)->Append({}).status()), Reason::kStoreCorrupt);
    EXPECT_EQ(ReasonOf((*opened)->Read(1, 1, 1).status()), Reason::kStoreCorrupt);
    return "refused later";
  }
};

TEST_F(Damage, ADeletedFileIsNoticedOrHarmless) {
  MakeImage();
  for (const std::string& file : FilesOfImage()) {
    SCOPED_TRACE(file);
    CopyImage();
    stdfs::remove(options_.path + "/" + file);
    const std::string outcome = Outcome();
    std::cout << "deleted " << file << ": " << outcome << "\n";
    const std::string name = stdfs::path(file).filename().string();
    const bool matters = name == "CURRENT" || name.starts_with("MANIFEST") || IsWatermark(name) ||
                         name == "FORMAT" || name.ends_with(".sst") || IsLog(name);
    if (matters) {
      EXPECT_EQ(outcome, "refused at start");
    }
  }
}

TEST_F(Damage, ATruncatedFileIsNoticedOrHarmless) {
  MakeImage();
  const uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (const std::string& file : FilesOfImage()) {
    for (int round = 0; round < 4; ++round) {
      SCOPED_TRACE(file);
      CopyImage();
      const std::string path = options_.path + "/" + file;
      const uint64_t size = stdfs::file_size(path);
      if (size == 0) break;
      stdfs::resize_file(path, round == 0 ? 0 : random() % size);
      Outcome();
    }
  }
}

TEST_F(Damage, AFlippedBitIsNoticedOrHarmless) {
  MakeImage();
  const uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const char* rounds_text = std::getenv("IMDI_CAMPAIGN_ROUNDS");
  const int rounds = rounds_text == nullptr ? 12 : std::atoi(rounds_text);
  std::map<std::string, int> outcomes;
  for (const std::string& file : FilesOfImage()) {
    for (int round = 0; round < rounds; ++round) {
      CopyImage();
      const std::string path = options_.path + "/" + file;
      const uint64_t size = stdfs::file_size(path);
      if (size == 0) break;
      const uint64_t bit = random() % (8 * size);
      SCOPED_TRACE(file + " bit " + std::to_string(bit));
      std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekg(static_cast<std::streamoff>(bit / 8));
      const char byte = static_cast<char>(stream.get() ^ (1 << (bit % 8)));
      stream.seekp(static_cast<std::streamoff>(bit / 8));
      stream.put(byte);
      stream.close();
      ++outcomes[Outcome()];
    }
  }
  for (const auto& [outcome, count] : outcomes) std::cout << outcome << ": " << count << "\n";
}

// ---- The process ends at a named point

class KilledAt : public testing::TestWithParam<std::string> {};

// The child appends until the point is met and is killed there, with nothing flushed or closed.
[[noreturn]] void AppendAndDie(const std::string& folder, const std::string& point) {
  base::SystemClock clock;
  RocksOptions options;
  options.path = folder + "/log";
  if (point == "during_restart") {
    LogModel model(5);
    auto first = RocksResponseLog::Open(options, clock);
    if (!first.ok() || !(*first)->Append(model.NextBatch()).ok()) std::_Exit(3);
  }
  int met = 0;
  options.crash_point = [&](std::string_view at) {
    if (at == point && (++met == 4 || point == "during_restart")) std::raise(SIGKILL);
  };
  LogModel model(5);
  auto log = RocksResponseLog::Open(options, clock);
  if (!log.ok()) std::_Exit(3);
  for (int i = 0; i < 10; ++i) {
    if (!(*log)->Append(model.NextBatch()).ok()) std::_Exit(4);
  }
  std::_Exit(5);
}

TEST_P(KilledAt, NamedPointsAcknowledgedRecordsStayAndOthersAreThereWholeOrNotAtAll) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  // The child runs this test again from the start: it must find the folder of its parent.
  TempFolder folder;
  ::setenv("IMDI_KILLED_FOLDER", folder.path().c_str(), 0);
  const std::string path = std::getenv("IMDI_KILLED_FOLDER");
  EXPECT_EXIT(AppendAndDie(path, GetParam()), testing::KilledBySignal(SIGKILL), "");
  ::unsetenv("IMDI_KILLED_FOLDER");

  base::SystemClock clock;
  RocksOptions options;
  options.path = path + "/log";
  auto log = RocksResponseLog::Open(options, clock);
  ASSERT_TRUE(log.ok()) << log.status();
  // The same requests again: three batches were acknowledged, the fourth depends on the point.
  LogModel model(5);
  const int64_t before = (*log)->Head().position;
  int64_t known = 0;
  for (int batch = 1; batch <= 4; ++batch) {
    const std::vector<Proposal> proposals = model.NextBatch();
    const auto outcomes = (*log)->Append(proposals);
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(model.Acknowledge(proposals, *outcomes), std::nullopt);
    const bool appended = std::holds_alternative<Appended>(outcomes->front());
    if (GetParam() == "during_restart") {
      EXPECT_EQ(appended, batch > 1);
    } else {
      EXPECT_EQ(appended, batch == 4 && GetParam() == "before_sync") << "batch " << batch;
    }
    if (!appended) known = batch;
  }
  EXPECT_GT(known, 0);
  EXPECT_GT(before, 0);
  EXPECT_EQ(model.Check(**log), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Points, KilledAt,
                         testing::Values("before_sync", "between_sync_and_watermark",
                                         "before_answer", "during_restart"),
                         [](const testing::TestParamInfo<std::string>& made) { return made.param; });

}  // namespace
}  // namespace imdi::storage::fault
