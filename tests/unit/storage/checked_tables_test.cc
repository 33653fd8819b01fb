// Damage at the end of a table, where RocksDB looks before it sums: it is refused, and never ends
// the process.

#include "storage/rocks/checked_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "storage/rocks/database.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/storage/folder_facts.h"

namespace imdi::storage::rocks {
namespace {

namespace stdfs = std::filesystem;
using base::Reason;
using base::ReasonOf;
using testing::HasSubstr;
using testing_support::TempFolder;

using Rows = std::map<std::string, std::string>;

class CheckedTable : public testing::Test {
 protected:
  // A closed store with one table.
  void SetUp() override {
    base::SetLogSink([this](std::string_view line) { said_.append(line); });
    options_.path = folder_ / "store";
    const auto database = Database::Open(options_, schema_);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE((*database)->FinishBirth().ok());
    {
      const auto handle = (*database)->Use();
      ASSERT_TRUE(handle.ok()) << handle.status();
      rocksdb::WriteBatch batch;
      for (int row = 0; row < 100; ++row) {
        const std::string key = base::StrCat("key ", row);
        rows_[key] = std::string(40, static_cast<char>(row));
        batch.Put((*handle)->family(0), key, rows_[key]);
      }
      ASSERT_TRUE((*database)->Write(**handle, batch).ok());
      ASSERT_TRUE((*handle)->db().Flush(rocksdb::FlushOptions(), (*handle)->family(0)).ok());
    }
    for (const auto& entry : stdfs::directory_iterator(options_.path + "/db")) {
      if (entry.path().extension() != ".sst") continue;
      ASSERT_TRUE(table_.empty()) << "one flush, one table";
      table_ = entry.path().string();
    }
    ASSERT_FALSE(table_.empty());
    whole_ = FileBytes(table_);
    flipped_ = whole_;
    // The first keys of two blocks that lie one behind the other, each after three lengths.
    properties_ = whole_.find("rocksdb.block.based.table.index.type") - 3;
    metaindex_ = whole_.find("fullfilter.rocksdb.") - 3;
    footer_ = whole_.size() - 53;
    ASSERT_LT(properties_, metaindex_);
    ASSERT_LT(metaindex_, footer_);
  }
  ~CheckedTable() override { base::SetLogSink({}); }

  // In place: a file made anew for each of thousands of bits takes long.
  void Flip(size_t bit) {
    std::fstream file(table_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(bit / 8));
    flipped_.at(bit / 8) = static_cast<char>(flipped_.at(bit / 8) ^ (1 << (bit % 8)));
    file.put(flipped_.at(bit / 8));
  }
  // Whether RocksDB would be given the table as it is now.
  bool IsGiven() {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    const rocksdb::IOStatus opened =
        checked_->NewRandomAccessFile(table_, rocksdb::FileOptions(), &file, nullptr);
    EXPECT_EQ(opened.ok(), file != nullptr);
    if (!opened.ok()) {
      EXPECT_TRUE(opened.IsCorruption()) << opened.ToString();
    }
    return opened.ok();
  }
  absl::StatusOr<std::shared_ptr<Handle>> OpenReadOnly() const {
    return Database::OpenReadOnly(OrDefault(nullptr), options_.path + "/db", schema_);
  }
  // Every row that was written, or damage and no other row.
  void ExpectRowsOrDamage(Handle& handle) const {
    const std::unique_ptr<rocksdb::Iterator> found(
        handle.db().NewIterator(rocksdb::ReadOptions(), handle.family(0)));
    Rows rows;
    for (found->SeekToFirst(); found->Valid(); found->Next()) {
      rows.emplace(found->key().ToString(), found->value().ToString());
    }
    if (found->status().IsCorruption()) return;
    EXPECT_TRUE(found->status().ok()) << found->status().ToString();
    EXPECT_EQ(rows, rows_);
  }

  TempFolder folder_;
  RocksOptions options_;
  const Schema schema_{"test", 1, {"rows"}};
  const FileSystemPtr checked_ = CheckTables(OrDefault(nullptr));
  Rows rows_;
  std::string said_;
  std::string table_;
  std::string whole_;
  std::string flipped_;  // As it is now.
  size_t properties_ = 0;
  size_t metaindex_ = 0;
  size_t footer_ = 0;
};

TEST_F(CheckedTable, AFlippedBitInTheLastBytesOfTheirPropertiesIsRefusedByName) {
  const size_t end = metaindex_ - 5;
  for (size_t bit = 8 * (end - 4); bit < 8 * end; ++bit) {
    SCOPED_TRACE(bit);
    Flip(bit);
    said_.clear();
    const auto for_writing = Database::Open(options_, schema_);
    EXPECT_EQ(ReasonOf(for_writing.status()), Reason::kStoreCorrupt);
    EXPECT_THAT(for_writing.status().message(), HasSubstr("restore it from a backup"));
    EXPECT_THAT(said_, HasSubstr(stdfs::path(table_).filename().string()));
    EXPECT_EQ(ReasonOf(OpenReadOnly().status()), Reason::kStoreCorrupt);
    Flip(bit);
  }
  const auto handle = OpenReadOnly();
  ASSERT_TRUE(handle.ok()) << handle.status();
  ExpectRowsOrDamage(**handle);
}

TEST_F(CheckedTable, EveryFlippedBitOfTheTailIsRefusedOrDoesNoHarm) {
  std::vector<size_t> given;
  for (size_t bit = 8 * properties_; bit < 8 * whole_.size(); ++bit) {
    Flip(bit);
    if (IsGiven()) given.push_back(bit);
    Flip(bit);
  }
  // What the check cannot know is where the index should lie, which RocksDB sums before use; and
  // the rest of those 40 bytes nobody reads.
  ASSERT_FALSE(given.empty());
  EXPECT_GT(given.front(), 8 * footer_);
  EXPECT_LT(given.back(), 8 * (footer_ + 41));
  int refused = 0;
  for (const size_t bit : given) {
    SCOPED_TRACE(bit);
    Flip(bit);
    const auto handle = OpenReadOnly();
    if (handle.ok()) {
      ExpectRowsOrDamage(**handle);
    } else {
      EXPECT_EQ(ReasonOf(handle.status()), Reason::kStoreCorrupt) << handle.status();
      ++refused;
    }
    Flip(bit);
  }
  std::cout << 8 * (whole_.size() - properties_) << " bits, " << given.size()
            << " given to RocksDB, which refused " << refused << "\n";
}

TEST_F(CheckedTable, ATableCutAnywhereIsRefused) {
  EXPECT_TRUE(IsGiven());
  for (size_t left = whole_.size(); left-- > 0;) {
    stdfs::resize_file(table_, left);
    ASSERT_FALSE(IsGiven()) << left << " of " << whole_.size() << " bytes";
    if (left % 100 == 0) {
      EXPECT_EQ(ReasonOf(OpenReadOnly().status()), Reason::kStoreCorrupt);
    }
  }
}

// A flush that a kill cut off leaves such a file behind.
TEST_F(CheckedTable, ATornFileThatIsNoTableOfTheStoreIsNobodysConcern) {
  std::ofstream(options_.path + "/db/999999.sst", std::ios::binary)
      << std::string_view(whole_).substr(0, whole_.size() / 2);
  const auto database = Database::Open(options_, schema_);
  ASSERT_TRUE(database.ok()) << database.status();
  const auto handle = (*database)->Use();
  ASSERT_TRUE(handle.ok()) << handle.status();
  ExpectRowsOrDamage(**handle);
}

}  // namespace
}  // namespace imdi::storage::rocks
