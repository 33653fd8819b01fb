#pragma once

// Seals free text and contact names under a key of each submission, and opens them again while that
// key exists.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/crypto.h"
#include "storage/key_store.h"

namespace imdi::ingestion {

// Thread-safe. The master key wraps every submission key (AES-256-GCM) and, through HMAC-SHA-256
// with a label of its own, yields the key of request fingerprints. It never leaves this class.
class TextVault {
 public:
  // `master_key` is 32 bytes. `keys` must outlive the vault.
  TextVault(std::string master_key, storage::KeyStore& keys);

  // Reads the key from `path`, which only its owner may read (mode 0600). With `create`, makes it
  // when missing.
  static absl::StatusOr<std::string> LoadMasterKey(const std::string& path, bool create);

  struct Sealed {
    survey::store::v1::SealedText text;
    storage::WrappedKey key;  // To be stored before the record that carries the text.
  };
  // `submission` is the resource name with its revision; it is bound to the ciphertext.
  absl::StatusOr<Sealed> Seal(std::string_view submission,
                              const survey::store::v1::PlainText& text) const;
  // KEY_MISSING when the key is not there or does not open with the master key, STORE_CORRUPT when
  // the ciphertext does not open. Whether texts were erased is the log's to say.
  absl::StatusOr<survey::store::v1::PlainText> Open(
      std::string_view submission, const survey::store::v1::SealedText& text) const;
  absl::StatusOr<bool> Holds(std::string_view key_id) const { return keys_.Exists(key_id); }
  // Deletes the key for good. Idempotent.
  absl::Status Erase(std::string_view key_id);

  // A draft's bytes under the master key, bound to the draft's name; drafts are short-lived and
  // have no keys of their own.
  absl::StatusOr<std::string> SealDraft(std::string_view name, std::string_view bytes) const;
  absl::StatusOr<std::string> OpenDraft(std::string_view name, std::string_view sealed) const;

  // Versioned HMAC-SHA-256 of canonical content: equal content has equal fingerprints, and nobody
  // without the master key can guess answers from one.
  std::string Fingerprint(std::string_view canonical_content) const;

 private:
  // 32 hexadecimal digits that no other key has.
  std::string NewKeyId() const;

  const std::string master_key_;
  const base::HmacKey fingerprint_key_;
  const std::string key_ids_;  // 8 random bytes that the ids of this process begin with.
  mutable std::atomic<uint64_t> last_key_id_{0};
  storage::KeyStore& keys_;
};

}  // namespace imdi::ingestion
