#include "services/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

// OpenSSL fails in these calls only when memory or the library itself is broken.
void Must(bool ok) {
  if (!ok) std::abort();
}

absl::Status CryptoError(std::string_view what) {
  return Error(Reason::kInternal, StrCat("cryptography: ", what));
}

const unsigned char* Unsigned(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Unsigned(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Looked up once: OpenSSL searches its providers, under a lock, for every use of a method that was
// not fetched. They live as long as the process.
const EVP_MD* Sha256Method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Must(method != nullptr);
  return method;
}
const EVP_CIPHER* AesMethod() {
  static const EVP_CIPHER* const method = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  Must(method != nullptr);
  return method;
}

}  // namespace

struct Sha256Stream::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Impl() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : impl_(std::make_unique<Impl>()) {
  Must(impl_->context != nullptr &&
       EVP_DigestInit_ex(impl_->context, Sha256Method(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() = default;
void Sha256Stream::Update(std::span<const uint8_t> bytes) {
  Must(EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) == 1);
}
void Sha256Stream::Update(std::string_view bytes) { Update(AsBytes(bytes)); }
Digest Sha256Stream::Finish() {
  Digest digest{};
  Must(EVP_DigestFinal_ex(impl_->context, digest.data(), nullptr) == 1);
  return digest;
}

Digest Sha256(std::span<const uint8_t> bytes) {
  Digest digest{};
  Must(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, Sha256Method(), nullptr) ==
       1);
  return digest;
}
Digest Sha256(std::string_view bytes) { return Sha256(AsBytes(bytes)); }

Digest HmacSha256(std::string_view key, std::string_view message) {
  Digest digest{};
  unsigned int size = 0;
  Must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Unsigned(message),
            message.size(), digest.data(), &size) != nullptr);
  return digest;
}

struct HmacKey::Impl {
  EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* prepared = method == nullptr ? nullptr : EVP_MAC_CTX_new(method);
  ~Impl() {
    EVP_MAC_CTX_free(prepared);
    EVP_MAC_free(method);
  }
};

HmacKey::HmacKey(std::string_view key) : impl_(std::make_unique<Impl>()) {
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0), OSSL_PARAM_construct_end()};
  Must(impl_->prepared != nullptr &&
       EVP_MAC_init(impl_->prepared, Unsigned(key), key.size(), parameters.data()) == 1);
}
HmacKey::~HmacKey() = default;

Digest HmacKey::Sign(std::string_view message) const {
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(impl_->prepared));
  Digest digest{};
  size_t size = 0;
  Must(context != nullptr &&
       EVP_MAC_update(context.get(), Unsigned(message), message.size()) == 1 &&
       EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1);
  return digest;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::StatusOr<std::string> Seal(std::string_view key, std::string_view plaintext,
                                 std::string_view aad) {
  if (key.size() != kAesKeyBytes) return CryptoError("a key has 32 bytes");
  const std::string nonce = RandomBytes(kAesNonceBytes);
  std::string out = nonce;
  out.resize(kAesNonceBytes + plaintext.size() + kAesTagBytes);
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  unsigned char* const body = Unsigned(out) + kAesNonceBytes;
  const bool ok = context != nullptr &&
                  EVP_EncryptInit_ex(context.get(), AesMethod(), nullptr, Unsigned(key),
                                     Unsigned(nonce)) == 1 &&
                  EVP_EncryptUpdate(context.get(), nullptr, &size, Unsigned(aad),
                                    static_cast<int>(aad.size())) == 1 &&
                  EVP_EncryptUpdate(context.get(), body, &size, Unsigned(plaintext),
                                    static_cast<int>(plaintext.size())) == 1 &&
                  EVP_EncryptFinal_ex(context.get(), body + size, &size) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG,
                                      static_cast<int>(kAesTagBytes), body + plaintext.size()) == 1;
  if (!ok) return CryptoError("sealing failed");
  return out;
}

absl::StatusOr<std::string> Open(std::string_view key, std::string_view sealed,
                                 std::string_view aad) {
  if (key.size() != kAesKeyBytes) return CryptoError("a key has 32 bytes");
  if (sealed.size() < kAesNonceBytes + kAesTagBytes) {
    return Error(Reason::kStoreCorrupt, "sealed bytes are too short");
  }
  const std::string_view nonce = sealed.substr(0, kAesNonceBytes);
  const std::string_view body =
      sealed.substr(kAesNonceBytes, sealed.size() - kAesNonceBytes - kAesTagBytes);
  std::string tag(sealed.substr(sealed.size() - kAesTagBytes));
  std::string out(body.size(), '\0');
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool ok = context != nullptr &&
                  EVP_DecryptInit_ex(context.get(), AesMethod(), nullptr, Unsigned(key),
                                     Unsigned(nonce)) == 1 &&
                  EVP_DecryptUpdate(context.get(), nullptr, &size, Unsigned(aad),
                                    static_cast<int>(aad.size())) == 1 &&
                  EVP_DecryptUpdate(context.get(), Unsigned(out), &size, Unsigned(body),
                                    static_cast<int>(body.size())) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG,
                                      static_cast<int>(kAesTagBytes), tag.data()) == 1 &&
                  EVP_DecryptFinal_ex(context.get(), Unsigned(out) + size, &size) == 1;
  if (!ok)
    return Error(Reason::kStoreCorrupt,
                 "sealed bytes do not open: wrong key, or they were changed");
  return out;
}

std::string RandomBytes(size_t count) {
  // Drawn in blocks, one for each thread: a single draw costs more than its bytes. What was given
  // out is overwritten.
  struct Block {
    std::array<unsigned char, 1024> bytes;
    size_t left = 0;
    ~Block() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  };
  thread_local Block block;
  std::string out(count, '\0');
  if (count > block.bytes.size() / 4) {
    Must(RAND_bytes(Unsigned(out), static_cast<int>(count)) == 1);
    return out;
  }
  if (block.left < count) {
    Must(RAND_bytes(block.bytes.data(), static_cast<int>(block.bytes.size())) == 1);
    block.left = block.bytes.size();
  }
  block.left -= count;
  std::memcpy(out.data(), block.bytes.data() + block.left, count);
  OPENSSL_cleanse(block.bytes.data() + block.left, count);
  return out;
}

std::string RandomId() { return Hex(RandomBytes(16)); }

void Wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace imdi::base
