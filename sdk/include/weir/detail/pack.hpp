// weir/detail/pack.hpp: the bytes of packed values, as weir/ext/draft/state.h describes them: plain (small and quick)
// or ordered (the bytes compare as the values do).
#ifndef WEIR_DETAIL_PACK_HPP
#define WEIR_DETAIL_PACK_HPP

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "weir/detail/value.hpp"
#include "weir/failure.hpp"

namespace weir::detail {

enum class packing : std::uint8_t { plain, ordered };

template <std::size_t Size>
using unsigned_of = std::conditional_t<
    Size == 1, std::uint8_t,
    std::conditional_t<Size == 2, std::uint16_t, std::conditional_t<Size == 4, std::uint32_t, std::uint64_t>>>;

// The unsigned number that orders as `v` does, and back.
template <class T>
constexpr unsigned_of<sizeof(T)> to_ordered(T v) {
  using U = unsigned_of<sizeof(T)>;
  constexpr U sign = static_cast<U>(U{1} << (sizeof(T) * 8 - 1));
  U bits;
  __builtin_memcpy(&bits, &v, sizeof v);
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<U>(bits & sign ? ~bits : bits | sign);
  else if constexpr (std::is_signed_v<T>)
    return static_cast<U>(bits ^ sign);
  else
    return bits;
}
template <class T>
constexpr T from_ordered(unsigned_of<sizeof(T)> bits) {
  using U = unsigned_of<sizeof(T)>;
  constexpr U sign = static_cast<U>(U{1} << (sizeof(T) * 8 - 1));
  if constexpr (std::is_floating_point_v<T>)
    bits = static_cast<U>(bits & sign ? bits ^ sign : ~bits);
  else if constexpr (std::is_signed_v<T>)
    bits = static_cast<U>(bits ^ sign);
  T v;
  __builtin_memcpy(&v, &bits, sizeof v);
  return v;
}
template <class U>
constexpr U big_endian(U v) {
  if constexpr (sizeof(U) == 2)
    return __builtin_bswap16(v);
  else if constexpr (sizeof(U) == 4)
    return __builtin_bswap32(v);
  else if constexpr (sizeof(U) == 8)
    return __builtin_bswap64(v);
  else
    return v;
}

// Packed bytes that are read from the front. Throws plugin_error when they are shorter than their schema says.
struct packed_bytes {
  const char* at;
  const char* end;
  explicit packed_bytes(std::string_view all) : at{all.data()}, end{all.data() + all.size()} {}

