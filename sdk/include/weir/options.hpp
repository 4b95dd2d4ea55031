// weir/options.hpp: the options of a component, declared once. Validation, documentation and completion come from the
// table.
//
//   static constexpr auto options() {
//     return weir::options(weir::option("limit", weir::number).required().doc("Notional a desk may reach."),
//                          weir::option("window", weir::timespan).fallback("\"10m\"").doc("Length of a window."));
//   }
#ifndef WEIR_OPTIONS_HPP
#define WEIR_OPTIONS_HPP

#include <array>
#include <cstdint>

#include "weir/abi.h"

namespace weir {

struct option_type {
  const char* name;
  const char* values = nullptr;
};
inline constexpr option_type flag{"bool"}, integer{"int"}, number{"float"}, text{"string"}, timespan{"duration"},
    byte_size{"bytes"}, any_list{"list"}, table{"table"}, map{"map"}, any{"any"}, list_of_text{"list:string"},
    list_of_integers{"list:int"}, list_of_numbers{"list:float"}, list_of_tables{"list:table"};
// One of some words: choice("left|right").
constexpr option_type choice(const char* words) { return {"enum", words}; }

class option {
 public:
  constexpr option(const char* name, option_type type)
      : raw_{name, type.name, nullptr, "", type.values, nullptr, 0, 0} {}
  // Must be given.
  constexpr option required() const { return with_flag(WEIR_OPTION_REQUIRED); }
  // Never printed, not in logs and not in errors.
  constexpr option secret() const { return with_flag(WEIR_OPTION_SECRET); }
  // Accepted with a warning; `instead` says what to use.
  constexpr option deprecated(const char* instead) const { return with_flag(WEIR_OPTION_DEPRECATED).doc(instead); }
  // A table that also takes keys which are not declared.
  constexpr option open() const { return with_flag(WEIR_OPTION_OPEN); }
  // The value when it is not given, as TOML text: "8", "true", "\"10m\"".
  constexpr option fallback(const char* toml) const {
    option o = *this;
    o.raw_.fallback = toml;
    return o;
  }
  // One sentence.
  constexpr option doc(const char* sentence) const {
    option o = *this;
    o.raw_.doc = sentence;
    return o;
  }
  // The options inside a table: a table of options() with static storage.
  constexpr option nested(const weir_option* inside) const {
    option o = *this;
    o.raw_.nested = inside;
    return o;
  }
  [[nodiscard]] constexpr const weir_option& raw() const { return raw_; }

 private:
  constexpr option with_flag(std::uint32_t bit) const {
    option o = *this;
    o.raw_.flags |= bit;
    return o;
  }
  weir_option raw_;
};

template <class... Option>
constexpr std::array<weir_option, sizeof...(Option) + 1> options(const Option&... each) {
  return {each.raw()..., weir_option{}};
}

namespace detail {
// The table of component T in static memory; null: it takes no options.
template <class T>
struct option_table {
  static constexpr const weir_option* get() {
    if constexpr (requires { T::options(); })
      return rows.data();
    else
      return nullptr;
  }

 private:
  static constexpr auto make() {
    if constexpr (requires { T::options(); })
      return T::options();
    else
      return std::array<weir_option, 1>{};
  }
  static constexpr auto rows = make();
};
}  // namespace detail
}  // namespace weir
#endif  // WEIR_OPTIONS_HPP
