#include "base/digest.hpp"

#include <openssl/evp.h>

#include "base/text.hpp"

namespace weir::base {

struct sha256::context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  ~context() { EVP_MD_CTX_free(md); }
};

sha256::sha256() : context_(std::make_unique<context>()) {
  WEIR_CHECK(context_->md && EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) == 1, "SHA-256 is not available");
}
sha256::~sha256() = default;
sha256::sha256(sha256&&) noexcept = default;
sha256& sha256::operator=(sha256&&) noexcept = default;

void sha256::add(std::string_view bytes) {
  WEIR_CHECK(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) == 1);
}

sha256_digest sha256::finish() {
  sha256_digest digest{};
  unsigned size = 0;
  WEIR_CHECK(EVP_DigestFinal_ex(context_->md, digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

sha256_digest sha256_of(std::string_view bytes) {
  sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

result<sha256_digest> sha256_of(readable_file& file) {
  sha256 hash;
  std::string buffer(std::size_t{1} << 18, '\0');
  for (std::uint64_t offset = 0;;) {
    const std::size_t n = WEIR_TRY(file.read_at(offset, buffer));
    if (n == 0) return hash.finish();
    hash.add(std::string_view(buffer).substr(0, n));
    offset += n;
  }
}

std::string to_hex(const sha256_digest& digest) { return to_hex(std::span<const unsigned char>(digest)); }

}  // namespace weir::base
