#include "lookup/cells.hpp"

namespace lookup {

cells::cells(weir::field f)
    : field_{std::move(f)}, text_{weir::shared::is_text(field_)}, width_{weir::shared::width_of(field_)} {}

void cells::grow(std::uint32_t slot) {
  std::size_t size = present_.size() < 16 ? 16 : present_.size() * 2;
  if (size <= slot) size = std::size_t{slot} + 1;
  present_.resize(size);
  if (text_)
    texts_.resize(size);
  else
    fixed_.resize(size * width_);
}

void cells::append_null() {
  nulls_ = true;
  present_[slot_] = 0;
  if (!text_) return;
  bytes_ -= static_cast<std::int64_t>(texts_[slot_].size());
  texts_[slot_] = {};
}

void cells::copy(const weir::column_view& from, std::int64_t row) {
  if (from.null(row)) return append_null();
  char bit = 0;
  const std::string_view bytes = weir::shared::bytes_of(from, row, bit);
  if (text_)
    append(bytes);
  else
    append_fixed(bytes.data());
}

void cells::copy(const cells& from, std::uint32_t slot) {
  if (from.null(slot)) return append_null();
  if (text_)
    append(from.bytes(slot));
  else
    append_fixed(from.bytes(slot).data());
}

void cells::save(std::string& to, std::uint32_t slot) const {
  to.push_back(static_cast<char>(present_[slot]));
  if (null(slot)) return;
  const std::string_view v = bytes(slot);
  if (text_) {
    const auto size = static_cast<std::uint32_t>(v.size());
    to.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  to.append(v);
}

bool cells::restore(std::string_view& from) {
  if (from.empty()) return false;
  const bool there = from[0] != 0;
  from.remove_prefix(1);
  if (!there) return append_null(), true;
  std::size_t size = width_;
  if (text_) {
    std::uint32_t told = 0;
    if (from.size() < sizeof told) return false;
    std::memcpy(&told, from.data(), sizeof told);
    from.remove_prefix(sizeof told);
    size = told;
  }
  if (from.size() < size) return false;
  if (text_)
    append(from.substr(0, size));
  else
    append_fixed(from.data());
  from.remove_prefix(size);
  return true;
}

namespace {
struct sixteen {
  char bytes[16];
};
}  // namespace

template <class T>
void cells::gather_fixed(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const {
  const T* const values = reinterpret_cast<const T*>(fixed_.data());
  std::int64_t missing = 0;
  to.reserve(rows);
  T* const out = to.values<T>();
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool there = has_entry(slots[i]);
    missing += !there;
    if (there)
      out[i] = values[slots[i]];
    else
      out[i] = T{};
  }
  if (nulls_ || (missing != 0 && !blank)) {
    to.need_validity();
    std::uint8_t* const bits = to.validity();
    for (std::int64_t i = 0; i < rows; i += 8) {
      const std::int64_t end = rows - i < 8 ? rows - i : 8;
      unsigned byte = 0;
      for (std::int64_t k = 0; k < end; ++k) {
        const std::uint32_t slot = slots[i + k];
        byte |= static_cast<unsigned>(has_entry(slot) ? present_[slot] : blank) << k;
      }
      bits[i / 8] = static_cast<std::uint8_t>(byte);
    }
  }
  to.set_size(rows);
}

void cells::gather_each(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const {
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!has_entry(slots[i])) {
      if (blank)
        to.append_blank();
      else
        to.append_null();
    } else if (null(slots[i])) {
      to.append_null();
    } else if (text_) {
      to.append(std::string_view{texts_[slots[i]]});
    } else if (field_.kind == weir::type::boolean) {
      to.append_bool(fixed_[slots[i]] != 0);
    } else {
      to.append_fixed(fixed_.data() + std::size_t{slots[i]} * width_);
    }
  }
}

void cells::gather(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const {
  if (text_ || field_.kind == weir::type::boolean) return gather_each(slots, rows, blank, to);
  switch (width_) {
    case 1:
      return gather_fixed<std::uint8_t>(slots, rows, blank, to);
    case 2:
      return gather_fixed<std::uint16_t>(slots, rows, blank, to);
    case 4:
      return gather_fixed<std::uint32_t>(slots, rows, blank, to);
    case 8:
      return gather_fixed<std::uint64_t>(slots, rows, blank, to);
    case 16:
      return gather_fixed<sixteen>(slots, rows, blank, to);
    default:
      return gather_each(slots, rows, blank, to);
  }
}

}  // namespace lookup
