#include "services/ingestion/text_vault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::ingestion {
namespace {

using survey::store::v1::PlainText;
using survey::store::v1::SealedText;

constexpr char kFingerprintVersion = 1;

absl::Status BadKeyFile(const std::string& path, std::string_view what) {
  return base::Error(base::Reason::kConfigInvalid,
                     base::StrCat("master key file ", path, ": ", what));
}

std::string AsString(const base::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::StatusOr<std::string> CreateMasterKey(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const std::string key = base::RandomBytes(base::kAesKeyBytes);
  const std::string fresh = path + ".new";
  {
    const File file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return BadKeyFile(path, std::strerror(errno));
    if (write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
        fsync(file.get()) != 0) {
      return BadKeyFile(path, std::strerror(errno));
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return BadKeyFile(path, std::strerror(errno));
  const File folder(
      open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return BadKeyFile(path, std::strerror(errno));
  return key;
}

}  // namespace

TextVault::TextVault(std::string master_key, storage::KeyStore& keys)
    : master_key_(std::move(master_key)),
      fingerprint_key_(AsString(base::HmacSha256(master_key_, "imdi.fingerprint.v1"))),
      key_ids_(base::RandomBytes(8)),
      keys_(keys) {}

std::string TextVault::NewKeyId() const {
  // An id must differ, not be secret: drawn for each process, counted within it. A store takes what
  // comes in order at a fraction of the cost.
  std::string id = key_ids_;
  base::PutU64(id, last_key_id_.fetch_add(1) + 1);
  return base::Hex(id);
}

absl::StatusOr<std::string> TextVault::LoadMasterKey(const std::string& path, bool create) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT && create) return CreateMasterKey(path);
    return BadKeyFile(
        path, base::StrCat(std::strerror(errno),
                           "; restore it from its backup, texts cannot be read without it"));
  }
  struct stat facts {};
  if (fstat(file.get(), &facts) != 0) return BadKeyFile(path, std::strerror(errno));
  if ((facts.st_mode & 077) != 0)
    return BadKeyFile(path, "others may read it; set its mode to 0600");
  std::array<char, base::kAesKeyBytes + 1> bytes{};
  const ssize_t count = read(file.get(), bytes.data(), bytes.size());
  if (count != static_cast<ssize_t>(base::kAesKeyBytes))
    return BadKeyFile(path, "it must hold exactly 32 bytes");
  return std::string(bytes.data(), base::kAesKeyBytes);
}

absl::StatusOr<TextVault::Sealed> TextVault::Seal(std::string_view submission,
                                                  const PlainText& text) const {
  std::string key = base::RandomBytes(base::kAesKeyBytes);
  Sealed out;
  out.key.id = NewKeyId();
  out.text.set_key_id(out.key.id);
  std::string plain = text.SerializeAsString();
  IMDI_ASSIGN_OR_RETURN(*out.text.mutable_sealed(), base::Seal(key, plain, submission));
  IMDI_ASSIGN_OR_RETURN(out.key.bytes, base::Seal(master_key_, key, out.key.id));
  base::Wipe(plain);
  base::Wipe(key);
  return out;
}

absl::StatusOr<PlainText> TextVault::Open(std::string_view submission,
                                          const SealedText& text) const {
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> wrapped, keys_.Get(text.key_id()));
  if (!wrapped.has_value()) {
    return base::Error(base::Reason::kKeyMissing,
                       base::StrCat("the key store does not hold the key of ", submission));
  }
  absl::StatusOr<std::string> key = base::Open(master_key_, *wrapped, text.key_id());
  if (!key.ok()) {
    return base::Error(
        base::Reason::kKeyMissing,
        base::StrCat("the key of ", submission, " does not open with this master key"));
  }
  absl::StatusOr<std::string> plain = base::Open(*key, text.sealed(), submission);
  base::Wipe(*key);
  PlainText out;
  if (!plain.ok() || !out.ParseFromString(*plain)) {
    return base::Error(base::Reason::kStoreCorrupt,
                       base::StrCat("the texts of ", submission, " do not open"));
  }
  base::Wipe(*plain);
  return out;
}

absl::Status TextVault::Erase(std::string_view key_id) {
  const std::vector<std::string> ids = {std::string(key_id)};
  return keys_.Delete(ids);
}

absl::StatusOr<std::string> TextVault::SealDraft(std::string_view name,
                                                 std::string_view bytes) const {
  return base::Seal(master_key_, bytes, name);
}

absl::StatusOr<std::string> TextVault::OpenDraft(std::string_view name,
                                                 std::string_view sealed) const {
  absl::StatusOr<std::string> plain = base::Open(master_key_, sealed, name);
  if (!plain.ok()) {
    return base::Error(base::Reason::kKeyMissing,
                       base::StrCat("the draft ", name, " does not open with this master key"));
  }
  return plain;
}

std::string TextVault::Fingerprint(std::string_view canonical_content) const {
  std::string out(1, kFingerprintVersion);
  out += AsString(fingerprint_key_.Sign(canonical_content));
  return out;
}

}  // namespace imdi::ingestion
