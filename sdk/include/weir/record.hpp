// weir/record.hpp: WEIR_RECORD maps a plain struct to columns, by the names of its members.
//
//   struct trade { std::string desk; double notional; std::optional<weir::time> booked; };
//   WEIR_RECORD(trade, desk, notional, booked)      // in the namespace of the struct
//
// Members may be: bool, integers, float, double, std::string, std::string_view (points into the batch, valid until
// process returns), weir::time, weir::date, weir::decimal<P, S>, weir::bytes, weir::bytes_view, std::array<std::byte,
// N>, std::vector<T>, another WEIR_RECORD struct, and std::optional of each for columns with nulls.
//
// A struct that is kept in the state may change between versions (weir/state.hpp). What a member was called before is
// said beside it:
//
//   WEIR_RENAMED(trade, {"amount", "notional"}, {"book", "desk"})      // was, is
#ifndef WEIR_RECORD_HPP
#define WEIR_RECORD_HPP

#include <array>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "weir/detail/for_each.hpp"
#include "weir/schema.hpp"

#define WEIR_RECORD(type, ...)                                                   \
  [[maybe_unused]] constexpr auto weir_describe(const type*) {                   \
    using weir_type = type;                                                      \
    return ::std::make_tuple(WEIR_DETAIL_EACH(WEIR_DETAIL_MEMBER, __VA_ARGS__)); \
  }
#define WEIR_DETAIL_MEMBER(name) \
  ::weir::detail::member<decltype(weir_type::name), weir_type> { #name, &weir_type::name }

#define WEIR_RENAMED(type, ...)                                      \
  [[maybe_unused]] constexpr auto weir_renamed(const type*) {        \
    return ::std::to_array<::weir::detail::renaming>({__VA_ARGS__}); \
  }

namespace weir {
namespace detail {

struct renaming {
  std::string_view was, is;
};

template <class Value, class Record>
struct member {
  using value = Value;
  std::string_view name;
  Value Record::*at;
};

template <class T>
concept described = requires {
  weir_describe(static_cast<const T*>(nullptr));
};

template <class T>
concept renames = requires {
  weir_renamed(static_cast<const T*>(nullptr));
};

template <class Record>
inline constexpr auto members_of = weir_describe(static_cast<const Record*>(nullptr));
template <class Record>
inline constexpr std::size_t member_count = std::tuple_size_v<std::remove_const_t<decltype(members_of<Record>)>>;
template <class Record, std::size_t I>
using member_value = typename std::tuple_element_t<I, std::remove_const_t<decltype(members_of<Record>)>>::value;
template <class Record>
using member_indexes = std::make_index_sequence<member_count<Record>>;

}  // namespace detail

// A struct that WEIR_RECORD describes.
template <class T>
concept record = detail::described<T>;

}  // namespace weir
#endif  // WEIR_RECORD_HPP
