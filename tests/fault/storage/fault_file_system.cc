#include "tests/fault/storage/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "rocksdb/io_status.h"

namespace imdi::storage::fault {

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
namespace stdfs = std::filesystem;

namespace {

std::string DirectoryOf(const std::string& path) {
  return stdfs::path(path).parent_path().string();
}

class FaultWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
                    FaultFileSystem& fs, uint64_t size)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        fs_(fs),
        size_(size) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    return fs_.OnAppend(path_, data, [&](const Slice& part) {
      size_ += part.size();
      return target()->Append(part, options, context);
    });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("direct writes are not watched");
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&,
                            const rocksdb::DataVerificationInfo&, IODebugContext*) override {
    return IOStatus::NotSupported("direct writes are not watched");
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* context) override {
    return fs_.OnTruncate(path_, size, [&] {
      size_ = size;
      return target()->Truncate(size, options, context);
    });
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return fs_.OnSync(path_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return fs_.OnSync(path_); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  void PrepareWrite(size_t, size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  const std::string path_;
  FaultFileSystem& fs_;
  uint64_t size_;
};

class FaultRandomRWFile final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultRandomRWFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string path,
                    FaultFileSystem& fs)
      : rocksdb::FSRandomRWFileOwnerWrapper(std::move(file)), path_(std::move(path)), fs_(fs) {}
  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions&, IODebugContext*) override {
    return fs_.OnOverwrite(path_, offset, data, *target());
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return fs_.OnSync(path_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return fs_.OnSync(path_); }

 private:
  const std::string path_;
  FaultFileSystem& fs_;
};

class FaultDirectory final : public rocksdb::FSDirectory {
 public:
  FaultDirectory(std::string path, FaultFileSystem& fs) : path_(std::move(path)), fs_(fs) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return fs_.OnDirectorySync(path_); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return fs_.OnDirectorySync(path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const std::string path_;
  FaultFileSystem& fs_;
};

IOStatus PowerIsOff() { return IOStatus::IOError("the power is off"); }
IOStatus ReadOnlyDisk() { return IOStatus::IOError("Read-only file system"); }

}  // namespace

FaultFileSystem::FaultFileSystem(std::string root, uint64_t seed)
    : FileSystemWrapper(FileSystem::Default()), aside_(std::move(root) + "/aside"), random_(seed) {
  stdfs::create_directories(aside_);
}

uint64_t FaultFileSystem::Random(uint64_t below) { return below == 0 ? 0 : random_() % below; }

void FaultFileSystem::CutPowerAfter(int64_t operations) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operations_ + operations;
}

void FaultFileSystem::LieAboutSyncOf(std::function<bool(const std::string&)> files) {
  const std::lock_guard lock(mutex_);
  lie_ = std::move(files);
}
void FaultFileSystem::FailSyncsOf(std::function<bool(const std::string&)> files) {
  const std::lock_guard lock(mutex_);
  fail_sync_ = std::move(files);
}
void FaultFileSystem::FailSyncsForSpaceOf(std::function<bool(const std::string&)> files) {
  const std::lock_guard lock(mutex_);
  fail_sync_for_space_ = std::move(files);
}
void FaultFileSystem::SetFull(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}
void FaultFileSystem::SetReadOnly(bool read_only) {
  const std::lock_guard lock(mutex_);
  read_only_ = read_only;
}
void FaultFileSystem::SetFreeSpace(std::optional<uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  free_space_ = bytes;
}

IOStatus FaultFileSystem::Begin(bool& cut) {
  cut = false;
  if (power_off_) return PowerIsOff();
  if (read_only_) return ReadOnlyDisk();
  ++operations_;
  if (operations_ == cut_at_) {
    cut = true;
    power_off_ = true;
  }
  return IOStatus::OK();
}

