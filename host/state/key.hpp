#pragma once
// The bytes of a key: equal exactly when the keys are equal (together with a few bits), and what the key hash is the
// hash of. See "The key hash" in host/model/README.md.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.hpp"
#include "model/type.hpp"
#include "weir/abi.h"

namespace weir::state {

/// How a key's bytes are told apart from those of other keys with the same bytes.
inline constexpr std::uint32_t key_long = 4;  ///< its length is not that of all keys of the codec, and stands before it
inline constexpr std::uint32_t key_nulls = 16;  ///< a column is null (or there is no column where there should be some)

/// One key: its bytes and bits.
struct key_bytes {
  const char* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t bits = 0;
};

std::uint64_t hash_of(key_bytes key) noexcept;
/// The key of rows of a port that has none.
inline constexpr key_bytes no_key{"", 0, key_long | key_nulls};

/// For one list of key columns. Immutable. [any] thread.
class key_codec {
 public:
  explicit key_codec(std::vector<model::field> columns);

  /// All keys without nulls have this many bytes; -1: each its own.
  std::int32_t width() const noexcept { return width_; }
  /// The bytes of a column are the bytes of its part of the key (8 each): one or two of them.
  bool plain() const noexcept { return plain_; }
  /// One column of utf8 or binary: its bytes are the key's.
  bool text() const noexcept { return text_; }
  /// The key columns, all nullable.
  const model::schema_ref& schema() const noexcept { return schema_; }
  std::size_t columns() const noexcept { return schema_->size(); }

  /// Appends the key of a row; the bits are the answer. key: indexes of columns of these types.
  std::uint32_t append(std::string& out, const model::batch& from, std::span<const std::uint32_t> key,
                       std::uint32_t row) const;
  /// Writes a key as row `row` of a builder's columns. False: these are not the bytes of a key, or there is no memory.
  bool decode(key_bytes key, weir_column* columns, std::int64_t row) const;

 private:
  model::schema_ref schema_;
  std::int32_t width_ = 0;
  bool plain_ = false;
  bool text_ = false;
};

}  // namespace weir::state
