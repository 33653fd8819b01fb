#pragma once

// A disk that fails on command. It writes through to real files in one folder and remembers what
// was not synced, so that Crash() can leave behind what a power cut would: unsynced bytes torn at a
// random count, the last unsynced directory entries undone, watermark slots half written.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "rocksdb/file_system.h"

namespace imdi::storage::fault {

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // Everything under `root` is watched.
  FaultFileSystem(std::string root, uint64_t seed);

  static const char* kClassName() { return "FaultFileSystem"; }
  const char* Name() const override { return kClassName(); }

  // ---- Faults. Predicates get the path.
  // The power goes at the n-th write, sync, rename, creation or deletion from now (1 = the next).
  void CutPowerAfter(int64_t operations);
  bool power_is_off() const { return power_off_; }
  int64_t operations() const { return operations_; }
  // What the disk holds after the power cut; the power is on again. Every file must be closed.
  void Crash();
  // Syncs that say they did and did not.
  void LieAboutSyncOf(std::function<bool(const std::string&)> files);
  void FailSyncsOf(std::function<bool(const std::string&)> files);
  void FailSyncsForSpaceOf(std::function<bool(const std::string&)> files);
  // Every write fails with ENOSPC, the first ones after a random part was written.
  void SetFull(bool full);
  // Every change fails with EROFS.
  void SetReadOnly(bool read_only);
  void SetFreeSpace(std::optional<uint64_t> bytes);

  // ---- rocksdb::FileSystem
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* free, rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* context) override;

  // ---- Called by the files.
  rocksdb::IOStatus OnAppend(const std::string& path, const rocksdb::Slice& data,
                             const std::function<rocksdb::IOStatus(const rocksdb::Slice&)>& write);
  rocksdb::IOStatus OnTruncate(const std::string& path, uint64_t size,
                               const std::function<rocksdb::IOStatus()>& truncate);
  rocksdb::IOStatus OnOverwrite(const std::string& path, uint64_t offset,
                                const rocksdb::Slice& data, rocksdb::FSRandomRWFile& file);
  rocksdb::IOStatus OnSync(const std::string& path);
  rocksdb::IOStatus OnDirectorySync(const std::string& path);

 private:
  struct FileState {
    uint64_t size = 0;
    uint64_t synced = 0;
  };
  struct Overwrite {
    std::string path;
    uint64_t offset = 0;
    std::string before;
  };
  enum class Change { kCreated, kDeleted, kRenamed };
  struct DirectoryChange {
    Change change = Change::kCreated;
    std::string path;
    std::string other;        // Renamed: the old name. Deleted: where the file was put aside.
    std::string overwritten;  // Renamed: where the file that had the name was put aside; "" = none.
  };

  // Counts an operation. Not OK: it does not happen. `cut` tells that the power goes right now.
  rocksdb::IOStatus Begin(bool& cut);
  std::string PutAside(const std::string& path);
  uint64_t Random(uint64_t below);  // 0..below-1; 0 for 0

  const std::string aside_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::atomic<int64_t> operations_ = 0;
  int64_t cut_at_ = 0;
  std::atomic<bool> power_off_ = false;
  bool full_ = false;
  bool read_only_ = false;
  std::optional<uint64_t> free_space_;
  std::function<bool(const std::string&)> lie_;
  std::function<bool(const std::string&)> fail_sync_;
  std::function<bool(const std::string&)> fail_sync_for_space_;
  std::map<std::string, FileState> files_;
  std::vector<Overwrite> overwrites_;
  std::map<std::string, std::vector<DirectoryChange>>
      changes_;  // By directory, in order, unsynced.
  int64_t next_aside_ = 0;
};

}  // namespace imdi::storage::fault
