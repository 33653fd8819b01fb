#include "storage/rocks/files.h"

#include <algorithm>
#include <utility>

#include "services/base/encoding.h"

namespace imdi::storage::rocks {

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

constexpr size_t kCopyChunkBytes = 1 << 20;

}  // namespace

FileSystemPtr OrDefault(FileSystemPtr file_system) {
  return file_system != nullptr ? std::move(file_system) : FileSystem::Default();
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

IOStatus SyncDirectory(FileSystem& fs, const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status = fs.NewDirectory(path, IOOptions(), &directory, nullptr);
  if (!status.ok()) return status;
  status = directory->FsyncWithDirOptions(IOOptions(), nullptr, rocksdb::DirFsyncOptions());
  const IOStatus closed = directory->Close(IOOptions(), nullptr);
  return status.ok() && !closed.IsNotSupported() ? closed : status;
}

bool Exists(FileSystem& fs, const std::string& path) {
  return fs.FileExists(path, IOOptions(), nullptr).ok();
}

IOStatus CreateDirectories(FileSystem& fs, const std::string& path) {
  if (path.empty() || Exists(fs, path)) return IOStatus::OK();
  const std::string parent = ParentOf(path);
  IOStatus status = CreateDirectories(fs, parent);
  if (!status.ok()) return status;
  status = fs.CreateDirIfMissing(path, IOOptions(), nullptr);
  if (!status.ok()) return status;
  return SyncDirectory(fs, parent);
}

std::vector<std::string> ListDirectory(FileSystem& fs, const std::string& path) {
  std::vector<std::string> names;
  if (!fs.GetChildren(path, IOOptions(), &names, nullptr).ok()) return {};
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::sort(names.begin(), names.end());
  return names;
}

IOStatus ReadFile(FileSystem& fs, const std::string& path, std::string& out) {
  out.clear();
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  IOStatus status = fs.NewSequentialFile(path, FileOptions(), &file, nullptr);
  if (!status.ok()) return status;
  std::string buffer(kCopyChunkBytes, '\0');
  while (true) {
    Slice read;
    status = file->Read(buffer.size(), IOOptions(), &read, buffer.data(), nullptr);
    if (!status.ok()) return status;
    if (read.empty()) return status;
    out.append(read.data(), read.size());
  }
}

IOStatus WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = fs.NewWritableFile(temporary, FileOptions(), &file, nullptr);
  if (!status.ok()) return status;
  status = file->Append(Slice(content.data(), content.size()), IOOptions(), nullptr);
  if (status.ok()) status = file->Sync(IOOptions(), nullptr);
  const IOStatus closed = file->Close(IOOptions(), nullptr);
  if (status.ok()) status = closed;
  if (status.ok()) status = fs.RenameFile(temporary, path, IOOptions(), nullptr);
  if (status.ok()) status = SyncDirectory(fs, ParentOf(path));
  return status;
}

IOStatus SumFile(FileSystem& fs, const std::string& path, FileSum& sum, const std::string& target) {
  sum = {};
  std::unique_ptr<rocksdb::FSSequentialFile> source;
  IOStatus status = fs.NewSequentialFile(path, FileOptions(), &source, nullptr);
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> copy;
  if (!target.empty()) {
    status = fs.NewWritableFile(target, FileOptions(), &copy, nullptr);
    if (!status.ok()) return status;
  }
  std::string buffer(kCopyChunkBytes, '\0');
  while (status.ok()) {
    Slice read;
    status = source->Read(buffer.size(), IOOptions(), &read, buffer.data(), nullptr);
    if (!status.ok() || read.empty()) break;
    sum.bytes += read.size();
    sum.crc = base::Crc32c({read.data(), read.size()}, sum.crc);
    if (copy != nullptr) status = copy->Append(read, IOOptions(), nullptr);
  }
  if (copy != nullptr) {
    if (status.ok()) status = copy->Sync(IOOptions(), nullptr);
    const IOStatus closed = copy->Close(IOOptions(), nullptr);
    if (status.ok()) status = closed;
  }
  return status;
}

}  // namespace imdi::storage::rocks