std::string FaultFileSystem::PutAside(const std::string& path) {
  const std::string aside = aside_ + "/" + std::to_string(next_aside_++);
  stdfs::rename(path, aside);
  return aside;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  if (full_) return IOStatus::NoSpace("No space left on device");
  std::unique_ptr<rocksdb::FSWritableFile> inner;
  const IOStatus made = target()->NewWritableFile(path, options, &inner, context);
  if (!made.ok()) return made;
  files_[path] = {};
  changes_[DirectoryOf(path)].push_back({Change::kCreated, path, "", ""});
  *file = std::make_unique<FaultWritableFile>(std::move(inner), path, *this, 0);
  return made;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  std::unique_ptr<rocksdb::FSWritableFile> inner;
  const IOStatus opened = target()->ReopenWritableFile(path, options, &inner, context);
  if (!opened.ok()) return opened;
  const uint64_t size = stdfs::file_size(path);
  files_.try_emplace(path, FileState{size, size});
  *file = std::make_unique<FaultWritableFile>(std::move(inner), path, *this, size);
  return opened;
}

IOStatus FaultFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                          IODebugContext* context) {
  if (power_off_) return PowerIsOff();
  {
    const std::lock_guard lock(mutex_);
    if (read_only_) return ReadOnlyDisk();
  }
  std::unique_ptr<rocksdb::FSRandomRWFile> inner;
  const IOStatus opened = target()->NewRandomRWFile(path, options, &inner, context);
  if (opened.ok()) *file = std::make_unique<FaultRandomRWFile>(std::move(inner), path, *this);
  return opened;
}

IOStatus FaultFileSystem::NewSequentialFile(const std::string& path, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                            IODebugContext* context) {
  if (power_off_) return PowerIsOff();
  return target()->NewSequentialFile(path, options, file, context);
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                              IODebugContext* context) {
  if (power_off_) return PowerIsOff();
  return target()->NewRandomAccessFile(path, options, file, context);
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions&,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       IODebugContext*) {
  if (power_off_) return PowerIsOff();
  if (!stdfs::is_directory(path)) return IOStatus::PathNotFound(path);
  // Every path to one directory must name its changes alike.
  std::string name = path;
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  *directory = std::make_unique<FaultDirectory>(name, *this);
  return IOStatus::OK();
}

IOStatus FaultFileSystem::CreateDir(const std::string& path, const IOOptions& options,
                                    IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  return target()->CreateDir(path, options, context);
}

IOStatus FaultFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                             IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  return target()->CreateDirIfMissing(path, options, context);
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                     IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  if (!stdfs::exists(path)) return target()->DeleteFile(path, options, context);
  const std::string aside = PutAside(path);
  changes_[DirectoryOf(path)].push_back({Change::kDeleted, path, aside, ""});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  if (stdfs::is_directory(from)) return target()->RenameFile(from, to, options, context);
  DirectoryChange change{Change::kRenamed, to, from, ""};
  if (stdfs::exists(to)) change.overwritten = PutAside(to);
  const IOStatus renamed = target()->RenameFile(from, to, options, context);
  if (!renamed.ok()) return renamed;
  if (const auto state = files_.find(from); state != files_.end()) {
    files_[to] = state->second;
    files_.erase(from);
  }
  changes_[DirectoryOf(to)].push_back(std::move(change));
  return renamed;
}

IOStatus FaultFileSystem::LinkFile(const std::string& from, const std::string& to,
                                   const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  const IOStatus linked = target()->LinkFile(from, to, options, context);
  if (linked.ok()) changes_[DirectoryOf(to)].push_back({Change::kCreated, to, "", ""});
  return linked;
}

IOStatus FaultFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                       uint64_t* free, IODebugContext* context) {
  {
    const std::lock_guard lock(mutex_);
    if (free_space_.has_value()) {
      *free = *free_space_;
      return IOStatus::OK();
    }
  }
  return target()->GetFreeSpace(path, options, free, context);
}

IOStatus FaultFileSystem::LockFile(const std::string& path, const IOOptions& options,
                                   rocksdb::FileLock** lock, IODebugContext* context) {
  {
    const std::lock_guard guard(mutex_);
    if (power_off_) return PowerIsOff();
    if (read_only_) return ReadOnlyDisk();
  }
  return target()->LockFile(path, options, lock, context);
}

IOStatus FaultFileSystem::OnAppend(const std::string& path, const Slice& data,
                                   const std::function<IOStatus(const Slice&)>& write) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  Slice part = data;
  if (cut || full_) part = Slice(data.data(), Random(data.size() + 1));
  const IOStatus written = write(part);
  files_[path].size += part.size();
  if (cut) return PowerIsOff();
  if (full_) return IOStatus::NoSpace("No space left on device");
  return written;
}

