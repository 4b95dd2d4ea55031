// weir/migrate.hpp: state of an earlier version of an operator that the host cannot convert by itself (weir/state.hpp
// says what it can), or only by letting a member go. The operator lists a function for each form that it still takes:
//
//   struct total_1 { std::string text; };                 // as version 1 kept it
//   WEIR_RECORD(total_1, text)
//
//   class exposure : public weir::keyed_operator<...> {
//     weir::value_state<total> total_{this, "total"};
//    public:
//     static constexpr auto migrations = weir::migrations(
//         weir::migrate_value<total_1, total>("total", [](const total_1& old) { return total{parse(old.text)}; }));
//
// A value is that of a value, bytes or aggregating state, an element of a list, a value of a map; migrate_key is for
// the keys of a map, where different keys must stay different. The functions depend on nothing else, and are called
// from any thread. What they throw ends the load: weir::failure("...") says why.
//
// Operators whose fields are known at run time have two static members in its place, with the calls of
// weir/ext/draft/migrate.h:
//
//   static bool can_migrate(weir_migration& what, std::string& why);
//   static void migrate(const weir_migration& what, std::string_view stored, std::string& to);
#ifndef WEIR_MIGRATE_HPP
#define WEIR_MIGRATE_HPP

#include <string>
#include <string_view>
#include <tuple>

#include "weir/detail/access.hpp"
#include "weir/detail/state_value.hpp"
#include "weir/ext/draft/migrate.h"

