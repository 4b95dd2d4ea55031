// Turns a plain function of values into a step: NULL for rows where an argument is NULL, the function for the others.
#pragma once

#include <string>
#include <utility>

#include "loops.hpp"
#include "node.hpp"

namespace weir::expression {

// What a function may use and say beside its result.
struct call {
  arena& texts;       // memory for results
  std::string& work;  // a text that may grow, for a moment
  bool special{false};
  bool null{false};
  std::string error;

  void set_null() { special = null = true; }
  void fail(std::string why) {
    special = true;
    error = std::move(why);
  }
};

// The step around a function's loop: all that does not depend on the function.
class mapped_node final : public node {
 public:
  using loop = void (*)(const mapped_node&, frame&, row_set, const column* in, void* out, const std::uint8_t*& valid);
  mapped_node(type t, std::vector<node_ptr> all, loop run, std::size_t width, bool fails, bool expensive);
  column eval(frame& f, row_set rows) const override;
  // The function said something about row i beside its result.
  void settle(call& c, frame& f, std::int64_t i, const std::uint8_t*& valid) const;

 private:
  loop run_;
  std::size_t width_;
};

template <auto Fn>
struct mapping;

// Fn: R f(call&, A...) with the vector types of values (text_ref, std::int64_t, ...).
template <class R, class... A, R (*Fn)(call&, A...)>
struct mapping<Fn> {
  static constexpr std::size_t width = sizeof(R);

  template <std::size_t... I>
  static void over(const mapped_node& n, frame& f, row_set rows, const column* in, R* out, const std::uint8_t*& valid,
                   std::index_sequence<I...>) {
    call c{f.texts, f.work, false, false, {}};
    const std::uint8_t* present = valid;
    (void)in;
    for_each_row(rows, [&](std::int64_t i) {
      if (present && !present[i]) {
        out[i] = R{};
        return;
      }
      out[i] = Fn(c, in[I].template as<A>()[i]...);
      if (c.special) [[unlikely]] {
        out[i] = R{};
        n.settle(c, f, i, valid);
      }
    });
  }
  static void run(const mapped_node& n, frame& f, row_set rows, const column* in, void* out,
                  const std::uint8_t*& valid) {
    over(n, f, rows, in, static_cast<R*>(out), valid, std::index_sequence_for<A...>{});
  }
};

template <auto Fn>
node_ptr make_mapped(type t, std::vector<node_ptr> args, bool fails = false, bool expensive = true) {
  return std::make_unique<mapped_node>(t, std::move(args), &mapping<Fn>::run, mapping<Fn>::width, fails, expensive);
}

}  // namespace weir::expression
