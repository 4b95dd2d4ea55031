#include "union.hpp"

namespace weir::standard {

void merge::bind(weir::binder& b) {
  weir::schema all = b.input(0);
  for (std::uint32_t p = 1; p < b.input_count(); ++p) {
    const weir::schema& other = b.input(p);
    const std::string who = "`" + b.input_name(p) + "`", first = "`" + b.input_name(0) + "`";
    if (other.size() != all.size()) {
      b.error(WEIR_E_SCHEMA, "",
              who + " has " + std::to_string(other.size()) + " columns, " + first + " has " +
                  std::to_string(all.size()) + ": project them to the same ones");
      continue;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const weir::field &a = all[i], &o = other[i];
      if (a.name != o.name || !a.same_type(o))
        b.error(WEIR_E_SCHEMA, "",
                "column " + std::to_string(i + 1) + " is `" + o.name + "` " + weir::to_string(o) + " in " + who +
                    ", but `" + a.name + "` " + weir::to_string(a) + " in " + first +
                    ": project them to the same columns");
      all.fields[i].nullable |= o.nullable;
    }
  }
  std::vector<std::int32_t> passes;
  for (std::size_t i = 0; i < all.size(); ++i) passes.push_back(static_cast<std::int32_t>(i));
  b.output("", std::move(all), std::move(passes));
}

}  // namespace weir::standard
