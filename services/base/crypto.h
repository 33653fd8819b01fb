#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace imdi::base {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::span<const uint8_t> bytes);
Digest Sha256(std::string_view bytes);

// SHA-256 over several pieces, as if they were one. One use: after Finish make a new one.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void Update(std::span<const uint8_t> bytes);
  void Update(std::string_view bytes);
  Digest Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Digest HmacSha256(std::string_view key, std::string_view message);

// The same under one key that is used many times: the key is prepared once. Thread-safe.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  Digest Sign(std::string_view message) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Compares without telling by its duration where the difference lies.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

inline constexpr size_t kAesKeyBytes = 32;
inline constexpr size_t kAesNonceBytes = 12;
inline constexpr size_t kAesTagBytes = 16;

// AES-256-GCM under a fresh random nonce: nonce | ciphertext | tag. `aad` is authenticated, not
// stored. A key of another length than kAesKeyBytes is INTERNAL.
absl::StatusOr<std::string> Seal(std::string_view key, std::string_view plaintext,
                                 std::string_view aad);
// DATA_LOSS (STORE_CORRUPT) when key, bytes or aad are not those of Seal.
absl::StatusOr<std::string> Open(std::string_view key, std::string_view sealed,
                                 std::string_view aad);

// From the operating system's generator. Failure ends the process: nothing may go on without it.
std::string RandomBytes(size_t count);
// 128 random bits in 32 hexadecimal digits.
std::string RandomId();

// Overwrites with zeros in a way the compiler keeps.
void Wipe(std::string& secret);

}  // namespace imdi::base
