#include "debezium/encoder.hpp"

#include <algorithm>

#include "shared/columns.hpp"

namespace debezium {

using weir::change_kind;

encoder::encoder(const weir::config& c)
    : include_(c.get("include", std::vector<std::string>{})),
      key_(c.get("key", std::vector<std::string>{})),
      joined_(c.get<std::string>("updates") == "joined"),
      wrapped_(c.get<std::string>("wrapper") == "payload"),
      text_(c.get<std::string>("nulls") == "omit") {
  if (!c.has("source")) return;
  source_ = R"("source":{"connector":"weir","name":)";
  weir::shared::append_json_string(source_, c.get<std::string>("source"));
  source_ += "},";
}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  text_.bind(in, include_);
  key_at_.clear();
  for (const auto& name : key_) {
    const int at = in.find(name);
    if (at < 0) throw weir::config_error{"key", "there is no column '" + name + "'" + in.hint(name)};
    key_at_.push_back(static_cast<std::size_t>(at));
    if (!weir::shared::is_flat(in[key_at_.back()]))
      throw weir::config_error{"key",
                               "column '" + name + "' is " + weir::to_string(in[key_at_.back()]) + ", no single value"};
  }
  auto [out, passes] = weir::json::value_beside(in);
  b.output("", std::move(out), std::move(passes));
}

bool encoder::same_key(const weir::batch_view& batch, std::uint32_t a, std::uint32_t b) const {
  return std::all_of(key_at_.begin(), key_at_.end(), [&](std::size_t column) {
    const auto values = batch.at(column);
    return weir::shared::equal_values(values, a, values, b);
  });
}

void encoder::write(const weir::batch_view& batch, std::uint32_t before, std::uint32_t after, const char* op) {
  bytes_ = wrapped_ ? R"({"schema":null,"payload":{"before":)" : R"({"before":)";
  const auto half = [&](std::uint32_t row) {
    if (row == no_row)
      bytes_ += "null";
    else
      text_.append(bytes_, row);
  };
  half(before);
  bytes_ += R"(,"after":)";
  half(after);
  bytes_ += ',';
  bytes_ += source_;
  bytes_ += R"("op":")";
  bytes_ += op;
  bytes_ += R"(","ts_ms":)";
  const auto at = batch.event_time(after == no_row ? before : after);
  // Whole milliseconds, downwards also before 1970.
  bytes_ += at == weir::no_time
                ? "null"
                : std::to_string(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
  bytes_ += wrapped_ ? "}}" : "}";
}

void encoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  auto b = out.build_beside(0, batch);
  text_.load(batch);
  std::uint32_t* const kept = out.row_buffer(batch.row_count());
  std::int64_t count = 0;
  std::uint32_t waiting = no_row;  // an update_before that may find its other half
  const auto put = [&](std::uint32_t row) {
    b[0].skip_to(row);
    b[0].append(std::string_view{bytes_});
    kept[count++] = row;
  };
  const auto part = [&] {
    if (waiting == no_row) return;
    write(batch, waiting, no_row, "d");
    put(waiting);
    waiting = no_row;
  };
  for (const auto row : batch.rows()) {
    const auto kind = batch.change(row);
    if (kind == change_kind::update_after && waiting != no_row && same_key(batch, waiting, row)) {
      write(batch, waiting, row, "u");
      waiting = no_row;
      put(row);
      continue;
    }
    part();
    if (kind == change_kind::update_before && joined_) {
      waiting = row;
    } else if (kind == change_kind::update_before || kind == change_kind::erase) {
      write(batch, row, no_row, "d");
      put(row);
    } else {
      write(batch, no_row, row, "c");
      put(row);
    }
  }
  part();
  b[0].skip_to(batch.length());
  // The event itself is a new record, whatever it says of rows.
  if (batch.raw().change) std::fill_n(b.changes(), batch.length(), std::uint8_t{WEIR_INSERT});
  out.emit_rows(0, batch, kept, count, std::move(b));
}

}  // namespace debezium
