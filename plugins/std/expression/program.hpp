// The engine's front door: compile expressions over one input schema, then evaluate them batch by batch.
//
//   program p{columns};                            // bind(): once, shared by all subtasks
//   auto cents = p.add("price * 908 // 1000");     // throws mistake{byte offset, why}
//   p.seal();
//
//   evaluator e{p};                                // create(): one for each subtask
//   e.begin({&batch});                        // process(): for each batch
//   column c = e.eval(cents, {batch.rows, batch.row_count});
//   for (const row_error& bad : e.errors()) ...    // rows whose value could not be computed
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "binder.hpp"
#include "frame.hpp"
#include "mistake.hpp"
#include "node.hpp"
#include "parser.hpp"

namespace weir::expression {

class program {
 public:
  // columns: of the input; read by add() alone.
  explicit program(const schema& columns) : schema_{&columns} {}
  explicit program(schema&&) = delete;

  // Compiles one expression; the number is for evaluator. Throws mistake.
  std::size_t add(std::string_view text);
  std::size_t add(const syntax& tree);
  // One that must be a truth value.
  std::size_t add_condition(std::string_view text);

  // Ends the compilation. The schema of the input may go away.
  void seal();

  std::size_t size() const { return roots_.size(); }
  const type& type_of_result(std::size_t n) const { return roots_[n]->result; }
  // The column that an expression is, when it is nothing else; -1 otherwise.
  int column_of(std::size_t n) const { return input_index(*roots_[n]); }
  // False: it has a value for every row.
  bool can_fail(std::size_t n) const { return roots_[n]->can_fail; }

  const node& root(std::size_t n) const { return *roots_[n]; }
  const numbering& numbers() const { return numbers_; }

 private:
  std::size_t keep(node_ptr n);
  const schema* schema_;
  column_loads loads_;
  std::vector<node_ptr> roots_;
  numbering numbers_;
};

// What one subtask needs to run a program. [task] thread only.
class evaluator {
 public:
  explicit evaluator(const program& p) : program_{&p}, frame_{p.numbers().buffers, p.numbers().memos} {}

  // Another batch. Forgets errors and results of the one before.
  void begin(const input& in) { frame_.begin(in); }

  // The values of expression n for these rows, valid until begin(). Rows in errors() have no value.
  column eval(std::size_t n, row_set rows) { return program_->root(n).eval(frame_, rows); }

  // The same, written to `target` (fixed-width values of the result's type, one for each physical row, bool excepted).
  column eval_into(std::size_t n, row_set rows, void* target);

  // Writes the numbers of the rows where condition n is true to `out` (room for rows.count), ascending; returns how
  // many. Rows in errors() are not among them.
  std::int64_t select(std::size_t n, row_set rows, std::uint32_t* out);

  const std::vector<row_error>& errors() const { return frame_.errors(); }
  bool has_failed(std::int64_t row) const { return frame_.has_failed(row); }

 private:
  const program* program_;
  frame frame_;
};

}  // namespace weir::expression
