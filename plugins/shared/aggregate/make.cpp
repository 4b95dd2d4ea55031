#include <string_view>
#include <vector>

#include "shared/aggregate/loops.hpp"
#include "shared/aggregate/percentile.hpp"

namespace weir::aggregate {

void aggregates::seal(std::uint32_t value_size) {
  value_size_ = value_size;
  empty_.assign((sizeof(weir_slot) + value_size + 7) / 8, 0);
  auto* const s = reinterpret_cast<weir_slot*>(empty_.data());
  for (const auto& a : all_) a->begin(s);
}

void aggregates::start(weir_slot* s) const {
  std::memcpy(in_slot(s, sizeof(weir_slot)), empty_.data() + 1, value_size_);
  s->flags |= WEIR_SLOT_PRESENT;
}

namespace {

// Kept in a sketch, which has no fixed size.
std::unique_ptr<aggregator> check_percentile(const call& c, const weir::schema& input, value_layout&) {
  read_percentile(c);
  const weir::field& f = input[column_of(input, c.arguments[0])];
  if (f.kind == weir::type::timestamp || f.kind == weir::type::date32 || !with_number(f, [](auto) {}))
    throw weir::config_error{"", c.function + "(" + f.name + "): the column is " + weir::to_string(f) +
                                     ", it must be a number: std.project can make one, such as a duration"};
  return nullptr;
}

}  // namespace

std::unique_ptr<aggregator> make(const call& c, const weir::schema& input, value_layout& layout) {
  struct entry {
    std::string_view function;
    std::size_t least, most;  // arguments
    std::unique_ptr<aggregator> (*make)(const call&, const weir::schema&, value_layout&);
  };
  static constexpr entry all[] = {
      {"count", 0, 1, make_count},
      {"sum", 1, 1, make_sum},
      {"avg", 1, 1, make_sum},
      {"min", 1, 1, make_extreme},
      {"max", 1, 1, make_extreme},
      {"first", 1, 1, make_best_row},
      {"last", 1, 1, make_best_row},
      {"arg_max", 2, 2, make_best_row},
      {"arg_min", 2, 2, make_best_row},
      {"percentile", 1, 1, check_percentile},
      {"median", 1, 1, check_percentile},
  };
  std::vector<std::string_view> known;
  for (const entry& e : all) {
    known.push_back(e.function);
    if (e.function != c.function) continue;
    if (c.arguments.size() < e.least || c.arguments.size() > e.most)
      throw weir::config_error{
          "", c.function + " takes " + std::to_string(e.most) + (e.most == 1 ? " column" : " columns")};
    if (c.distinct && c.function != "count") throw weir::config_error{"", "DISTINCT is for count"};
    if (c.distinct) {
      column_of(input, c.arguments.empty() ? std::string{} : c.arguments[0]);
      return nullptr;
    }
    return e.make(c, input, layout);
  }
  throw weir::config_error{
      "", "there is no aggregate '" + c.function + "'" + weir::detail::hint(c.function, known, "there are")};
}

}  // namespace weir::aggregate
