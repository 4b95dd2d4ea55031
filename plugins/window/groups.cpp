#include "window/groups.hpp"

#include <string_view>

namespace window {

namespace {

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15ull;
  return x ^ (x >> 29);
}
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t h) {
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    h = mix(h ^ word);
    bytes.remove_prefix(8);
  }
  std::uint64_t rest = bytes.size() << 56;
  std::memcpy(&rest, bytes.data(), bytes.size());
  return mix(h ^ rest);
}
std::uint64_t hash_row(const std::vector<weir::column_view>& keys, std::uint32_t row) {
  std::uint64_t h = 0;
  char bit = 0;
  for (const auto& c : keys) h = c.null(row) ? mix(h + 1) : hash_bytes(weir::shared::bytes_of(c, row, bit), h);
  return h;
}

}  // namespace

void groups::bind(const std::vector<weir::field>& keys, std::uint32_t value_size) {
  columns_.clear();
  for (const auto& f : keys) columns_.emplace_back(f);
  words_ = (sizeof(weir_slot) + value_size + 7) / 8;
  one_word_ = keys.size() == 1 && weir::shared::width_of(keys[0]) == 8 && keys[0].kind != weir::type::fixed_binary;
  if (one_word_) word_field_ = keys[0];
}

void groups::clear() {
  for (auto& c : columns_) c.clear();
  hashes_.clear();
  slots_.clear();
  words_of_keys_.clear();
  null_group_ = UINT32_MAX;
  std::fill(index_.begin(), index_.end(), 0);
}

void groups::grow() {
  const std::size_t room = index_.empty() ? 256 : index_.size() * 2;
  index_.assign(room, 0);
  for (std::size_t g = 0; g < hashes_.size(); ++g) {
    if (g == null_group_) continue;
    std::size_t at = hashes_[g] & (room - 1);
    while (index_[at]) at = (at + 1) & (room - 1);
    index_[at] = static_cast<std::uint32_t>(g + 1);
  }
}

bool groups::same(std::uint32_t group, const std::vector<weir::column_view>& keys, std::uint32_t row) {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!weir::shared::equal_values(columns_[i].view(), group, keys[i], row)) return false;
  return true;
}

void groups::find_or_add(const std::vector<weir::column_view>& keys, const std::uint64_t* hashes,
                         const std::uint32_t* rows, std::int64_t count, std::uint32_t* out) {
  if (one_word_) return find_or_add_words(keys[0], rows, count, out);
  for (std::int64_t k = 0; k < count; ++k) {
    if (hashes_.size() * 2 >= index_.size()) grow();
    const std::uint32_t row = rows[k];
    // The host's hash also chooses the subtask: its bits are mixed once more.
    const std::uint64_t h = mix(hashes ? hashes[row] : hash_row(keys, row));
    const std::size_t mask = index_.size() - 1;
    std::size_t at = h & mask;
    std::uint32_t found = 0;
    for (; (found = index_[at]) != 0; at = (at + 1) & mask)
      if (hashes_[found - 1] == h && same(found - 1, keys, row)) break;
    if (!found) {
      found = index_[at] = static_cast<std::uint32_t>(hashes_.size() + 1);
      hashes_.push_back(h);
      slots_.resize(slots_.size() + words_);
      for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].append(keys[i], row);
    }
    out[k] = found - 1;
  }
}

void groups::find_or_add_words(const weir::column_view& key, const std::uint32_t* rows, std::int64_t count,
                               std::uint32_t* out) {
  std::size_t size = hashes_.size();
  const std::size_t most = size + static_cast<std::size_t>(count);
  while (most * 2 >= index_.size()) grow();
  hashes_.resize(most);
  words_of_keys_.resize(most);
  slots_.resize(most * words_);
  const auto* const values = key.values<std::uint64_t>();
  const std::size_t mask = index_.size() - 1;
  std::uint32_t* const index = index_.data();
  std::uint64_t* const known = words_of_keys_.data();
  const bool nulls = key.has_nulls();
  for (std::int64_t k = 0; k < count; ++k) {
    if (nulls && key.null(rows[k])) [[unlikely]] {
      if (null_group_ == UINT32_MAX) null_group_ = static_cast<std::uint32_t>(size++);
      out[k] = null_group_;
      continue;
    }
    const std::uint64_t word = values[rows[k]];
    const std::uint64_t h = mix(word);
    std::size_t at = h & mask;
    std::uint32_t found = 0;
    while ((found = index[at]) != 0 && known[found - 1] != word) at = (at + 1) & mask;
    if (!found) {
      known[size] = word;
      hashes_[size] = h;
      found = index[at] = static_cast<std::uint32_t>(++size);
    }
    out[k] = found - 1;
  }
  hashes_.resize(size);
  words_of_keys_.resize(size);
  slots_.resize(size * words_);
}

weir::column_view groups::word_keys() {
  const std::size_t size = words_of_keys_.size();
  const bool nulls = null_group_ != UINT32_MAX;
  if (nulls) {
    validity_.assign(size / 8 + 1, 0xff);
    weir::detail::set_bit(validity_.data(), null_group_, false);
  }
  word_buffers_[0] = nulls ? validity_.data() : nullptr;
  word_buffers_[1] = words_of_keys_.data();
  word_array_.length = static_cast<std::int64_t>(size);
  word_array_.null_count = nulls;
  word_array_.n_buffers = 2;
  word_array_.buffers = word_buffers_;
  return {word_field_, word_array_};
}

std::vector<weir::column_view> groups::keys() {
  if (one_word_) return {word_keys()};
  std::vector<weir::column_view> out;
  for (auto& c : columns_) out.push_back(c.view());
  return out;
}

}  // namespace window
