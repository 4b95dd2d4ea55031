// Percentiles of one column: a sketch for each key and name space, from which any number of result columns are read.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/aggregate/percentile.hpp"
#include "window/keyed_side.hpp"

namespace window {

inline bool is_percentile(const weir::aggregate::call& c) {
  return c.function == "percentile" || c.function == "median";
}
// Equal for calls that one sketch serves.
std::string percentile_key(const weir::aggregate::call& c);

class percentiles final : public keyed_side {
 public:
  // Of a call that weir::aggregate::make has checked.
  percentiles(std::string state, const weir::aggregate::call& c, const weir::schema& input);
  ~percentiles() override;
  // A result column for a call of the same key; it belongs to this object.
  side_column* column(const weir::aggregate::call& c);

  void declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) override;
  // A sketch is read and written once for all of a batch's rows of a key.
  void update(weir_context* c, const weir::aggregate::rows_in& in, weir_slot* const*,
              const std::int64_t* name_spaces) override;
  void update_one(weir_context* c, const weir::aggregate::rows_in& in, weir_slot*, std::int64_t name_space) override;
  void begin() override { groups_.clear(); }

 private:
  class share;
  // The value of a row that is not null, as a number.
  using reader = double (*)(const weir::column_view&, std::uint32_t row, double scale);

  void add(weir_context*, const weir::batch_view&, std::uint32_t row, weir_slot*) override;
  void make_room(std::size_t groups) override { groups_.resize(groups, weir::aggregate::sketch{bits_}); }
  void gather(weir_context*, weir_slot*, std::uint32_t group) override;
  void absorb(weir_context*, weir_slot* from, weir_slot* to) override;
  // The slot's sketch, in work_.
  void load(weir_context*, weir_slot*);
  void store(weir_context*, weir_slot*);

  std::size_t column_;
  unsigned bits_;
  bool nullable_;
  double scale_ = 1;
  reader read_ = nullptr;
  std::vector<std::unique_ptr<share>> shares_;
  weir::aggregate::sketch work_;
  std::string packed_;
  std::vector<std::pair<weir_slot*, double>> values_;  // of a batch, by slot
  std::vector<weir::aggregate::sketch> groups_;
};

}  // namespace window
