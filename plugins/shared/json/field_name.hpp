#pragma once
#include <cstdint>
#include <cstring>
#include <string>

namespace weir::json {

/// A field's name as it stands in records, compared where it stands.
class field_name {
 public:
  explicit field_name(const std::string& name) : key_(name + '"') {
    std::memcpy(&head_, key_.data(), key_.size() < 8 ? key_.size() : 8);
    std::memset(&mask_, 0xff, key_.size() < 8 ? key_.size() : 8);
  }
  /// The bytes behind a key's opening quote are this name and the closing quote. A record has 64 readable bytes behind
  /// it, and names are shorter, so the comparison stays inside the buffer.
  bool stands_at(const char* at) const {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return (word & mask_) == head_ && (key_.size() <= 8 || std::memcmp(at + 8, key_.data() + 8, key_.size() - 8) == 0);
  }

 private:
  std::string key_;                    // name and closing quote
  std::uint64_t head_ = 0, mask_ = 0;  // the first eight bytes of key_, and which of them there are
};

}  // namespace weir::json
