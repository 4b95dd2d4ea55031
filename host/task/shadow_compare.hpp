#pragma once
// Two versions of an operator were given the same input: whether they gave out the same.
//
// Rows are compared by port and key, in the order that each version gave them out. What one call gave out is compared
// when both have made the call; a row whose partner has not come yet waits until settle(). A row that one version left
// out or added does not make all that follows different: rows that are equal find each other.
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model/batch.hpp"
#include "model/row_json.hpp"
#include "operator/spec.hpp"
#include "task/shadow_report.hpp"

namespace weir::task {

/// Of one subtask. [task]
class shadow_compare {
 public:
  /// what and report outlive it.
  shadow_compare(const op::spec& what, std::uint32_t subtask, shadow_rules rules, shadow_report& report);

  struct given {
    std::uint32_t port;
    model::batch_ref rows;
  };
  /// What the versions gave out for one call; input: what they were given, null: nothing (time, an end).
  void compare(const std::vector<given>& before, const std::vector<given>& now, const model::batch* input);
  /// Both have given out everything they had: what still waits for its partner has none.
  void settle();

  /// Rows that may wait for their partners; more settles.
  static constexpr std::size_t most_waiting = 100'000;

 private:
  struct origin {
    std::uint32_t split = model::no_split;
    std::int64_t first = -1, last = -1;
  };
  struct row_at {
    model::batch_ref of;
    std::uint32_t row;
    origin from;  // of the call
  };
  struct lane {
    std::deque<row_at> before, now;
  };
  struct column_rule {
    bool ignored = false;
    const shadow_rules::tolerance* tolerance = nullptr;
  };
  struct port {
    std::string name;
    model::schema_ref schema;
    std::vector<std::uint32_t> key;
    std::vector<column_rule> columns;
    bool times = true;  // event times count
    std::unique_ptr<model::row_json> text;
    std::unordered_map<std::uint64_t, lane> lanes;  // by hash of the key
  };
  port& port_at(std::uint32_t number);
  static bool same_row(const port& p, const model::batch& a, std::uint32_t i, const model::batch& b, std::uint32_t j);
  static bool same_rows(const port& p, const std::vector<const model::batch*>& a,
                        const std::vector<const model::batch*>& b);
  void line_up(port& p, const std::vector<const model::batch*>& rows, bool is_now, const origin& from,
               std::vector<std::uint64_t>& touched);
  void match(port& p, lane& l);
  void tell(port& p, const char* what, const row_at* before, const row_at* now);

  const op::spec& what_;
  const std::uint32_t subtask_;
  const shadow_rules rules_;
  shadow_report& report_;
  std::vector<std::unique_ptr<port>> ports_;
  std::size_t waiting_ = 0;
  shadow_counts counts_;  // not told yet
};

/// Whether two values of a type are the same. NaN is NaN; 0.0 is -0.0.
bool same_value(const model::data_type& type, const model::column& a, std::int64_t i, const model::column& b,
                std::int64_t j, const shadow_rules::tolerance* tolerance);

}  // namespace weir::task
