#pragma once
// What all lookups share: which columns are compared, which ones are added, and what becomes of rows that find nothing.
//
//   input batch --keys--> slots, one a row --gather--> its columns as they are + the added ones
//                            \-- no slot: nulls, or dropped, or the port `missing`

#include <cstdint>
#include <string>
#include <vector>

#include "lookup/cells.hpp"
#include "lookup/keys.hpp"
#include "weir/batch_operator.hpp"

namespace lookup {

inline constexpr weir::option on_option =
    weir::option("on", weir::map)
        .required()
        .doc("Input column = column of the table that must be equal; several: all of them.");
inline constexpr weir::option add_option =
    weir::option("add", weir::list_of_text)
        .fallback("[]")
        .doc("Columns of the table that go out, \"name\" or \"name AS desk_name\"; not given: all but those of `on`.");
inline constexpr weir::option missing_option =
    weir::option("missing", weir::choice("null|drop|port"))
        .fallback("\"null\"")
        .doc("Rows that find nothing: go on with nulls, are dropped, or leave as they are by the port `missing`.");

/// Columns that a pipeline declares: name = type. Throws weir::config_error about `columns`.
std::vector<weir::field> declared_columns(const weir::config& c);

/// Output ports: 0, and `missing` when the option says so.
class enrichment : public weir::batch_operator {
 public:
  static constexpr bool selections = true;

 protected:
  explicit enrichment(const weir::config& c);

  /// In bind(): resolves `on` and `add` against the input port and the table's columns, declares the outputs. False:
  /// something is wrong, and told.
  bool bind_to(weir::binder& b, std::uint32_t port, const weir::schema& table);
  /// Of the table: the columns of `on`, in the order of the input's key, and those that are added.
  [[nodiscard]] const std::vector<std::size_t>& key_columns() const { return key_columns_; }
  [[nodiscard]] const std::vector<std::size_t>& added_columns() const { return added_columns_; }
  [[nodiscard]] bool sends_missing() const { return missing_ == missing::port; }
  [[nodiscard]] bool sends_nulls() const { return missing_ == missing::null; }
  [[nodiscard]] std::vector<cells> new_cells() const;
  [[nodiscard]] bool hash_is_key() const { return lookup::hash_is_key(keys_.fields()); }

  /// Sends the batch: slots[k] of the k-th row to process, into `added`. Rows of failed_slot are left out.
  void send(const weir::batch_view& batch, const std::vector<cells>& added, const std::uint32_t* slots,
            weir::batch_output& out);

  batch_keys keys_;  // of the input's rows
  std::uint64_t hits_ = 0, misses_ = 0;

 private:
  enum class missing { null, drop, port };
  struct pair {
    std::string input, table;
  };
  bool bind_keys(weir::binder& b, const weir::schema& input, const weir::schema& table);
  bool bind_added(weir::binder& b, const weir::schema& table, weir::schema& to);

  std::vector<pair> on_;
  std::vector<std::string> add_;
  missing missing_;
  std::vector<std::size_t> key_columns_, added_columns_;
  std::vector<weir::field> added_fields_;  // as the table has them
  std::vector<std::uint32_t> by_row_;
};

}  // namespace lookup
