// Turns a plain function of values into a step: NULL for rows where an argument is NULL, the function for the others.
#pragma once

#include <array>
#include <string>
#include <tuple>
#include <utility>

#include "loops.hpp"
#include "node.hpp"

namespace weir::expression {

// What a function may use and say beside its result.
struct call {
  arena& texts;       // memory for results
  std::string& work;  // a text that may grow, for a moment
  bool null{false};   // set: the result is NULL
  std::string error;  // set: the row is an error
};

// Fn: R f(call&, A...) with the vector types of values (text_ref, std::int64_t, ...).
template <auto Fn>
class mapped;

template <class R, class... A, R (*Fn)(call&, A...)>
class mapped<Fn> final : public node {
 public:
  mapped(type t, std::vector<node_ptr> all, bool fails, bool expensive) : node{t} {
    for (auto& a : all) add(std::move(a));
    can_fail |= fails;
    costly |= expensive;
  }
  column eval(frame& f, row_set rows) const override { return run(f, rows, std::index_sequence_for<A...>{}); }

 private:
  template <std::size_t... I>
  column run(frame& f, row_set rows, std::index_sequence<I...>) const {
    const std::array<column, sizeof...(A)> in{args[I]->eval(f, rows)...};
    R* out = f.scratch<R>(slot);
    bool nulls = false;
    for (const column& c : in) nulls |= c.valid != nullptr;
    std::uint8_t* valid = nullptr;
    if (nulls) {
      valid = f.scratch<std::uint8_t>(slot + 1);
      for_rows(rows, [&](std::int64_t i) { valid[i] = static_cast<std::uint8_t>((in[I].is_valid(i) && ...)); });
    }
    call c{f.texts, f.work, false, {}};
    for_rows(rows, [&](std::int64_t i) {
      if (nulls && !valid[i]) {
        out[i] = R{};
        return;
      }
      out[i] = Fn(c, in[I].template as<A>()[i]...);
      if (c.null) [[unlikely]] {
        c.null = false;
        if (!valid) valid = own_valid(f, slot + 1, nullptr);
        valid[i] = 0;
      }
      if (!c.error.empty()) [[unlikely]] {
        out[i] = R{};
        f.fail(i, std::move(c.error));
        c.error.clear();
      }
    });
    return {out, valid};
  }
};

template <auto Fn>
node_ptr make_mapped(type t, std::vector<node_ptr> args, bool fails = false, bool expensive = true) {
  return std::make_unique<mapped<Fn>>(t, std::move(args), fails, expensive);
}

}  // namespace weir::expression
