#include "source/stamper.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "model/batch_builder.hpp"
#include "model/name_registry.hpp"
#include "model/trace_id.hpp"

namespace weir::source {
namespace {

/// Two rows of a split at offsets 7 and 8; the second has no trace id.
model::batch_ref two_rows(std::uint32_t split) {
  model::batch_builder builder(model::builder_layout::make(model::parse_schema("trace: utf8?").take()),
                               {.source = true});
  weir_builder* b = builder.open(2);
  EXPECT_EQ(model::batch_builder::column_validity(&b->columns[0]), WEIR_OK);
  EXPECT_EQ(model::batch_builder::grow_data(&b->columns[0], 3), WEIR_OK);
  auto* offsets = static_cast<std::int32_t*>(b->columns[0].values);
  std::memcpy(b->columns[0].data, "t-1", 3);
  offsets[1] = offsets[2] = 3;
  b->columns[0].validity[0] = 1;
  b->length = 2;
  b->first_offset = 7;
  b->split = split;
  return builder.finish(0, nullptr).take();
}

model::trace_id id_at(const model::batch& b, std::size_t row) {
  model::trace_id id{};
  std::memcpy(id.data(), b.view().trace_id + 16 * row, id.size());
  return id;
}

TEST(Stamper, GivesRowsWithoutATraceIdTheOneOfTheirPlace) {
  const std::uint32_t split = model::split_names().number("trades/0");
  stamper mapped({.trace = true, .trace_id_column = 0, .source_id = "trades"});
  const auto from_column = mapped.stamp(two_rows(split)).batch;
  EXPECT_EQ(id_at(*from_column, 0), model::parse_trace_id("t-1"));
  EXPECT_EQ(id_at(*from_column, 1), model::trace_id_of_place("trades/0", 8));
  EXPECT_EQ(model::source_names().name(from_column->view().source_id[0]), "trades");

  stamper unmapped({.trace = true, .source_id = "trades"});
  const auto made = unmapped.stamp(two_rows(split)).batch;
  EXPECT_EQ(id_at(*made, 0), model::trace_id_of_place("trades/0", 7));
  EXPECT_EQ(id_at(*made, 1), model::trace_id_of_place("trades/0", 8));
}

TEST(Stamper, GivesNoTraceIdToRowsWithoutAPlace) {
  stamper unmapped({.trace = true, .source_id = "trades"});
  EXPECT_EQ(id_at(*unmapped.stamp(two_rows(model::no_split)).batch, 0), model::trace_id{});
}

}  // namespace
}  // namespace weir::source
