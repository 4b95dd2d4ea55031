// What windows of every kind share: their options, the columns of their results, and how results are written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/aggregate/aggregator.hpp"
#include "shared/columns.hpp"
#include "weir/batch_operator.hpp"

namespace window {

// "The largest few": of rows in a window, or of a window's results.
struct best_options {
  std::string by;
  std::int64_t limit = 1;
  bool ties = true, largest = true;
  std::vector<std::string> columns;
};

// Without defaults and required options: a table that is not given stays not given.
inline constexpr weir_option best_rows_options[]{
    weir::option("by", weir::text).doc("The column that orders the rows.").raw(),
    weir::option("columns", weir::list_of_text).doc("The columns that the result shows of these rows.").raw(),
    weir::option("limit", weir::integer).doc("How many rows; default 1.").raw(),
    weir::option("ties", weir::flag).doc("Also the rows that are as good as the last one of them; default true.").raw(),
    weir::option("order", weir::choice("largest|smallest")).doc("Which end; default largest.").raw(),
    {}};
inline constexpr weir_option best_keys_options[]{
    weir::option("by", weir::text).doc("The aggregate that orders the results.").raw(),
    weir::option("limit", weir::integer).doc("How many keys; default 1.").raw(),
    weir::option("ties", weir::flag).doc("Also the keys that are as good as the last one of them; default true.").raw(),
    weir::option("order", weir::choice("largest|smallest")).doc("Which end; default largest.").raw(),
    {}};

inline constexpr weir::option aggregates_option = weir::option("aggregates", weir::list_of_text)
                                                      .fallback("[]")
                                                      .doc(
                                                          "Result columns: \"count() AS n\", \"sum(price) AS total\", "
                                                          "\"arg_max(url, price) AS best\"; see the README.");
inline constexpr weir::option lateness_option = weir::option("allowed_lateness", weir::timespan)
                                                    .fallback("\"0s\"")
                                                    .doc(
                                                        "A complete window is kept this long for late rows, which send "
                                                        "an update; rows later than that leave by the port `late`.");
inline constexpr weir::option best_rows_option = weir::option("best_rows", weir::table)
                                                     .nested(best_rows_options)
                                                     .doc("One result for each of the best rows of a window.");
inline constexpr weir::option best_keys_option =
    weir::option("best_keys", weir::table)
        .nested(best_keys_options)
        .doc("Only the best keys of each window, of those that this subtask has.");

// Whether anything is given inside an optional table.
bool is_given(const weir::config& c, const char* table);
std::optional<best_options> read_best(const weir::config& c, const char* name);

// One stretch of results: row k has the key in row key_rows[k] of the key columns.
struct result_part {
  const std::vector<weir::column_view>* keys;
  const std::uint32_t* key_rows;
  const weir_slot* const* slots;
  const std::int64_t *start, *end;
  const std::uint32_t* groups;  // the numbers that side results are known by
  std::int64_t count;
  std::uint8_t change = WEIR_INSERT;
  const std::uint8_t* changes = nullptr;  // one for each; null: all are `change`
};

// Which times a result shows.
enum class result_times : std::uint8_t { none, end, both };

// Results that no slot of fixed size holds: kept in a state of their own, gathered group by group when a window fires.
class side_result {
 public:
  virtual ~side_result() = default;
  // ttl_us: that of the main state; by event time, 0: never.
  virtual void declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) = 0;
  virtual void open(const weir_host*) = 0;
  // slots: the main ones of the rows, or one for all of them. name_spaces: one for each row; null: all 0.
  virtual void update(weir_context*, const weir::aggregate::rows_in&, weir_slot* const* slots,
                      const std::int64_t* name_spaces) = 0;
  virtual void update_one(weir_context*, const weir::aggregate::rows_in&, weir_slot* slot, std::int64_t name_space) = 0;
  // A firing: first begin; then what each key has in a name space goes to its group, group_count of them so far; then
  // finish.
  virtual void begin() = 0;
  virtual void collect(weir_context*, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
                       std::int64_t name_space, const std::uint32_t* groups, std::int64_t group_count) = 0;
  virtual void finish() {}
  virtual void drop(weir_context*, std::int64_t name_space) = 0;
  // Forgets what some keys have in a name space.
  virtual void clear(weir_context*, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
                     std::int64_t name_space) = 0;
  // Adds what a key has in one name space to what it has in another, and forgets the first.
  virtual void move(weir_context*, const weir_batch& keys, std::uint32_t row, std::int64_t from, std::int64_t to) = 0;
};

