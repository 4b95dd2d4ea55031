// weir/test/two_phase.hpp: what every two-phase sink must hold, whatever it writes to (ext/draft/two_phase.h).
//
//   weir::test::two_phase_subject s;
//   s.options = {{"path", folder / "out-{subtask}-{seq}"}};
//   s.visible = [&] { return lines_of_all_files(folder, subtasks_max); };
//   EXPECT_EQ(weir::test::check_two_phase<file::sink>(s, {.seed = seed}), "");
//
// A pipeline is played around the sink: numbered rows in some lanes, each lane always in one subtask and in order; cuts that become
// durable or are given up; commits that are late, repeated, or cut short by a crash; crashes at any place between two calls; restarts from
// the last durable cut with another parallelism; workers that were replaced and go on with a commit. After each step the rows that can be
// read are compared with an oracle: of each lane exactly those of the committed cuts, once, in order within a stream, and nothing else.
#ifndef WEIR_TEST_TWO_PHASE_HPP
#define WEIR_TEST_TWO_PHASE_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "weir/test/harness.hpp"

namespace weir::test {

// The record that the sink is given: one binary column `value`, as encoders make it.
struct two_phase_row {
  std::string_view value;
};
WEIR_RECORD(two_phase_row, value)

struct two_phase_subject {
  const weir_operator* sink = nullptr;  // check_two_phase<T> sets it
  table options;
  // The rows that anybody can read now, as streams that each have an order: the partitions of a topic, the files of a subtask.
  std::function<std::vector<std::vector<std::string>>()> visible;
  // False: rows become visible only at the end of the input (one file that appears when it is complete).
  bool visible_at_cuts = true;
  std::uint32_t parallelism_max = 4;
  // What must hold when everything has ended, beside the rows; empty: it holds. For what a sink leaves behind.
  std::function<std::string()> at_end;
};

struct two_phase_plan {
  std::uint64_t seed = 1;
  int steps = 60;
  // Of steps: how often the worker crashes, in percent.
  int crashes = 20;
  // Old workers live on beside the new one, and finish a commit that they were told.
  bool zombies = true;
  std::size_t rows_max = 20;  // of a step and lane
};

// Empty: the sink conforms. Otherwise what was wrong, the seed, and the steps that led there.
std::string check_two_phase_of(const two_phase_subject& subject, const two_phase_plan& plan);

template <class T>
std::string check_two_phase(two_phase_subject subject, const two_phase_plan& plan = {}) {
  static constexpr weir_operator op = weir::detail::operator_table<T>("under-test");
  subject.sink = &op;
  return check_two_phase_of(subject, plan);
}
}  // namespace weir::test
#endif  // WEIR_TEST_TWO_PHASE_HPP
