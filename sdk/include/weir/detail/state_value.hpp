// weir/detail/state_value.hpp: which C++ types lie in a state's slot as they are, and the schema of a value.
#ifndef WEIR_DETAIL_STATE_VALUE_HPP
#define WEIR_DETAIL_STATE_VALUE_HPP

#include "weir/detail/value.hpp"

namespace weir::detail {

template <class T>
constexpr bool plain_field() {
  return std::is_same_v<T, bool> || (scalar<T>::is && alignof(T) <= 8) || byte_count<T> > 0;
}
// The size of a C struct of the members in their order, without nested structs; 0: it is none.
template <class T>
constexpr std::size_t struct_size() {
  std::size_t size = 0;
  bool plain = true;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (([&]<class V>(std::type_identity<V>) {
       plain = plain && plain_field<V>();
       size = (size + alignof(V) - 1) / alignof(V) * alignof(V) + sizeof(V);
     }(std::type_identity<member_value<T, I>>{})),
     ...);
  }
  (member_indexes<T>{});
  return plain ? (size + alignof(T) - 1) / alignof(T) * alignof(T) : 0;
}
// True for values that are their own bytes in a slot: without pointers, aligned to 8 at most, all members named.
template <class T>
constexpr bool is_plain_value() {
  if constexpr (!std::is_trivially_copyable_v<T> || alignof(T) > 8)
    return false;
  else if constexpr (described<T>)
    return std::is_default_constructible_v<T> && struct_size<T>() == sizeof(T);
  else
    return plain_field<T>();
}
template <class T>
inline constexpr bool plain_value = is_plain_value<T>();

// Are the members of a struct named in the order they lie in? The host reads them so.
template <class T>
WEIR_DETAIL_COLD bool in_order() {
  const T t{};
  const char* last = nullptr;
  bool right = true;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (([&](const char* at) {
       right = right && (!last || last < at);
       last = at;
     }(reinterpret_cast<const char*>(&(t.*std::get<I>(members_of<T>).at)))),
     ...);
  }
  (member_indexes<T>{});
  return right;
}

// The fields of a value: of a WEIR_RECORD struct its members, of anything else one field "value".
template <class T>
WEIR_DETAIL_COLD schema value_schema() {
  if constexpr (described<T>) {
    if constexpr (plain_value<T>)
      if (!in_order<T>())
        throw plugin_error{
            "a struct that it keeps in the state names its members in WEIR_RECORD in another order than it has them"};
    return schema_of<T>();
  } else {
    return schema{{field_of<T>("value")}};
  }
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_STATE_VALUE_HPP
