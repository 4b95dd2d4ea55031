// Is what lies in columns what their schema promises?
#ifndef WEIR_TESTING_CHECK_COLUMNS_HPP
#define WEIR_TESTING_CHECK_COLUMNS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/abi.h"
#include "weir/schema.hpp"

namespace weir::test::check {

// What is wrong: the rule and a sentence.
struct wrong {
  std::string rule, what;
};
using verdict = std::optional<wrong>;

// True for text as Unicode defines it: no overlong forms, no surrogates.
bool is_utf8(std::string_view s);
// A column of a builder that is about to be emitted. all_sent: each row is; others may hold anything.
verdict written(const field& f, const weir_column& c, std::int64_t rows, bool all_sent);
// An array of a batch, or one that a plugin made. rows: that must be there. from_host: abi.h's guarantees of input
// batches hold.
verdict array(const field& f, const ArrowArray* a, std::int64_t rows, bool from_host);
// Row indexes: ascending, and rows of a batch (that are selected, when it has a selection).
verdict indexes(const std::uint32_t* rows, std::int64_t count, std::int64_t length, const std::uint32_t* selected,
                std::int64_t selected_count);
// The host's guarantees of a batch.
verdict batch(const schema& columns, const weir_batch& b, bool selections);
}  // namespace weir::test::check
#endif  // WEIR_TESTING_CHECK_COLUMNS_HPP
