// weir/detail/state_value.hpp: which C++ types lie in a state's slot as they are, and the schema of a value.
#ifndef WEIR_DETAIL_STATE_VALUE_HPP
#define WEIR_DETAIL_STATE_VALUE_HPP

#include "weir/detail/pack.hpp"
#include "weir/ext/draft/state.h"

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

// Arrow's key-value metadata with one pair more.
WEIR_DETAIL_COLD inline void add_metadata(std::string& to, std::string_view key, std::string_view value) {
  std::int32_t pairs = 0;
  if (to.empty()) to.assign(sizeof pairs, '\0');
  __builtin_memcpy(&pairs, to.data(), sizeof pairs);
  ++pairs;
  __builtin_memcpy(to.data(), &pairs, sizeof pairs);
  for (const auto part : {key, value}) {
    const auto size = static_cast<std::int32_t>(part.size());
    to.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
  }
}

template <class T>
struct described_part {  // the struct in a member: itself, in an optional, in a vector
  using type = T;
};
template <class T>
struct described_part<std::optional<T>> : described_part<T> {};
template <class T>
struct described_part<std::vector<T>> : described_part<T> {};

template <class Record>
constexpr bool names_members() {
  bool all = true;
  if constexpr (renames<Record>) {
    for (const renaming& one : weir_renamed(static_cast<const Record*>(nullptr))) {
      bool found = false;
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((found = found || std::get<I>(members_of<Record>).name == one.is), ...);
      }
      (member_indexes<Record>{});
      all = all && found;
    }
  }
  return all;
}

// What the fields of a struct were called before, and what they begin with where they are new: for the host, which
// converts state that another version wrote.
template <class Record>
WEIR_DETAIL_COLD void describe_past(std::vector<field>& fields) {
  static_assert(names_members<Record>(), "WEIR_RENAMED(type, {\"was\", \"is\"}): `is` is a member of WEIR_RECORD");
  if constexpr (renames<Record>)
    for (const renaming& one : weir_renamed(static_cast<const Record*>(nullptr)))
      for (field& f : fields)
        if (f.name == one.is) add_metadata(f.metadata, WEIR_STATE_FIELD_WAS, one.was);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (([&] {
       using V = member_value<Record, I>;
       using Part = typename described_part<V>::type;
       if constexpr (described<Part>) {
         field* inner = &fields[I];
         while (inner->kind == type::list) inner = &inner->children[0];
         describe_past<Part>(inner->children);
       }
       if constexpr (std::is_default_constructible_v<Record>) {
         std::string begins, nothing;
         const Record fresh{};
         pack_value<packing::plain>(begins, fresh.*std::get<I>(members_of<Record>).at);
         pack_value<packing::plain>(nothing, V{});
         if (begins != nothing) add_metadata(fields[I].metadata, WEIR_STATE_FIELD_DEFAULT, begins);
       }
     }()),
     ...);
  }
  (member_indexes<Record>{});
}

// The fields of a value: of a WEIR_RECORD struct its members, of anything else one field "value".
template <class T>
WEIR_DETAIL_COLD schema value_schema() {
  if constexpr (described<T>) {
    if constexpr (plain_value<T>)
      if (!in_order<T>())
        throw plugin_error{
            "a struct that it keeps in the state names its members in WEIR_RECORD in another order than it has them"};
    schema out = schema_of<T>();
    describe_past<T>(out.fields);
    return out;
  } else {
    return schema{{field_of<T>("value")}};
  }
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_STATE_VALUE_HPP
