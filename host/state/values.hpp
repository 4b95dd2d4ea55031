#pragma once
// Values that do not lie in their entry: bytes, lists and maps. An entry holds a pointer to one, or null.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::state {

struct bytes_value {
  std::uint32_t size;
  std::uint32_t capacity;
  char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() noexcept { return {data(), size}; }
};

/// Elements one behind the other. Trimmed ones leave when they are more than what stays.
class list_value {
 public:
  std::uint64_t size() const noexcept { return ends_.size() - first_; }
  std::string_view at(std::uint64_t i) const noexcept {
    const std::size_t k = first_ + i;
    const std::uint64_t from = k == 0 ? 0 : ends_[k - 1];
    return {data_.data() + from, static_cast<std::size_t>(ends_[k] - from)};
  }
  void add(std::string_view element) {
    data_.append(element);
    ends_.push_back(data_.size());
  }
  /// Keeps [from, size).
  void trim(std::uint64_t from);
  std::uint64_t bytes() const noexcept { return sizeof(*this) + ends_.capacity() * 8 + data_.capacity(); }

  // Against the last cut that has this list: what a delta says.
  bool based = false;             // some cut has it
  std::uint64_t cut_size = 0;     // elements it had there
  std::uint64_t cut_trimmed = 0;  // of those, gone since
  void now_cut() noexcept {
    based = true;
    cut_size = size();
    cut_trimmed = 0;
  }

 private:
  std::vector<std::uint64_t> ends_;
  std::string data_;
  std::size_t first_ = 0;
};

struct map_value {
  std::map<std::string, std::string, std::less<>> entries;
  std::uint64_t content = 0;  // bytes of keys and values
  // Against the last cut that has this map.
  bool based = false;
  std::set<std::string, std::less<>> changed;
  std::uint64_t bytes() const noexcept { return sizeof(*this) + content + entries.size() * 112 + changed.size() * 80; }
};

}  // namespace weir::state