// A column of results out of a side result: one value for a group.
class side_column {
 public:
  virtual ~side_column() = default;
  [[nodiscard]] virtual const weir::field& result() const = 0;
  virtual void write(const std::uint32_t* groups, std::int64_t count, weir::column_writer& to) = 0;
};

// Of an operator's config, its columns: what a window's result is made of.
class best_rows;
class percentiles;
class results {
 public:
  // with_best: the operator declares best_rows and best_keys.
  results(const weir::config& c, result_times times, bool with_best = false);
  ~results();
  results(const results&) = delete;
  results& operator=(const results&) = delete;

  struct bind_options {
    bool late_port = true;
    std::int64_t ttl_us = 0;
    // Where a slot has the name space of its side results; only with such.
    std::uint32_t* side_space_at = nullptr;
  };
  // Checks everything, declares the states (the first is the main one) and the ports "" and, when asked for, "late".
  void bind(weir::binder& b, weir::shared::value_layout& layout, bind_options o);
  void bind(weir::binder& b, weir::shared::value_layout& layout) { bind(b, layout, {}); }
  void open(const weir_host* host);

  [[nodiscard]] const weir::aggregate::aggregates& fixed() const { return fixed_; }
  [[nodiscard]] const weir::shared::state_table& state() const { return state_; }
  [[nodiscard]] const std::vector<weir::field>& key_fields() const { return key_fields_; }
  [[nodiscard]] const std::vector<std::uint32_t>& key() const { return key_; }
  [[nodiscard]] bool has_best_keys() const { return best_keys_.has_value(); }
  [[nodiscard]] bool has_sides() const { return !sides_.empty(); }
  [[nodiscard]] const std::vector<side_result*>& sides() const { return sides_; }

  // Adds rows to the accumulators of their slots, which must be there and touched.
  void update(weir_context* c, const weir::aggregate::rows_in& in, weir_slot* const* slots,
              const std::int64_t* name_spaces) const {
    fixed_.prepare(slots, in.count);
    fixed_.update(in, slots);
    for (side_result* s : sides_) s->update(c, in, slots, name_spaces);
  }
  void update_one(weir_context* c, const weir::aggregate::rows_in& in, weir_slot* slot, std::int64_t name_space) const {
    fixed_.prepare(&slot, 1);
    fixed_.update_one(in, slot);
    for (side_result* s : sides_) s->update_one(c, in, slot, name_space);
  }
  // Of one key, beside what its slot holds.
  void clear_sides(weir_context* c, const weir_batch& keys, std::uint32_t row, std::int64_t name_space) const {
    for (side_result* s : sides_) s->clear(c, keys, &row, 1, name_space);
  }
  void drop(weir_context* c, std::int64_t name_space) const {
    state_.drop(c, name_space);
    for (side_result* s : sides_) s->drop(c, name_space);
  }

  // Sends results; a row's event time is its end less 1 us. Before it: begin, collect and finish of the sides.
  void emit(weir::batch_output& out, const result_part& part);
  // The groups that best_keys keeps, ascending.
  void pick_best(std::vector<weir_slot*>& slots, std::vector<std::uint32_t>& out) const;

 private:
  struct column {
    weir::aggregate::aggregator* fixed = nullptr;
    side_column* side = nullptr;
  };
  void emit_rows(weir::batch_output& out, const result_part& part);
  void bind_aggregates(weir::binder& b, weir::shared::value_layout& layout);

  result_times times_;
  std::vector<std::string> texts_;
  std::optional<best_options> best_rows_options_, best_keys_;
  weir::aggregate::aggregates fixed_;
  std::vector<std::unique_ptr<side_result>> owned_sides_;
  std::vector<side_result*> sides_;
  std::vector<column> columns_;                                    // of the aggregates, in order
  std::vector<std::pair<std::string, percentiles*>> percentiles_;  // by column and accuracy: one sketch for all shares
  std::unique_ptr<best_rows> best_rows_;
  const weir::aggregate::aggregator* best_by_ = nullptr;
  weir::shared::state_table state_;
  std::vector<std::uint32_t> key_;
  std::vector<weir::field> key_fields_;
  // Results with best rows: one entry for each row.
  struct spread_rows {
    std::vector<std::uint32_t> key_rows, groups;
    std::vector<weir_slot*> slots;
    std::vector<std::int64_t> start, end;
  } spread_;
};

}  // namespace window
