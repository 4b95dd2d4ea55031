// digest.sink: tells how many rows came and what they were, in two numbers that do not depend on their order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <weir/batch_operator.hpp>

#include "digest/row_text.hpp"

namespace digest {

class sink : public weir::batch_sink {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() {
    return "Counts rows and sums up a hash of each: two runs that give the same rows in any order report the same "
           "figures.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("columns", weir::list_of_text)
            .doc("The columns that count, in this order; without it all, in the order of the schema."));
  }

  explicit sink(const weir::config& c) : config_(c) {}
  void bind(weir::binder&) override;
  void process(const weir::batch_view&) override;
  void report(weir::figures&);
  // The figures are part of a cut: a run that goes on from one ends with the same figures. Those of several old subtasks add up.
  void save(std::string& to) const;
  void restore(std::string_view saved);

 private:
  weir::config config_;
  std::unique_ptr<row_text> text_;
  std::uint64_t rows_ = 0, sum_ = 0;
};

}  // namespace digest
