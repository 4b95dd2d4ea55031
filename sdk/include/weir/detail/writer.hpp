// weir/detail/writer.hpp: writes values straight into the host's columns. A host call happens only when a buffer is
// full.
#ifndef WEIR_DETAIL_WRITER_HPP
#define WEIR_DETAIL_WRITER_HPP

#include <cstring>

#include "weir/detail/value.hpp"

namespace weir::detail {

// The host and the subtask that a column is written for.
struct writing {
  const weir_host* host = nullptr;
  weir_context* context = nullptr;

  [[gnu::cold, gnu::noinline]] void grow_data(weir_column& c, std::int64_t needed) const {
    if (needed > INT32_MAX) throw failure{"one output column of this batch would pass 2 GiB: emit less per call"};
    const std::int64_t wanted = needed < (std::int64_t{1} << 30) ? needed * 2 : INT32_MAX;
    host_says(host->grow_data(context, &c, wanted));
  }
  [[gnu::cold, gnu::noinline]] void grow_elements(weir_column& c, std::int64_t needed) const {
    if (needed > INT32_MAX) throw failure{"a list column of this batch would pass 2^31 elements: emit less per call"};
    const std::int64_t twice = needed * 2;
    host_says(host->grow_column(context, &c, twice > 16 ? twice : 16));
  }
  [[gnu::cold, gnu::noinline]] void need_validity(weir_column& c) const {
    host_says(host->column_validity(context, &c));
  }
};

inline std::int32_t* offsets(const weir_column& c) { return static_cast<std::int32_t*>(c.values); }

inline void write_characters(const writing& w, weir_column& c, std::int64_t row, std::string_view text) {
  auto* at = offsets(c) + row;
  const std::int64_t begin = at[0], end = begin + static_cast<std::int64_t>(text.size());
  if (end > c.data_capacity) [[unlikely]] {
    w.grow_data(c, end);
    at = offsets(c) + row;
  }
  if (!text.empty()) std::memcpy(c.data + begin, text.data(), text.size());
  at[1] = static_cast<std::int32_t>(end);
}

// Makes the offsets of a row right that holds no value (null, or not selected).
template <class T>
void write_blank(weir_column& c, std::int64_t row) {
  using V = typename present<T>::type;
  if constexpr (is_text<V> || is_bytes<V> || element_of<V>::is) {
    offsets(c)[row + 1] = offsets(c)[row];
  } else if constexpr (described<V>) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (write_blank<member_value<V, I>>(c.children[I], row), ...); }
    (member_indexes<V>{});
  }
}
template <class T>
void write_null(const writing& w, weir_column& c, std::int64_t row) {
  if (!c.validity) w.need_validity(c);
  set_bit(c.validity, row, false);
  write_blank<T>(c, row);
}

template <class Record>
void write_members(const writing& w, weir_column* columns, std::int64_t row, const Record& r);

// Writes a value that is there.
template <class T>
void write_value(const writing& w, weir_column& c, std::int64_t row, const T& v) {
  if constexpr (std::is_same_v<T, bool>) {
    set_bit(c.values, row, v);
  } else if constexpr (scalar<T>::is) {
    static_cast<typename scalar<T>::stored*>(c.values)[row] = to_stored(v);
  } else if constexpr (is_text<T> || is_bytes<T>) {
    write_characters(w, c, row, characters(v));
  } else if constexpr (byte_count<T> > 0) {
    std::memcpy(static_cast<char*>(c.values) + row * byte_count<T>, v.data(), sizeof v);
  } else if constexpr (decimal_of<T>::is) {
    std::memcpy(static_cast<char*>(c.values) + row * 16, &v.unscaled, 16);
  } else if constexpr (element_of<T>::is) {
    using element = typename element_of<T>::type;
    const std::int64_t begin = offsets(c)[row], end = begin + static_cast<std::int64_t>(v.size());
    if (end > c.children[0].capacity) w.grow_elements(c.children[0], end);
    for (std::int64_t i = begin; i < end; ++i) {
      if constexpr (present<element>::optional) {
        if (!v[static_cast<std::size_t>(i - begin)]) {
          write_null<element>(w, c.children[0], i);
          continue;
        }
        if (c.children[0].validity) set_bit(c.children[0].validity, i, true);
        write_value<typename present<element>::type>(w, c.children[0], i, *v[static_cast<std::size_t>(i - begin)]);
      } else {
        write_value<element>(w, c.children[0], i, v[static_cast<std::size_t>(i - begin)]);
      }
    }
    offsets(c)[row + 1] = static_cast<std::int32_t>(end);
  } else {
    write_members(w, c.children, row, v);
  }
}

// Writes a member, which may be an optional.
template <class T>
void write(const writing& w, weir_column& c, std::int64_t row, const T& v) {
  if constexpr (present<T>::optional) {
    if (!v) return write_null<T>(w, c, row);
    if (c.validity) set_bit(c.validity, row, true);
    write_value<typename present<T>::type>(w, c, row, *v);
  } else {
    write_value<T>(w, c, row, v);
  }
}

template <class Record>
void write_members(const writing& w, weir_column* columns, std::int64_t row, const Record& r) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (write(w, columns[I], row, r.*std::get<I>(members_of<Record>).at), ...);
  }
  (member_indexes<Record>{});
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_WRITER_HPP
