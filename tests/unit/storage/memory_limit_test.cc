// What RocksDB itself says of its memory stays below what a store was given: rows, blocks, indexes,
// filters and readers of tables together.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "services/base/encoding.h"
#include "services/base/limits.h"
#include "storage/rocks/database.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage::rocks {
namespace {

using testing_support::TempFolder;

struct Memory {
  uint64_t rows = 0;           // Not yet in tables.
  uint64_t cache = 0;          // Everything that is charged, the rows too.
  uint64_t pinned = 0;         // Of that, what cannot make room: rows, and blocks in use.
  uint64_t table_readers = 0;  // Beside the cache.
};

Memory MemoryOf(Handle& handle) {
  Memory out;
  const auto read = [&](const std::string& property) {
    uint64_t value = 0;
    EXPECT_TRUE(handle.db().GetIntProperty(handle.family(0), property, &value)) << property;
    return value;
  };
  out.rows = read(rocksdb::DB::Properties::kSizeAllMemTables);
  out.cache = read(rocksdb::DB::Properties::kBlockCacheUsage);
  out.pinned = read(rocksdb::DB::Properties::kBlockCachePinnedUsage);
  out.table_readers = read(rocksdb::DB::Properties::kEstimateTableReadersMem);
  return out;
}

std::string KeyOf(uint64_t number) {
  std::string key;
  base::PutU64(key, number * 0x9E3779B97F4A7C15u);  // Spread over all tables.
  base::PutU64(key, number);
  return key;
}

TEST(MemoryLimit, HoldsForRowsBlocksIndexesAndFiltersTogether) {
  const TempFolder folder;
  RocksOptions options;
  options.path = folder.path();
  const uint64_t limit = 4 * base::kMiB;
  options.SetMemory(limit);
  // What is charged is charged in steps; and a block that is being read may find no room.
  const uint64_t granule = 256 * base::kKiB, slack = 4 * granule;
  constexpr uint64_t kKeys = 400'000, kAtOnce = 5'000, kReads = 100;

  auto opened = Database::Open(options, {.kind = "memory", .version = 1, .families = {"one"}});
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::shared_ptr<Handle> handle = *(*opened)->Use();
  std::mt19937_64 random(1);
  Memory most;
  for (uint64_t next = 0; next < kKeys;) {
    rocksdb::WriteBatch batch;
    for (uint64_t i = 0; i < kAtOnce; ++i, ++next)
      ASSERT_TRUE(batch.Put(handle->family(0), KeyOf(next), "x").ok());
    ASSERT_TRUE((*opened)->Write(*handle, batch).ok());
    std::string value;
    for (uint64_t i = 0; i < kReads; ++i) {
      ASSERT_TRUE(
          handle->db()
              .Get(rocksdb::ReadOptions(), handle->family(0), KeyOf(random() % next), &value)
              .ok());
    }
    const Memory now = MemoryOf(*handle);
    most.rows = std::max(most.rows, now.rows);
    most.cache = std::max(most.cache, now.cache);
    most.table_readers = std::max(most.table_readers, now.table_readers);
    ASSERT_LE(now.cache + now.table_readers, limit + slack) << next << " keys";
    ASSERT_LE(now.rows, now.pinned + granule) << "rows are charged to the cache";
    ASSERT_LE(now.table_readers, granule) << "indexes and filters lie in the cache";
  }
  // The test means something: filters alone (10 bits a key) are more than may lie beside the cache,
  // and rows waited for the disk.
  EXPECT_GT(kKeys * 10 / 8, granule);
  EXPECT_GT(most.rows, options.write_buffer_bytes);
  std::cout << "of " << limit << " bytes: rows " << most.rows << ", charged " << most.cache
            << ", readers beside it " << most.table_readers << "\n";
}

}  // namespace
}  // namespace imdi::storage::rocks