namespace weir {

// One form that an operator takes, and what it makes of it.
template <class Old, class New>
struct migration {
  const char* state;
  std::uint32_t part;
  New (*turn)(const Old&);
};
template <class Old, class New>
constexpr migration<Old, New> migrate_value(const char* state, New (*turn)(const Old&)) {
  return {state, WEIR_MIGRATE_VALUE, turn};
}
template <class Old, class New>
constexpr migration<Old, New> migrate_key(const char* state, New (*turn)(const Old&)) {
  return {state, WEIR_MIGRATE_MAP_KEY, turn};
}
template <class... Migration>
constexpr std::tuple<Migration...> migrations(Migration... all) {
  return {all...};
}

namespace detail {

WEIR_DETAIL_COLD inline bool same_fields(const std::vector<field>& a, const std::vector<field>& b, bool named = true) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((named && a[i].name != b[i].name) || a[i].nullable != b[i].nullable || a[i].kind != b[i].kind ||
        a[i].width != b[i].width || a[i].precision != b[i].precision || a[i].scale != b[i].scale ||
        !same_fields(a[i].children, b[i].children, a[i].kind == type::record))
      return false;
  return true;
}
WEIR_DETAIL_COLD inline std::string fields_text(const schema& of) {
  field whole;
  whole.kind = type::record;
  whole.children = of.fields;
  return to_string(whole);
}

// Can bytes of this kind be read and written as a T?
template <class T>
constexpr bool keeps(std::uint32_t kind, std::uint32_t size) {
  if (kind != WEIR_STATE_VALUE) return true;
  if constexpr (plain_value<T>) return size == sizeof(T);
  return false;
}
template <packing P, class T>
T unpack_whole(std::string_view bytes) {
  packed_bytes in{bytes};
  T v{};
  unpack_value<P>(in, v);
  if (in.at != in.end) packed_bytes::short_of();
  return v;
}
template <class Old>
Old stored_value(const weir_migration& what, std::string_view bytes) {
  if (what.part == WEIR_MIGRATE_MAP_KEY) return unpack_whole<packing::ordered, Old>(bytes);
  if constexpr (plain_value<Old>) {
    if (what.stored_kind == WEIR_STATE_VALUE) {
      Old v{};
      if (bytes.size() != sizeof v) packed_bytes::short_of();
      __builtin_memcpy(&v, bytes.data(), sizeof v);
      return v;
    }
  }
  return unpack_whole<packing::plain, Old>(bytes);
}
template <class New>
void declared_value(const weir_migration& what, const New& v, std::string& to) {
  if (what.part == WEIR_MIGRATE_MAP_KEY) return pack_value<packing::ordered>(to, v);
  if constexpr (plain_value<New>) {
    if (what.declared_kind == WEIR_STATE_VALUE) {
      to.append(reinterpret_cast<const char*>(&v), sizeof v);
      return;
    }
  }
  pack_value<packing::plain>(to, v);
}

template <class T>
concept lists_migrations = requires {
  T::migrations;
};
template <class T>
concept migrates_by_hand = requires(weir_migration& what, std::string_view stored, std::string& text) {
  T::can_migrate(what, text);
  T::migrate(what, stored, text);
};
template <class T>
inline constexpr bool migrates = lists_migrations<T> || migrates_by_hand<T>;

template <class T>
WEIR_DETAIL_COLD bool can_migrate(weir_migration& what, std::string& why) {
  if constexpr (lists_migrations<T>) {
    const schema stored = read_schema(*what.stored), declared = read_schema(*what.declared);
    std::uint64_t place = 0;
    bool found = false;
    const auto look = [&]<class Old, class New>(const migration<Old, New>& one) {
      ++place;
      if (found || std::string_view{one.state} != what.name || one.part != what.part) return;
      const schema from = value_schema<Old>();
      if (same_fields(from.fields, stored.fields) && same_fields(value_schema<New>().fields, declared.fields) &&
          keeps<Old>(what.stored_kind, what.stored_size) && keeps<New>(what.declared_kind, what.declared_size)) {
        found = true;
        what.token = place;
        return;
      }
      why += sentence({why.empty() ? "it takes " : ", ", fields_text(from)});
    };
    std::apply([&](const auto&... one) { (look(one), ...); }, T::migrations);
    if (!found && why.empty()) why = "it has no migration of it";
    return found;
  } else {
    return T::can_migrate(what, why);
  }
}
template <class T>
void migrate(const weir_migration& what, std::string_view stored, std::string& to) {
  if constexpr (lists_migrations<T>) {
    std::uint64_t place = 0;
    const auto turn = [&]<class Old, class New>(const migration<Old, New>& one) {
      if (++place == what.token) declared_value(what, one.turn(stored_value<Old>(what, stored)), to);
    };
    std::apply([&](const auto&... one) { (turn(one), ...); }, T::migrations);
  } else {
    T::migrate(what, stored, to);
  }
}

// Defined in trampoline.hpp.
template <class F, class Say>
weir_code guarded(F&& f, Say&& say) noexcept;

template <class F>
weir_code migrate_call(const weir_host* host, weir_bytes* out, F&& f) noexcept {
  return guarded(static_cast<F&&>(f),
                 [&](weir_code code, std::string_view, std::int64_t, std::string_view why) -> weir_code {
                   host->append(out, view(why));
                   return code;
                 });
}
template <class T>
weir_code accepts_migration(const weir_host* host, const void*, weir_migration* what, weir_bytes* out) noexcept {
  return migrate_call(host, out, [&]() -> weir_code {
    std::string why;
    if (can_migrate<T>(*what, why)) return WEIR_OK;
    host->append(out, view(why));
    return WEIR_E_STATE;
  });
}
template <class T>
weir_code migrate_value_of(const weir_host* host, const void*, const weir_migration* what, weir_view stored,
                           weir_bytes* out) noexcept {
  return migrate_call(host, out, [&] {
    std::string to;
    migrate<T>(*what, chars(stored), to);
    host->append(out, view(to));
  });
}
template <class T>
inline constexpr weir_migrate migrate_table{sizeof(weir_migrate), 0, &accepts_migration<T>, &migrate_value_of<T>};
}  // namespace detail
}  // namespace weir
#endif  // WEIR_MIGRATE_HPP
