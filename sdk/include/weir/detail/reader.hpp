// weir/detail/reader.hpp: reads records out of columns. A reader is bound to a column by name once (bind), takes the
// buffers of each batch once (load), and then gives values by row without a lookup.
#ifndef WEIR_DETAIL_READER_HPP
#define WEIR_DETAIL_READER_HPP

#include <cstring>

#include "weir/detail/value.hpp"

namespace weir::detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_null(std::string_view column) {
  throw failure{
      sentence({"column '", column, "' is null, but the operator needs a value (std::optional would take it)"})};
}

// What is common to all readers: the column's type, its buffers and its nulls.
struct column_source {
  weir::type from = weir::type::int64;
  const void* values = nullptr;            // values, bits or offsets
  const std::uint8_t* validity = nullptr;  // null: no nulls
  const char* data = nullptr;              // text and bytes
  std::string_view name;                   // static: a literal of WEIR_RECORD

  void load(const ArrowArray& a) {
    validity = a.null_count != 0 && a.n_buffers > 0 ? static_cast<const std::uint8_t*>(a.buffers[0]) : nullptr;
    values = a.n_buffers > 1 ? a.buffers[1] : nullptr;
    data = a.n_buffers > 2 ? static_cast<const char*>(a.buffers[2]) : nullptr;
  }
  [[nodiscard]] bool null(std::int64_t row) const { return validity && !bit(validity, row); }
  [[nodiscard]] std::string_view characters(std::int64_t row) const {
    const auto* offsets = static_cast<const std::int32_t*>(values) + row;
    return {data + offsets[0], static_cast<std::size_t>(offsets[1] - offsets[0])};
  }
};

// Reads a number that was stored narrower than the member is wide.
template <class T>
T widened(const column_source& c, std::int64_t row) {
  switch (c.from) {
    case type::int8:
      return static_cast<T>(static_cast<const std::int8_t*>(c.values)[row]);
    case type::int16:
      return static_cast<T>(static_cast<const std::int16_t*>(c.values)[row]);
    case type::int32:
      return static_cast<T>(static_cast<const std::int32_t*>(c.values)[row]);
    case type::uint8:
      return static_cast<T>(static_cast<const std::uint8_t*>(c.values)[row]);
    case type::uint16:
      return static_cast<T>(static_cast<const std::uint16_t*>(c.values)[row]);
    case type::uint32:
      return static_cast<T>(static_cast<const std::uint32_t*>(c.values)[row]);
    case type::float32:
      return static_cast<T>(static_cast<const float*>(c.values)[row]);
    default:
      return static_cast<T>(static_cast<const std::int64_t*>(c.values)[row]);
  }
}

// True when every value of a number column fits a member of the other type, exactly.
constexpr bool widens(type from, type to) {
  auto bits = [](type t) { return 8 << ((static_cast<int>(t) - static_cast<int>(type::int8)) & 3); };
  const bool from_signed = from >= type::int8 && from <= type::int64,
             from_unsigned = from >= type::uint8 && from <= type::uint64;
  if (to >= type::int8 && to <= type::int64)
    return (from_signed && bits(from) <= bits(to)) || (from_unsigned && bits(from) < bits(to));
  if (to >= type::uint8 && to <= type::uint64) return from_unsigned && bits(from) <= bits(to);
  if (to == type::float64) return from == type::float32 || ((from_signed || from_unsigned) && bits(from) <= 32);
  if (to == type::float32) return (from_signed || from_unsigned) && bits(from) <= 16;
  return false;
}

template <class T>
struct reader;

// True when a member of type T can be read from the column.
template <class T>
WEIR_DETAIL_COLD bool accepts(const field& column) {
  using V = typename present<T>::type;
  const field wanted = field_of<V>("");
  if constexpr (element_of<V>::is) {
    return column.kind == type::list && accepts<typename element_of<V>::type>(column.children[0]);
  } else if constexpr (described<V>) {
    return column.kind == type::record;  // its members say what they miss
  } else if constexpr (decimal_of<V>::is) {
    return column.kind == type::decimal128 && column.scale == wanted.scale && column.precision <= wanted.precision;
  } else if constexpr (is_bytes<V>) {
    return column.kind == type::binary || column.kind == type::utf8;
  } else {
    return (column.kind == wanted.kind && column.width == wanted.width) || widens(column.kind, wanted.kind);
  }
}

// What is wrong with the columns, one sentence each.
using complaints = std::vector<std::string>;

// The column of a member; -1, and a complaint: there is none that it can be read from.
WEIR_DETAIL_COLD inline int find_column(const std::vector<field>& columns, const std::string& path,
                                        std::string_view name, bool (*accepted)(const field&),
                                        field (*wanted)(std::string_view), complaints& wrong) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name != name) continue;
    if (accepted(columns[i])) return static_cast<int>(i);
    wrong.push_back(sentence(
        {"column '", path, name, "' is ", to_string(columns[i]), ", the operator reads ", to_string(wanted(name))}));
    return -1;
  }
  wrong.push_back(sentence({"there is no column '", path, name, "' (", to_string(wanted(name)), ") in the input",
                            schema{columns}.hint(name)}));
  return -1;
}

