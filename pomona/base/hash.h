#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pomona {

enum class HashKind { kSha256, kMd5 };

/// \brief A running SHA-256 (FIPS 180-4) or MD5 (RFC 1321), by OpenSSL.
///
/// Thread safety: none; one object a thread.
class Hasher {
 public:
  explicit Hasher(HashKind kind);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text) { Update(std::as_bytes(std::span(text.data(), text.size()))); }

  /// \return the digest in lower-case hexadecimal; the object must not be used afterwards
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// \return the SHA-256 of some bytes in lower-case hexadecimal
std::string Sha256(std::string_view bytes);

/// \return HMAC-SHA-256 (RFC 2104) of some bytes, as 32 raw bytes
std::string HmacSha256(std::string_view key, std::string_view bytes);

/// \return bytes as base64 (RFC 4648, with padding), and back; bytes that are none of base64 are left out
std::string ToBase64(std::string_view bytes);
std::string FromBase64(std::string_view text);

/// \return bytes in lower-case hexadecimal
std::string ToHex(std::string_view bytes);

}  // namespace pomona
