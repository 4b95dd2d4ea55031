// The functions that expressions can call, and how a call finds its kernel.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mistake.hpp"
#include "node.hpp"

namespace weir::expression {

// A call while it is bound: its arguments, and what is needed to check and convert them.
class invocation {
 public:
  invocation(std::string_view name, std::string_view usage, std::uint32_t where, std::vector<node_ptr> given)
      : args{std::move(given)}, name_{name}, usage_{usage}, at_{where} {}

  std::vector<node_ptr> args;

  std::size_t count() const { return args.size(); }
  kind is(std::size_t i) const { return args[i]->result.is; }

  // Converts argument i without being asked, if SQL does that: literals, NULL, smaller numbers to larger ones, date to
  // timestamp. Throws mistake otherwise.
  void as(std::size_t i, type t);
  void all_as(type t) {
    for (std::size_t i = 0; i < args.size(); ++i) as(i, t);
  }
  // Any value as text: what || and concat do.
  void as_shown(std::size_t i);
  // One common type for all arguments from `first` on.
  type unify(std::size_t first = 0);
  // The text of argument i, which must be a literal.
  std::string constant_text(std::size_t i, std::string_view what) const;
  // The value of argument i, which must be a constant integer; throws mistake otherwise.
  std::int64_t constant_integer(std::size_t i, std::string_view what) const;
  bool is_constant_null(std::size_t i) const;

  // "round: ..., as in round(number [, digits])"
  [[noreturn]] void wrong(std::size_t i, std::string why) const;
  std::uint32_t at() const { return at_; }
  std::string_view name() const { return name_; }

 private:
  std::string_view name_, usage_;
  std::uint32_t at_;
};

struct function {
  std::string_view name;
  int least, most;         // number of arguments; most -1: any
  std::string_view usage;  // "round(number [, digits])"
  node_ptr (*bind)(invocation&);
};

// a || b of two texts or two binaries.
node_ptr make_concatenation(type t, node_ptr a, node_ptr b);

std::span<const function> text_functions();
std::span<const function> pattern_functions();
std::span<const function> number_functions();
std::span<const function> time_functions();
std::span<const function> general_functions();

// Null: there is no such function.
const function* function_named(std::string_view name);
std::vector<std::string_view> function_names();

}  // namespace weir::expression