IOStatus FaultFileSystem::OnTruncate(const std::string& path, uint64_t size,
                                     const std::function<IOStatus()>& truncate) {
  const std::lock_guard lock(mutex_);
  if (power_off_) return PowerIsOff();
  FileState& state = files_[path];
  state.size = size;
  state.synced = std::min(state.synced, size);
  return truncate();
}

IOStatus FaultFileSystem::OnOverwrite(const std::string& path, uint64_t offset, const Slice& data,
                                      rocksdb::FSRandomRWFile& file) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (full_) return IOStatus::NoSpace("No space left on device");
  std::string before(data.size(), '\0');
  Slice read;
  const IOStatus got = file.Read(offset, before.size(), IOOptions(), &read, before.data(), nullptr);
  if (!got.ok()) return got;
  before.assign(read.data(), read.size());
  const Slice part = cut ? Slice(data.data(), Random(data.size() + 1)) : data;
  overwrites_.push_back({path, offset, before});
  const IOStatus written = file.Write(offset, part, IOOptions(), nullptr);
  return cut ? PowerIsOff() : written;
}

IOStatus FaultFileSystem::OnSync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  if (fail_sync_ && fail_sync_(path)) return IOStatus::IOError("Input/output error");
  if (full_ || (fail_sync_for_space_ && fail_sync_for_space_(path))) {
    return IOStatus::NoSpace("No space left on device");
  }
  if (lie_ && lie_(path)) return IOStatus::OK();
  if (const auto state = files_.find(path); state != files_.end()) {
    state->second.synced = state->second.size;
  }
  std::erase_if(overwrites_, [&](const Overwrite& overwrite) { return overwrite.path == path; });
  return IOStatus::OK();
}

IOStatus FaultFileSystem::OnDirectorySync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool cut = false;
  if (const IOStatus begun = Begin(cut); !begun.ok()) return begun;
  if (cut) return PowerIsOff();
  const auto changes = changes_.find(path);
  if (changes == changes_.end()) return IOStatus::OK();
  for (const DirectoryChange& change : changes->second) {
    if (change.change == Change::kDeleted) stdfs::remove(change.other);
    if (!change.overwritten.empty()) stdfs::remove(change.overwritten);
  }
  changes_.erase(changes);
  return IOStatus::OK();
}

void FaultFileSystem::Crash() {
  const std::lock_guard lock(mutex_);
  // Overwritten bytes: those of a write may have reached the disk in part, from its start.
  for (auto it = overwrites_.rbegin(); it != overwrites_.rend(); ++it) {
    if (!stdfs::exists(it->path)) continue;
    const uint64_t kept = Random(3) == 0 ? it->before.size() : Random(it->before.size() + 1);
    std::fstream file(it->path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(it->offset + kept));
    file.write(it->before.data() + kept, static_cast<std::streamsize>(it->before.size() - kept));
  }
  // Appended bytes: all, none or a part of those that were not synced.
  for (const auto& [path, state] : files_) {
    if (!stdfs::exists(path) || state.size <= state.synced) continue;
    const uint64_t unsynced = state.size - state.synced;
    const uint64_t choice = Random(4);
    const uint64_t kept = choice == 0 ? 0 : choice == 1 ? unsynced : Random(unsynced + 1);
    stdfs::resize_file(path, state.synced + kept);
  }
  // Names: a directory forgets its last changes, as far back as the last sync at most.
  for (auto& [directory, changes] : changes_) {
    const uint64_t kept = Random(changes.size() + 1);
    while (changes.size() > kept) {
      const DirectoryChange& change = changes.back();
      switch (change.change) {
        case Change::kCreated:
          stdfs::remove(change.path);
          break;
        case Change::kDeleted:
          if (stdfs::exists(change.other)) stdfs::rename(change.other, change.path);
          break;
        case Change::kRenamed:
          if (stdfs::exists(change.path)) stdfs::rename(change.path, change.other);
          if (!change.overwritten.empty()) stdfs::rename(change.overwritten, change.path);
          break;
      }
      changes.pop_back();
    }
  }
  files_.clear();
  overwrites_.clear();
  changes_.clear();
  cut_at_ = 0;
  power_off_ = false;
}

}  // namespace imdi::storage::fault
