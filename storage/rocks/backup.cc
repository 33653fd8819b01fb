#include "storage/rocks/backup.h"

#include <optional>
#include <utility>
#include <vector>

#include "rocksdb/utilities/checkpoint.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/progress.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::storage::rocks {

using base::Error;
using base::Reason;
using base::StrCat;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

constexpr std::string_view kFirstLine = "imdi backup 1";

absl::Status BackupFailure(const rocksdb::Status& status) {
  base::LogEvent(base::Level::kError, "backup_failed", {{"text", status.ToString()}});
  if (status.IsNoSpace()) {
    return Error(Reason::kDiskFull,
                 "there is no space for the copy; free some or choose another disk");
  }
  return Error(Reason::kStoreUnavailable,
               "the copy could not be written or read; look at the disk and its rights");
}

absl::Status DamagedBackup(std::string_view what) {
  return Error(Reason::kStoreCorrupt, StrCat("the backup is damaged: ", what, "; use another one"));
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

std::string EncodeManifest(const BackupManifest& manifest) {
  std::string text = StrCat(kFirstLine, "\nkind ", manifest.kind, "\n");
  for (const auto& [key, value] : manifest.facts)
    base::StrAppend(text, "fact ", key, " ", value, "\n");
  for (const auto& [name, sum] : manifest.files) {
    base::StrAppend(text, "file ", name, " ", sum.bytes, " ", sum.crc, "\n");
  }
  const uint32_t crc = base::Crc32c(text);
  base::StrAppend(text, "end ", crc, "\n");
  return text;
}

absl::StatusOr<BackupManifest> DecodeManifest(std::string_view text) {
  const absl::Status damaged = DamagedBackup("its list of files cannot be read");
  const size_t end = text.rfind("end ");
  if (end == std::string_view::npos || !text.ends_with('\n')) return damaged;
  const std::optional<int64_t> crc = base::ParseInt64(text.substr(end + 4, text.size() - end - 5));
  if (crc != static_cast<int64_t>(base::Crc32c(text.substr(0, end)))) return damaged;
  BackupManifest manifest;
  bool first = true;
  for (const std::string_view line : Split(text.substr(0, end), '\n')) {
    if (std::exchange(first, false)) {
      if (line != kFirstLine) return damaged;
      continue;
    }
    if (line.empty()) continue;
    const std::vector<std::string_view> words = Split(line, ' ');
    if (words.size() == 2 && words[0] == "kind") {
      manifest.kind = std::string(words[1]);
    } else if (words.size() == 3 && words[0] == "fact") {
      manifest.facts.emplace(words[1], words[2]);
    } else if (words.size() == 4 && words[0] == "file") {
      const std::optional<uint64_t> bytes = base::ParseUint64(words[2]);
      const std::optional<uint64_t> sum = base::ParseUint64(words[3]);
      if (!bytes.has_value() || !sum.has_value()) return damaged;
      manifest.files.emplace(words[1], FileSum{*bytes, static_cast<uint32_t>(*sum)});
    } else {
      return damaged;
    }
  }
  return manifest;
}

absl::Status CheckpointInto(const Database& database, Handle& handle,
                            const std::string& directory) {
  rocksdb::FileSystem& fs = database.fs();
  if (Exists(fs, directory)) {
    return Error(Reason::kAlreadyExists, "the folder for the backup exists; name a new one");
  }
  if (const IOStatus made = CreateDirectories(fs, directory); !made.ok())
    return BackupFailure(made);
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&handle.db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory + "/db");
  if (!status.ok()) return BackupFailure(status);
  return absl::OkStatus();
}

absl::Status SealBackup(rocksdb::FileSystem& fs, const std::string& directory,
                        BackupManifest manifest, const Proceed& proceed) {
  for (const std::string& name : ListDirectory(fs, directory + "/db")) {
    if (name == "LOCK") continue;
    IMDI_RETURN_IF_ERROR(proceed(0));
    FileSum sum;
    const IOStatus read = SumFile(fs, StrCat(directory, "/db/", name), sum);
    if (!read.ok()) return BackupFailure(read);
    manifest.files.emplace(name, sum);
  }
  if (const IOStatus synced = SyncDirectory(fs, directory + "/db"); !synced.ok()) {
    return BackupFailure(synced);
  }
  const IOStatus written = WriteFileAtomically(fs, directory + "/BACKUP", EncodeManifest(manifest));
  if (!written.ok()) return BackupFailure(written);
  return absl::OkStatus();
}

absl::StatusOr<BackupManifest> ReadBackup(rocksdb::FileSystem& fs, const std::string& directory,
                                          std::string_view kind) {
  std::string text;
  const IOStatus read = ReadFile(fs, directory + "/BACKUP", text);
  if (!read.ok()) {
    return Error(Reason::kStoreCorrupt,
                 "the folder holds no finished backup (no BACKUP file); use another one");
  }
  IMDI_ASSIGN_OR_RETURN(BackupManifest manifest, DecodeManifest(text));
  if (manifest.kind != kind) {
    return Error(Reason::kStoreCorrupt, StrCat("this is the backup of a store of kind ",
                                               base::Quoted(manifest.kind), ", not ", kind));
  }
  for (const auto& [name, expected] : manifest.files) {
    FileSum sum;
    const IOStatus summed = SumFile(fs, StrCat(directory, "/db/", name), sum);
    if (!summed.ok() || sum.bytes != expected.bytes || sum.crc != expected.crc) {
      return DamagedBackup(StrCat("db/", name, " is not what was written"));
    }
  }
  return manifest;
}

absl::Status CopyBackup(rocksdb::FileSystem& fs, const BackupManifest& manifest,
                        const std::string& directory, const std::string& target) {
  if (!ListDirectory(fs, target).empty()) {
    return Error(Reason::kAlreadyExists, "the folder to restore into is not empty; name a new one");
  }
  if (const IOStatus made = CreateDirectories(fs, target + "/db"); !made.ok()) {
    return BackupFailure(made);
  }
  base::Progress progress("restore_files", "files");
  base::Progress::Run run = progress.Begin(static_cast<int64_t>(manifest.files.size()));
  for (const auto& [name, expected] : manifest.files) {
    FileSum sum;
    const IOStatus copied =
        SumFile(fs, StrCat(directory, "/db/", name), sum, StrCat(target, "/db/", name));
    if (!copied.ok()) return BackupFailure(copied);
    if (sum.bytes != expected.bytes || sum.crc != expected.crc) {
      return DamagedBackup(StrCat("db/", name, " is not what was written"));
    }
    run.Add(1);
  }
  if (const IOStatus synced = SyncDirectory(fs, target + "/db"); !synced.ok()) {
    return BackupFailure(synced);
  }
  run.Succeed();
  return absl::OkStatus();
}

}  // namespace imdi::storage::rocks