  const char* take(std::size_t n) {
    if (static_cast<std::size_t>(end - at) < n) [[unlikely]]
      short_of();
    const char* p = at;
    at += n;
    return p;
  }
  [[noreturn]] WEIR_DETAIL_COLD static void short_of() {
    throw plugin_error{"a value in the state is shorter than its schema says: it was written with another schema"};
  }
};

template <packing P, class T>
void pack_number(std::string& out, T v) {
  if constexpr (P == packing::ordered) {
    const auto bits = big_endian(to_ordered(v));
    out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  } else {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
}
template <packing P, class T>
T unpack_number(packed_bytes& in) {
  const char* p = in.take(sizeof(T));
  if constexpr (P == packing::ordered) {
    unsigned_of<sizeof(T)> bits;
    std::memcpy(&bits, p, sizeof bits);
    return from_ordered<T>(big_endian(bits));
  } else {
    T v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
}
template <packing P>
void pack_decimal(std::string& out, int128 v) {
  if constexpr (P == packing::ordered) {
    pack_number<P>(out, static_cast<std::int64_t>(v >> 64));
    pack_number<P>(out, static_cast<std::uint64_t>(v));
  } else {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
}
template <packing P>
int128 unpack_decimal(packed_bytes& in) {
  if constexpr (P == packing::ordered) {
    const auto high = unpack_number<P, std::int64_t>(in);
    const auto low = unpack_number<P, std::uint64_t>(in);
    return static_cast<int128>(high) * (static_cast<int128>(1) << 64) + static_cast<int128>(low);
  } else {
    int128 v;
    std::memcpy(&v, in.take(sizeof v), sizeof v);
    return v;
  }
}
template <packing P>
void pack_text(std::string& out, std::string_view v) {
  if constexpr (P == packing::ordered) {
    for (const char c : v) {
      out.push_back(c);
      if (c == 0) out.push_back('\xff');
    }
    out.append(2, '\0');
  } else {
    pack_number<P>(out, static_cast<std::uint32_t>(v.size()));
    out.append(v);
  }
}
// The text; in ordered bytes it is put together in `room`.
template <packing P>
std::string_view unpack_text(packed_bytes& in, std::string& room) {
  if constexpr (P == packing::ordered) {
    room.clear();
    for (;;) {
      const char c = *in.take(1);
      if (c == 0 && *in.take(1) == 0) return room;
      room.push_back(c);
    }
  } else {
    const auto size = unpack_number<P, std::uint32_t>(in);
    return {in.take(size), size};
  }
}

template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view> || std::is_same_v<T, bytes_view>;

// ---- values whose type is known when it is compiled.
template <packing P, class T>
void pack_value(std::string& out, const T& v) {
  using V = typename present<T>::type;
  if constexpr (present<T>::optional) {
    out.push_back(static_cast<char>(v.has_value()));
    if (v) pack_value<P>(out, *v);
  } else if constexpr (std::is_same_v<V, bool>) {
    out.push_back(static_cast<char>(v));
  } else if constexpr (scalar<V>::is) {
    pack_number<P>(out, to_stored(v));
  } else if constexpr (is_text<V> || is_bytes<V>) {
    pack_text<P>(out, characters(v));
  } else if constexpr (byte_count<V> > 0) {
    out.append(reinterpret_cast<const char*>(v.data()), v.size());
  } else if constexpr (decimal_of<V>::is) {
    pack_decimal<P>(out, v.unscaled);
  } else if constexpr (element_of<V>::is) {
    if constexpr (P == packing::plain) pack_number<P>(out, static_cast<std::uint32_t>(v.size()));
    for (const typename element_of<V>::type& element : v) {
      if constexpr (P == packing::ordered) out.push_back(1);
      pack_value<P>(out, element);
    }
    if constexpr (P == packing::ordered) out.push_back(0);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (pack_value<P>(out, v.*std::get<I>(members_of<V>).at), ...); }
    (member_indexes<V>{});
  }
}
template <packing P, class T>
void unpack_value(packed_bytes& in, T& out) {
  using V = typename present<T>::type;
  static_assert(!is_view<V>, "state outlives the batch: keep std::string and weir::bytes in it, no views");
  if constexpr (present<T>::optional) {
    if (*in.take(1) == 0) return out.reset();
    unpack_value<P>(in, out.emplace());
  } else if constexpr (std::is_same_v<V, bool>) {
    out = *in.take(1) != 0;
  } else if constexpr (scalar<V>::is) {
    out = from_stored<V>(unpack_number<P, typename scalar<V>::stored>(in));
  } else if constexpr (is_text<V>) {
    std::string room;
    out.assign(unpack_text<P>(in, room));
  } else if constexpr (is_bytes<V>) {
    std::string room;
    out.value.assign(unpack_text<P>(in, room));
  } else if constexpr (byte_count<V> > 0) {
    std::memcpy(out.data(), in.take(sizeof out), sizeof out);
  } else if constexpr (decimal_of<V>::is) {
    out.unscaled = unpack_decimal<P>(in);
  } else if constexpr (element_of<V>::is) {
    out.clear();
    std::uint32_t left = 0;
    if constexpr (P == packing::plain) left = unpack_number<P, std::uint32_t>(in);
    for (;; --left) {
      if (P == packing::plain ? left == 0 : *in.take(1) == 0) break;
      typename element_of<V>::type element{};
      unpack_value<P>(in, element);
      out.push_back(std::move(element));
    }
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (unpack_value<P>(in, out.*std::get<I>(members_of<V>).at), ...); }
    (member_indexes<V>{});
  }
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_PACK_HPP
