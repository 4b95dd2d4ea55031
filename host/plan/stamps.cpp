#include "base/cat.hpp"
#include "base/text.hpp"
#include "plan/draft.hpp"

namespace weir::plan {
namespace {

using base::cat;
using base::quoted;

// The column of that name in the node's main output; what is wrong is reported.
std::optional<std::uint32_t> column_of(draft& d, const draft_node& n, const std::string& name,
                                       const config::location& at) {
  const auto& schema = *n.outputs.front().schema;
  const auto column = schema.find(name);
  if (column >= 0) return static_cast<std::uint32_t>(column);
  const auto names = schema.names();
  d.problems.error(at, cat(quoted(n.told->id), " has no column ", quoted(name), instead_of(name, names)));
  return std::nullopt;
}

}  // namespace

std::optional<watermark_strategy> watermark_of(draft& d, const draft_node& n) {
  const auto& told = n.told->watermark;
  if (!told || n.outputs.size() < 2) return std::nullopt;
  watermark_strategy out;
  out.out_of_orderness_us = told->out_of_orderness_us;
  out.idle_after_us = told->idle_after_us.value_or(-1);
  out.emit_interval_us = told->emit_interval_us;
  out.align_group = told->align_group;
  out.max_drift_us = told->max_drift_us.value_or(-1);
  if (told->field.empty()) return out;
  const auto column = column_of(d, n, told->field, told->field_at);
  if (!column) return out;
  const auto& type = (*n.outputs.front().schema)[*column].type;
  if (type.id != model::type_id::timestamp) {
    d.problems.error(told->field_at,
                     cat("event time needs a column of type timestamp; ", quoted(told->field), " of ",
                         quoted(n.told->id), " is ", type.text(), ": declare it as timestamp in the format's columns"));
  }
  out.column = *column;
  return out;
}

std::optional<trace_mapping> trace_of(draft& d, const draft_node& n) {
  const auto& told = n.told->trace;
  if (!told || n.outputs.size() < 2) return std::nullopt;
  trace_mapping out;
  auto take = [&](const std::string& name, const config::location& at, bool id) {
    if (name.empty()) return no_index;
    const auto column = column_of(d, n, name, at);
    if (!column) return no_index;
    const auto& type = (*n.outputs.front().schema)[*column].type;
    const bool text = type.id == model::type_id::utf8;
    if (!(text || (id && type.id == model::type_id::fixed_binary && type.width == 16))) {
      d.problems.error(at, cat("column ", quoted(name), " of ", quoted(n.told->id), " is ", type.text(), "; ",
                               id ? "a trace id is utf8 (32 hexadecimal digits, or a UUID) or fixed_binary(16)"
                                  : "a source id is utf8"));
    }
    return *column;
  };
  out.trace_id_column = take(told->trace_id, told->trace_id_at, true);
  out.source_id_column = take(told->source_id, told->source_id_at, false);
  return out;
}

}  // namespace weir::plan
