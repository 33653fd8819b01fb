#pragma once

// A file system through which RocksDB is given no table whose tail is damaged.
//
// RocksDB sums every block of a table before it looks into it, with two exceptions in version 7.8:
// the footer has no sum, and one flipped bit in it can ask for a hundred times the table in memory;
// and the table's properties are parsed first and summed afterwards, so that a flipped bit in their
// last bytes meets an assertion, which Debian's build has on. Either ends the process. So the
// footer, the list of blocks that it points to and the properties are checked here whenever RocksDB
// opens a table, before it reads any of it; what is wrong it is told as a corruption, which it
// hands on like all others. Tables that it never opens, such as one that a kill cut off, are
// nobody's concern.
//
// The price: once for each opening, three reads of a few kilobytes that RocksDB repeats at once.

#include <cstdint>

#include "rocksdb/table.h"
#include "storage/rocks/files.h"

namespace imdi::storage::rocks {

// How tables are written, and therefore all that is accepted: who changes these lets the check read
// both.
inline constexpr uint32_t kTableFormatVersion = 5;
inline constexpr rocksdb::ChecksumType kTableChecksum = rocksdb::kXXH3;

FileSystemPtr CheckTables(FileSystemPtr file_system);

}  // namespace imdi::storage::rocks