template <class Record>
class record_reader {
 public:
  // Finds each member's column by name. `path` is the prefix of nested records ("leg.").
  WEIR_DETAIL_COLD void bind(const std::vector<field>& columns, const std::string& path, complaints& wrong) {
    for_each([&]<std::size_t I>() {
      using V = member_value<Record, I>;
      const auto name = std::get<I>(members_of<Record>).name;
      index_[I] = find_column(columns, path, name, &accepts<V>, &field_of<V>, wrong);
      if (index_[I] >= 0) std::get<I>(readers_).bind(name, columns[static_cast<std::size_t>(index_[I])], path, wrong);
    });
  }
  void load(const ArrowArray* const* columns) {
    for_each([&]<std::size_t I>() { std::get<I>(readers_).load(*columns[index_[I]]); });
  }
  // Fills a record with one row. Throws failure for a null where the member takes none.
  void read(std::int64_t row, Record& out) const {
    for_each([&]<std::size_t I>() { std::get<I>(readers_).read(row, out.*std::get<I>(members_of<Record>).at); });
  }
  [[nodiscard]] const std::array<int, member_count<Record>>& columns() const { return index_; }

 private:
  template <class F>
  static void for_each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }
    (member_indexes<Record>{});
  }
  template <std::size_t... I>
  static std::tuple<reader<member_value<Record, I>>...> readers(std::index_sequence<I...>);

  std::array<int, member_count<Record>> index_{};
  decltype(readers(member_indexes<Record>{})) readers_{};
};

// Reads members of type T; T may be optional.
template <class T>
struct reader : column_source {
  using V = typename present<T>::type;
  struct nothing {};
  template <class V>
  static auto inner_of() {
    if constexpr (element_of<V>::is)
      return std::type_identity<reader<typename element_of<V>::type>>{};
    else if constexpr (described<V>)
      return std::type_identity<record_reader<V>>{};
    else
      return std::type_identity<nothing>{};
  }
  [[no_unique_address]] typename decltype(inner_of<V>())::type inner{};

  WEIR_DETAIL_COLD void bind(std::string_view column, const field& f, const std::string& path, complaints& wrong) {
    name = column;
    from = f.kind;
    if constexpr (element_of<V>::is)
      inner.bind(column, f.children[0], path, wrong);
    else if constexpr (described<V>)
      inner.bind(f.children, sentence({path, column, "."}), wrong);
  }
  void load(const ArrowArray& a) {
    column_source::load(a);
    if constexpr (element_of<V>::is)
      inner.load(*a.children[0]);
    else if constexpr (described<V>)
      inner.load(a.children);
  }
  void read(std::int64_t row, T& out) const {
    if constexpr (present<T>::optional) {
      if (null(row)) {
        out.reset();
      } else {
        if (!out) out.emplace();
        get(row, *out);
      }
    } else {
      if (null(row)) [[unlikely]]
        throw_null(name);
      get(row, out);
    }
  }
  void get(std::int64_t row, V& out) const {
    if constexpr (std::is_same_v<V, bool>) {
      out = bit(values, row);
    } else if constexpr (scalar<V>::is) {
      if (from == scalar<V>::kind) [[likely]]
        out = from_stored<V>(static_cast<const typename scalar<V>::stored*>(values)[row]);
      else if constexpr (std::is_arithmetic_v<V>)
        out = widened<V>(*this, row);
    } else if constexpr (std::is_same_v<V, std::string>) {
      out.assign(characters(row));
    } else if constexpr (std::is_same_v<V, std::string_view>) {
      out = characters(row);
    } else if constexpr (std::is_same_v<V, bytes>) {
      out.value.assign(characters(row));
    } else if constexpr (std::is_same_v<V, bytes_view>) {
      out = bytes_view{characters(row)};
    } else if constexpr (byte_count<V> > 0) {
      std::memcpy(out.data(), static_cast<const char*>(values) + row * byte_count<V>, sizeof out);
    } else if constexpr (decimal_of<V>::is) {
      std::memcpy(&out.unscaled, static_cast<const char*>(values) + row * 16, 16);
    } else if constexpr (element_of<V>::is) {
      const auto* offsets = static_cast<const std::int32_t*>(values) + row;
      out.resize(static_cast<std::size_t>(offsets[1] - offsets[0]));
      for (std::int32_t i = offsets[0]; i < offsets[1]; ++i) {
        typename element_of<V>::type element{};
        inner.read(i, element);
        out[static_cast<std::size_t>(i - offsets[0])] = std::move(element);
      }
    } else {
      inner.read(row, out);
    }
  }
};
}  // namespace weir::detail
#endif  // WEIR_DETAIL_READER_HPP
