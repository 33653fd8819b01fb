// What a log does when its disk fails or its files are damaged: it stops acknowledging, says why,
// serves nothing wrong, and comes back where it can.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "storage/rocks/database.h"
#include "storage/rocks/files.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/response_log.h"
#include "tests/fault/storage/fault_file_system.h"
#include "tests/fault/storage/log_model.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage::fault {
namespace {

namespace stdfs = std::filesystem;
using base::Reason;
using base::ReasonOf;
using rocks::RocksOptions;
using rocks::RocksResponseLog;
using testing_support::TempFolder;

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
  // A log as kill -9 would leave it: tables, several generations of files, records in the live log
  // file.
  void MakeImage() {
    options_.file_system = nullptr;
    options_.write_buffer_bytes = 64 << 10;
    Open();
    AppendSome(40);
    log_.reset();  // Seals a checkpoint.
    Open();
    do {
      AppendSome(6);
      stdfs::remove_all(folder_ / "image");
      CopyWhileOpen(options_.path, folder_ / "image");
      live_log_ = NewestLog();
    } while (live_log_.empty());
    log_.reset();
    options_.path = folder_ / "damaged";
    for (const std::string& file : FilesOfImage())
      sizes_[file] = stdfs::file_size(folder_ / ("image/" + file));
    // RocksDB deletes tables some time after the last use of them; only those it still names
    // matter.
    const auto handle = rocks::Database::OpenReadOnly(
        rocks::OrDefault(nullptr), folder_ / "image/db",
        {"log", rocks::kLogFormatVersion, {"log", "request", "current", "revision", "meta"}});
    ASSERT_TRUE(handle.ok()) << handle.status();
    std::vector<rocksdb::LiveFileMetaData> tables;
    (*handle)->db().GetLiveFilesMetaData(&tables);
    for (const auto& table : tables) live_tables_.insert("db" + table.name);
    ASSERT_GE(live_tables_.size(), 5U);
  }
  // The files as they stood at one moment: a copy that RocksDB's background work cut into is made
  // again.
  static void CopyWhileOpen(const std::string& from, const std::string& to) {
    const auto facts = [&from] {
      std::map<std::string, std::pair<uintmax_t, stdfs::file_time_type>> out;
      std::error_code gone;
      for (const auto& entry : stdfs::recursive_directory_iterator(from)) {
        if (entry.is_directory(gone)) continue;
        out[entry.path()] = {entry.file_size(gone), entry.last_write_time(gone)};
      }
      return out;
    };
    for (int tries = 0; tries < 10'000; ++tries) {
      const auto before = facts();
      std::error_code failed;
      stdfs::copy(from, to, stdfs::copy_options::recursive, failed);
      if (!failed && before == facts()) return;
      stdfs::remove_all(to);
    }
    FAIL() << "the files of " << from << " never stood still";
  }
  // The log file that is written to, if it holds any record.
  std::string NewestLog() {
    std::string newest;
    for (const std::string& file : FilesOfImage()) {
      if (IsLog(file)) newest = std::max(newest, file);
    }
    return stdfs::file_size(folder_ / ("image/" + newest)) > 0 ? newest : "";
  }
  // A fresh copy, in which `damaged` may be written to. Tables never are, so those are linked.
  void CopyImage(const std::string& damaged) {
    stdfs::remove_all(options_.path);
    stdfs::create_directories(options_.path + "/db");
    for (const auto& [file, size] : sizes_) {
      const std::string from = folder_ / ("image/" + file);
      const std::string to = options_.path + "/" + file;
      if (file.ends_with(".sst") && file != damaged) {
        stdfs::create_hard_link(from, to);
      } else {
        stdfs::copy_file(from, to);
      }
    }
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
  // The file for round number `round`: each in its turn, empty ones left out.
  std::pair<std::string, uint64_t> FileOf(int64_t round) const {
    std::vector<std::pair<std::string, uint64_t>> files;
    for (const auto& file : sizes_) {
      if (file.second > 0) files.push_back(file);
    }
    return files[static_cast<size_t>(round) % files.size()];
  }
  // Opens what is there: whole, or refused as damaged. "harmless", "refused at start", "refused
  // later".
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

  std::map<std::string, uint64_t> sizes_;  // Of the files of the image.
  std::set<std::string> live_tables_;
  std::string live_log_;
};

TEST_F(Damage, ADeletedFileIsNoticedOrHarmless) {
  ASSERT_NO_FATAL_FAILURE(MakeImage());
  for (const auto& [file, size] : sizes_) {
    SCOPED_TRACE(file);
    CopyImage(file);
    stdfs::remove(options_.path + "/" + file);
    const std::string outcome = Outcome();
    const std::string name = stdfs::path(file).filename().string();
    const bool matters = name == "CURRENT" || name.starts_with("MANIFEST") || IsWatermark(name) ||
                         name == "FORMAT" || file == live_log_ || live_tables_.contains(file);
    if (matters) {
      EXPECT_EQ(outcome, "refused at start");
    } else {
      std::cout << "deleted " << file << ": " << outcome << "\n";
    }
  }
}

TEST_F(Damage, ATruncatedFileIsNoticedOrHarmless) {
  ASSERT_NO_FATAL_FAILURE(MakeImage());
  std::mt19937_64 random(testing_support::CampaignSeed("truncated files"));
  const int64_t rounds = 4 * testing_support::CampaignRounds(25);
  std::map<std::string, int> outcomes;
  for (int64_t round = 0; round < rounds; ++round) {
    const auto [file, size] = FileOf(round);
    const uint64_t left = random() % 4 == 0 ? 0 : random() % size;
    SCOPED_TRACE(file + " cut to " + std::to_string(left));
    CopyImage(file);
    stdfs::resize_file(options_.path + "/" + file, left);
    ++outcomes[Outcome()];
  }
  for (const auto& [outcome, count] : outcomes) std::cout << outcome << ": " << count << "\n";
  EXPECT_GT(outcomes["refused at start"], 0);
}

TEST_F(Damage, AFlippedBitIsNoticedOrHarmless) {
  ASSERT_NO_FATAL_FAILURE(MakeImage());
  std::mt19937_64 random(testing_support::CampaignSeed("flipped bits"));
  const int64_t rounds = 10 * testing_support::CampaignRounds(25);
  std::map<std::string, int> outcomes;
  for (int64_t round = 0; round < rounds; ++round) {
    const auto [file, size] = FileOf(round);
    const uint64_t bit = random() % (8 * size);
    SCOPED_TRACE(file + " bit " + std::to_string(bit));
    CopyImage(file);
    std::fstream stream(options_.path + "/" + file,
                        std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(bit / 8));
    const char byte = static_cast<char>(stream.get() ^ (1 << (bit % 8)));
    stream.seekp(static_cast<std::streamoff>(bit / 8));
    stream.put(byte);
    stream.close();
    ++outcomes[Outcome()];
  }
  for (const auto& [outcome, count] : outcomes) std::cout << outcome << ": " << count << "\n";
  EXPECT_GT(outcomes["refused at start"] + outcomes["refused later"], 0);
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
                         [](const testing::TestParamInfo<std::string>& made) {
                           return made.param;
                         });

}  // namespace
}  // namespace imdi::storage::fault
