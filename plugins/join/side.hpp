// One input of a join: which columns of it go out, and its rows in keyed state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/state.hpp"
#include "weir/batch_operator.hpp"
#include "weir/packed.hpp"

namespace join {

// A row in state: [event time][the columns that go out, packed]. A key (and name space) has a list of them, in the
// order they came.
class side {
 public:
  struct column {
    std::size_t input;   // of the port
    std::size_t output;  // of the result
  };

  void bind(std::vector<weir::field> fields, std::vector<column> columns) {
    fields_ = std::move(fields);
    columns_ = std::move(columns);
  }
  void declare(weir::binder& b, std::uint32_t& next, const char* name, std::int64_t ttl_us);
  void open(const weir_host* host) { rows_.open(host); }

  [[nodiscard]] const weir::shared::state_table& rows() const { return rows_; }

  // A row as state keeps it; lives until the next call.
  std::string_view pack(const weir::batch_view& batch, std::uint32_t row);
  static std::int64_t time_of(std::string_view packed) {
    std::int64_t t;
    std::memcpy(&t, packed.data(), sizeof t);
    return t;
  }
  // Appends the columns of a packed row to a result.
  void write(std::string_view packed, weir::batch_builder& to) const {
    weir::packed_reader in{packed.substr(sizeof(std::int64_t))};
    for (std::size_t i = 0; i < columns_.size(); ++i) in.append_to(to[columns_[i].output], fields_[i]);
  }
  void write_nulls(weir::batch_builder& to) const {
    for (const column& c : columns_) to[c.output].append_null();
  }
  // Takes one row out of a list that equals this one in its columns. False: there is none.
  bool remove(weir_context* c, weir_slot* list, std::string_view packed) const;

 private:
  std::vector<weir::field> fields_;  // of columns_, as the input has them
  std::vector<column> columns_;
  weir::shared::state_table rows_;
  weir::packed_row bytes_;
};

}  // namespace join
