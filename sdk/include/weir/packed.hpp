// weir/packed.hpp: values as the bytes that state keeps them in (WEIR_STATE_BYTES, lists, maps), for operators whose
// columns are only known at run time. weir::value_state and its kin do this by themselves.
//
//   weir::packed_row row;
//   for (auto i : columns_) row.add(batch.at(i), r);            // some columns of one row
//   rows_.list_add(slot, row.bytes());
//   ...
//   weir::packed_reader in{element};
//   for (std::size_t i = 0; i < fields_.size(); ++i) in.append_to(builder[i], fields_[i]);
#ifndef WEIR_PACKED_HPP
#define WEIR_PACKED_HPP

#include <string>
#include <string_view>

#include "weir/batch.hpp"
#include "weir/detail/pack.hpp"

namespace weir {
namespace detail {

// f(a value of the type that a column of this kind stores), for the kinds of a fixed width.
template <class F>
decltype(auto) with_stored(type kind, F&& f) {
  switch (kind) {
    case type::int8:
      return f(std::int8_t{});
    case type::int16:
      return f(std::int16_t{});
    case type::int32:
    case type::date32:
      return f(std::int32_t{});
    case type::uint8:
      return f(std::uint8_t{});
    case type::uint16:
      return f(std::uint16_t{});
    case type::uint32:
      return f(std::uint32_t{});
    case type::uint64:
      return f(std::uint64_t{});
    case type::float32:
      return f(float{});
    case type::float64:
      return f(double{});
    default:
      return f(std::int64_t{});
  }
}

// One cell of a column, with the byte before it when the field is nullable.
template <packing P>
void pack_cell(std::string& out, const column_view& from, std::int64_t row) {
  const auto& f = from.of();
  if (f.nullable) {
    const bool there = !from.null(row);
    out.push_back(static_cast<char>(there));
    if (!there) return;
  }
  switch (f.kind) {
    case type::boolean:
      out.push_back(static_cast<char>(from.boolean(row)));
      return;
    case type::utf8:
    case type::binary:
      return pack_text<P>(out, from.text(row));
    case type::fixed_binary:
      out.append(from.fixed(row));
      return;
    case type::decimal128:
      return pack_decimal<P>(out, from.decimal(row));
    case type::list: {
      const auto [begin, end] = from.elements(row);
      const auto items = from.child();
      if (P == packing::plain) pack_number<P>(out, static_cast<std::uint32_t>(end - begin));
      for (auto i = begin; i < end; ++i) {
        if (P == packing::ordered) out.push_back(1);
        pack_cell<P>(out, items, i);
      }
      if (P == packing::ordered) out.push_back(0);
      return;
    }
    case type::record:
      for (std::size_t i = 0; i < f.children.size(); ++i) pack_cell<P>(out, from.child(i), row);
      return;
    default:
      return with_stored(f.kind, [&]<class T>(T) { pack_number<P>(out, from.template value<T>(row)); });
  }
}
// Appends one packed field to a column of its type (which may take nulls where the field does not).
template <packing P>
void unpack_cell(packed_bytes& in, const field& f, column_writer& to) {
  if (f.nullable && *in.take(1) == 0) return to.append_null();
  switch (f.kind) {
    case type::boolean:
      return to.append_bool(*in.take(1) != 0);
    case type::utf8:
    case type::binary: {
      std::string room;
      return to.append(unpack_text<P>(in, room));
    }
    case type::fixed_binary:
      return to.append_fixed(in.take(static_cast<std::size_t>(f.width)));
    case type::decimal128:
      return to.append(unpack_decimal<P>(in));
    case type::list: {
      std::uint32_t left = 0;
      if (P == packing::plain) left = unpack_number<P, std::uint32_t>(in);
      for (; P == packing::plain ? left != 0 : *in.take(1) != 0; --left) unpack_cell<P>(in, f.children[0], to.item());
      return to.end_list();
    }
    case type::record:
      for (std::size_t i = 0; i < f.children.size(); ++i) unpack_cell<P>(in, f.children[i], to[i]);
      return to.end_record();
    default:
      return with_stored(f.kind, [&]<class T>(T) { to.append(unpack_number<P, T>(in)); });
  }
}
// Steps over one packed field.
template <packing P>
void skip_cell(packed_bytes& in, const field& f) {
  if (f.nullable && *in.take(1) == 0) return;
  switch (f.kind) {
    case type::boolean:
      in.take(1);
      return;
    case type::utf8:
    case type::binary: {
      std::string room;
      unpack_text<P>(in, room);
      return;
    }
    case type::fixed_binary:
      in.take(static_cast<std::size_t>(f.width));
      return;
    case type::decimal128:
      in.take(16);
      return;
    case type::list: {
      std::uint32_t left = 0;
      if (P == packing::plain) left = unpack_number<P, std::uint32_t>(in);
      for (; P == packing::plain ? left != 0 : *in.take(1) != 0; --left) skip_cell<P>(in, f.children[0]);
      return;
    }
    case type::record:
      for (const auto& child : f.children) skip_cell<P>(in, child);
      return;
    default:
      return with_stored(f.kind, [&]<class T>(T) { in.take(sizeof(T)); });
  }
}
}  // namespace detail

// Fields one behind the other. Packing::ordered is for the keys of maps.
template <detail::packing P>
class basic_packed_row {
 public:
  // One cell of a column.
  void add(const column_view& column, std::int64_t row) { detail::pack_cell<P>(bytes_, column, row); }
  // A value of a type known when it is compiled, as a field of weir::schema_of's type; std::optional: a nullable field.
  template <class T>
  void add(const T& value) {
    detail::pack_value<P>(bytes_, value);
  }
  void clear() { bytes_.clear(); }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};
using packed_row = basic_packed_row<detail::packing::plain>;
using packed_key = basic_packed_row<detail::packing::ordered>;

// Reads fields in their order. The bytes must live as long. Throws plugin_error when they end too early.
template <detail::packing P>
class basic_packed_reader {
 public:
  explicit basic_packed_reader(std::string_view bytes) : in_{bytes} {}
  // The next field, as it was packed, to a column of its type.
  void append_to(column_writer& to, const field& packed) { detail::unpack_cell<P>(in_, packed, to); }
  void skip(const field& packed) { detail::skip_cell<P>(in_, packed); }
  // The next field as a value: T as it was added.
  template <class T>
  [[nodiscard]] T get() {
    T v{};
    detail::unpack_value<P>(in_, v);
    return v;
  }
  [[nodiscard]] bool done() const { return in_.at == in_.end; }

 private:
  detail::packed_bytes in_;
};
using packed_reader = basic_packed_reader<detail::packing::plain>;
using packed_key_reader = basic_packed_reader<detail::packing::ordered>;

}  // namespace weir
#endif  // WEIR_PACKED_HPP
