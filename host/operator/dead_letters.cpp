#include "operator/dead_letters.hpp"

#include <utility>

#include "base/cat.hpp"
#include "model/name_registry.hpp"
#include "model/trace_id.hpp"

namespace weir::op {

dead_letters::dead_letters(const spec& what, std::uint32_t subtask, base::env& env, const base::logger& log,
                           counters& counts)
    : what_(what),
      env_(env),
      log_(log),
      counts_(counts),
      builder_({what.pipeline, what.id, static_cast<std::int32_t>(subtask), what.plugin, what.version}) {}

weir_code dead_letters::add(const model::batch* from, std::uint32_t row, weir_code code, std::string_view reason,
                            std::string_view original, base::error* why) {
  model::row_origin origin;
  if (from) {
    origin = model::origin_of(from->view(), row);
    origin.split = from->facts().split_of(row);
  }
  const std::string_view split =
      origin.split == model::no_split ? std::string_view() : model::split_names().name(origin.split);
  // A record that could not be decoded has not told its trace yet: it gets the id that its place gives (as the stamper does
  // for records without one) and the name of the source that read it.
  model::trace_id made{};
  std::string_view source;
  if (origin.source_number) source = model::source_names().name(*origin.source_number);
  if (what_.trace && !origin.trace_id && !split.empty() && origin.offset) {
    made = model::trace_id_of_place(split, *origin.offset);
    origin.trace_id = made.data();
    source = split.substr(0, split.find('/'));
    origin.source_number = model::source_names().number(source);
  }
  if (what_.trace && !from && what_.source) source = what_.id;
  const std::string trace = origin.trace_id ? model::print_trace_id(origin.trace_id) : std::string();

  if (what_.policy == on_error::fail) {
    std::string text(reason);
    if (!split.empty())
      text += base::cat(" (split ", split, origin.offset ? base::cat(", offset ", *origin.offset) : "", ")");
    *why = base::data_error(
        base::cat(text, "; set on_error = \"dead_letter\" on this node to keep such records apart and go on"));
    return WEIR_E_DATA;
  }

  const auto verdict = limiter_.ask(env_.monotonic_ns());
  const bool keep = what_.policy == on_error::dead_letter;
  if (verdict.emit) {
    log_.warn(keep ? "record goes to dead letters" : "record is skipped", {{"reason", reason},
                                                                           {"split", split},
                                                                           {"offset", origin.offset.value_or(-1)},
                                                                           {"trace_id", trace},
                                                                           {"source_id", source},
                                                                           {"code", code},
                                                                           {"suppressed", verdict.suppressed}});
  }
  if (!keep) {
    counters::add(counts_.skipped, 1);
    return WEIR_OK;
  }
  counters::add(counts_.dead_letters, 1);
  if (!what_.dead_letters_connected) return WEIR_OK;

  if (original.data() == nullptr && from) {
    text_.clear();
    model::row_json(from->schema()).append(text_, *from, row);
    original = text_;
  }
  model::dead_letter letter;
  letter.at = env_.now_us();
  letter.code = code;
  letter.reason = reason;
  letter.original = original;
  if (!split.empty()) letter.split = split;
  letter.offset = origin.offset;
  letter.event_time = origin.event_time;
  letter.trace_id = origin.trace_id;
  letter.source_number = origin.source_number.value_or(0);
  if (!source.empty()) letter.source_id = source;
  if (!builder_.add(letter)) {
    *why = base::host_error("no memory for a dead letter", {}, base::retry::from_checkpoint);
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}

bool dead_letters::flush(collector& out) {
  if (builder_.rows() == 0) return true;
  const model::batch_ref letters = builder_.take();
  return out.collect(static_cast<std::uint32_t>(what_.outputs.size()), letters);
}

}  // namespace weir::op
