// Results of expressions as output columns.
#pragma once

#include "expression/program.hpp"
#include "weir/batch.hpp"

namespace weir::standard {

// Evaluates expression n for these rows and writes it to a column beside the batch: a value for each physical row,
// where rows that are not among `rows`, and rows that failed, may hold anything. Throws weir::failure when the texts of
// one batch pass 2 GiB.
void write(weir::expression::evaluator& e, std::size_t n, const weir::expression::type& t,
           weir::expression::row_set rows, std::int64_t length, weir::column_writer& out);

}  // namespace weir::standard
