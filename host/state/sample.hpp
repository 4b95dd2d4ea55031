#pragma once
// Some stored values of each state, taken out of blocks as they are: to try on them what another version of the operator
// would make of all.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/state_change.hpp"
#include "model/state_shape.hpp"

namespace weir::state {

struct value_sample {
  std::string state;
  std::vector<std::string> values;    ///< stored bytes of values, elements, values of maps
  std::vector<std::string> map_keys;  ///< stored bytes of keys of maps
};

/// One thread at a time.
class sampler {
 public:
  /// Of each state of `of` at most so many values (and keys). Values of another form than it declares are passed over: they
  /// are older.
  sampler(const model::state_shape& of, std::size_t most);
  base::result<void> look(std::string_view block);
  /// Every state has as many as it may.
  bool enough() const;
  std::vector<value_sample> take() { return std::move(samples_); }

 private:
  const model::state_shape& of_;
  const std::size_t most_;
  std::vector<value_sample> samples_;  // by state
};

/// Converts all of a sample and throws away what comes of it. How many values that were; an error says which state and why.
base::result<std::uint64_t> try_conversion(const model::state_shape& was, const model::state_shape& now,
                                           const std::vector<value_sample>& of, const model::state_migrations& ask);

}  // namespace weir::state
