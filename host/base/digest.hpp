#pragma once
// SHA-256, for plugin pins, the plugin store and content-addressed files.
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.hpp"
#include "base/result.hpp"

namespace weir::base {

using sha256_digest = std::array<unsigned char, 32>;

/// Fed in pieces. One thread at a time.
class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;
  void add(std::string_view bytes);
  /// The digest of all that was added; ends this object's use.
  sha256_digest finish();

 private:
  struct context;
  std::unique_ptr<context> context_;
};

sha256_digest sha256_of(std::string_view bytes);
/// Reads the open file from its start to its end.
result<sha256_digest> sha256_of(readable_file& file);
/// 64 lower-case hexadecimal characters.
std::string to_hex(const sha256_digest& digest);

}  // namespace weir::base
