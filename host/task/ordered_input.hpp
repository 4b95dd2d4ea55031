#pragma once
// ordered_input: what makes a deterministic pipeline deterministic. Rows wait in front of a subtask until the watermark
// says that none is missing, and are handed out in an order that depends on nothing but the rows.
//
//   rows ──> by step of event time ──> [step 7] [step 8] [step 9 ...]      a row's step: of its event time, or of its
//                                         │ the watermark has passed it     batch's turn (model::facts) when that is later
//                                         v
//              sorted by (event time, port, split, offset, change, content), in batches of batch_rows
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/batch.hpp"
#include "model/key_hash.hpp"

namespace weir::task {

/// Start of the step that a time is in; steps are counted from 1970.
constexpr std::int64_t step_of(std::int64_t time_us, std::int64_t step_us) noexcept {
  const std::int64_t rest = time_us % step_us;
  const std::int64_t down = rest < 0 ? rest + step_us : rest;
  return time_us < INT64_MIN + down ? INT64_MIN : time_us - down;
}

/// [task]
class ordered_input {
 public:
  /// Rows of a batch that is handed out. Fixed: a batch size that a person sets must not decide anything.
  static constexpr std::size_t batch_rows = 1024;

  struct part {
    std::uint32_t port = 0;
    model::batch_ref rows;
  };

  /// ports: of the head, by input edge.
  ordered_input(std::int64_t step_us, std::vector<std::uint32_t> ports) : step_us_(step_us), ports_(std::move(ports)) {}

  /// False: its rows have neither an event time nor a turn, and nothing to wait for.
  bool add(std::uint32_t edge, const model::batch_ref& batch);
  /// Start of the first step that has rows; INT64_MAX: there are none.
  std::int64_t first() const { return steps_.empty() ? INT64_MAX : steps_.begin()->first; }
  /// Takes the first step out, in order. Fails when a column of a batch would pass 2 GiB.
  base::result<std::vector<part>> take_first();
  std::int64_t step_us() const { return step_us_; }

  /// All that waits, for a cut. Empty: nothing waits.
  std::string encode() const;
  static bool is_encoded(std::string_view bytes);
  /// What one subtask takes over of what another had waiting.
  struct heir {
    std::vector<model::schema_ref> schemas;        ///< by input edge
    std::vector<std::vector<std::uint32_t>> keys;  ///< by input edge; empty: rows are dealt out
    std::vector<bool> broadcast;                   ///< by input edge
    bool same = true;                              ///< it is that subtask, at the same parallelism: it takes all
    bool takes_dealt = true;                       ///< else: rows without a key come here
    model::key_group_range own;                    ///< else: and those of these key groups,
    std::uint32_t groups = 0;                      ///< of so many
  };
  base::result<void> decode(std::string_view bytes, const heir& to);

 private:
  struct held {
    std::uint32_t edge;
    model::batch_ref rows;
  };
  const std::int64_t step_us_;
  const std::vector<std::uint32_t> ports_;
  std::map<std::int64_t, std::vector<held>> steps_;
};

}  // namespace weir::task
