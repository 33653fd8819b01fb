#include "clients/cpp/kept_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::survey::client {
namespace {

// The number goes up with every change that an older version would read wrongly.
constexpr std::string_view kMagic = "imdi-set 1\n";
constexpr size_t kHeadBytes = kMagic.size() + sizeof(uint32_t);

absl::Status Failed(std::string_view what, const std::string& path) {
  return base::Error(
      base::Reason::kStoreUnavailable,
      base::StrCat(what, " ", base::Quoted(path, base::kNameBytesMax), ": ", std::strerror(errno)));
}

absl::Status Damaged(const std::string& path, std::string_view why) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat(base::Quoted(path, base::kNameBytesMax), " ", why));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

absl::Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteKeptFile(const std::string& path, std::string_view content) {
  std::string head(kMagic);
  base::PutU32(head, base::Crc32c(content));
  const std::string beside = path + ".new";
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.number() < 0) return Failed("cannot create", beside);
    IMDI_RETURN_IF_ERROR(WriteAll(file.number(), head, beside));
    IMDI_RETURN_IF_ERROR(WriteAll(file.number(), content, beside));
    if (::fsync(file.number()) != 0) return Failed("cannot sync", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return Failed("cannot replace", path);
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || ::fsync(opened.number()) != 0) return Failed("cannot sync", folder);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadKeptFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT)
    return base::Error(base::Reason::kUnknownResource, base::StrCat("no file ", path));
  if (!file) return Failed("cannot read", path);
  std::string bytes(kHeadBytes + base::kHeldBytesMax + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return Failed("cannot read", path);
  bytes.resize(static_cast<size_t>(file.gcount()));
  if (bytes.size() > kHeadBytes + base::kHeldBytesMax)
    return Damaged(path, "is larger than any set");
  if (!bytes.starts_with(kMagic) || bytes.size() < kHeadBytes)
    return Damaged(path, "is no set of this version");
  const uint32_t sum = base::GetU32(bytes.data() + kMagic.size());
  bytes.erase(0, kHeadBytes);
  if (sum != base::Crc32c(bytes)) return Damaged(path, "is not what was written");
  return bytes;
}

}  // namespace imdi::survey::client
