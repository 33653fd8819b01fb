#pragma once

// The one place where std::string_view and absl::string_view (different types on Debian) meet.

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace imdi::base {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

// For unordered containers that are searched by any kind of text without a copy.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// One argument of StrCat: text, an integer, a double (shortest form that reads back equal), or a
// bool.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}    // NOLINT(google-explicit-constructor)
  Piece(const std::string& text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  Piece(const char* text) : text_(text) {}         // NOLINT(google-explicit-constructor)
  Piece(absl::string_view text)
      : text_(text.data(), text.size()) {}                // NOLINT(google-explicit-constructor)
  Piece(bool value) : text_(value ? "true" : "false") {}  // NOLINT(google-explicit-constructor)
  Piece(char value) : text_(digits_.data(), 1) {
    digits_[0] = value;
  }  // NOLINT(google-explicit-constructor)
  template <typename T>
  requires((std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool> &&
           !std::same_as<T, char>) Piece(T value) {  // NOLINT(google-explicit-constructor)
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value);
    text_ = {digits_.data(), static_cast<size_t>(end.ptr - digits_.data())};
  }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::array<char, 32> digits_;
  std::string_view text_;
};

namespace internal {
std::string CatPieces(std::initializer_list<std::string_view> pieces);
void AppendPieces(std::string& out, std::initializer_list<std::string_view> pieces);
}  // namespace internal

template <typename... T>
std::string StrCat(const T&... parts) {
  return internal::CatPieces({Piece(parts).text()...});
}

template <typename... T>
void StrAppend(std::string& out, const T&... parts) {
  internal::AppendPieces(out, {Piece(parts).text()...});
}

// Elements of any range of strings or numbers, with `separator` between them.
template <typename Range>
std::string StrJoin(const Range& range, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& element : range) {
    if (!first) out.append(separator);
    first = false;
    out.append(Piece(element).text());
  }
  return out;
}

// Well-formed UTF-8: no overlong forms, surrogates or code points beyond U+10FFFF. NUL is allowed.
bool IsValidUtf8(std::string_view text);
// Offset of the first byte that does not belong to well-formed UTF-8; npos when there is none.
size_t FirstInvalidUtf8(std::string_view text);

// Lower-case hexadecimal.
std::string Hex(std::span<const uint8_t> bytes);
std::string Hex(std::string_view bytes);
// Empty optional when the length is odd or a character is not hexadecimal (either case accepted).
std::optional<std::string> FromHex(std::string_view text);
// So many digits, of 0 to 9 and a to f.
bool IsLowerHex(std::string_view text, size_t digits);

// base64url without padding (RFC 4648 section 5). Decoding is strict: one text per byte string.
std::string Base64Url(std::string_view bytes);
std::optional<std::string> FromBase64Url(std::string_view text);

// The text in double quotes, printable ASCII only, control and other bytes as \xNN, cut to
// `max_bytes` with "…" left out visibly ("..."): for showing what a caller sent inside an error
// message.
std::string Quoted(std::string_view text, size_t max_bytes = 64);

// Decimal digits with an optional minus, nothing else, no overflow.
std::optional<int64_t> ParseInt64(std::string_view text);
std::optional<uint64_t> ParseUint64(std::string_view text);

inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace imdi::base
