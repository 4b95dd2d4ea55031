#include "decoder.hpp"

#include "block_reader.hpp"
#include "shared/json/record_reader.hpp"
#include "shared/type_text.hpp"

namespace json {

using weir::json::record_reader;
using weir::json::refusal;
namespace od = simdjson::ondemand;

struct decoder::parser {
  od::parser engine;
  record_reader reader;
  block_reader block;
  parser(const std::vector<weir::field>& columns, const rules& how) : reader(columns, how), block(columns, how) {}
};

decoder::decoder(const weir::config& c) : metadata_(c.get("metadata", std::vector<std::string>{})) {
  rules_.timestamps = c.choice<time_unit>("timestamp_format", {{"rfc3339", time_unit::rfc3339},
                                                               {"epoch_s", time_unit::seconds},
                                                               {"epoch_ms", time_unit::milliseconds},
                                                               {"epoch_us", time_unit::microseconds}});
  rules_.unknown_fails = c.get<std::string>("unknown_fields") == "fail";
  const auto columns = c.at("columns");
  for (const auto& name : columns.keys()) {
    // Names are compared inside the record's buffer, which may be read 64 bytes beyond its end.
    if (name.empty() || name.size() > 60) throw c.error("columns." + name, "a field's name has 1 to 60 bytes");
    columns_.push_back(weir::shared::type_text::parse(name, columns.get<std::string>(name), "columns." + name));
  }
  if (columns_.empty()) throw c.error("columns", "names no column");
}

decoder::~decoder() = default;

void decoder::bind(weir::binder& b) {
  const auto& in = b.input();
  value_ = static_cast<std::size_t>(in.require("value"));
  framed_ = in[value_].metadata.find("newline") != std::string::npos;
  weir::schema out;
  std::vector<std::int32_t> passes;
  for (const auto& f : columns_) {
    out.fields.push_back(f);
    passes.push_back(-1);
  }
  for (const auto& name : metadata_) {
    const int at = in.find(name);
    if (at < 0) throw weir::config_error{"metadata", "the connector has no column '" + name + "'" + in.hint(name)};
    out.fields.push_back(in[static_cast<std::size_t>(at)]);
    passes.push_back(at);
  }
  b.output("", std::move(out), std::move(passes));
  parser_ = std::make_unique<parser>(columns_, rules_);
}

void decoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto values = batch.at(value_);
  auto b = out.build_beside(0, batch);
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  std::int64_t kept = 0, written = 0;
  auto blank_to = [&](std::int64_t row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) b[i].skip_to(row);
    written = row;
  };
  // Where all rows are wanted their bytes are one text, and blocks of it are read the quick way.
  const auto* offsets = values.values<std::int32_t>();
  const bool dense = !batch.selected();
  std::int64_t first = 0, last = 0;  // the rows of the block: [first, last)
  bool indexed = false;
  for (const auto row : batch.rows()) {
    if (written < row) blank_to(row);
    if (dense && row == last) {
      first = row;
      for (++last;
           last < batch.length() && offsets[last + 1] - offsets[first] <= std::int32_t{block_reader::block_bytes};
           ++last) {
      }
      indexed =
          parser_->block.index(values.text(first).data(), static_cast<std::size_t>(offsets[last] - offsets[first]));
    }
    if (indexed) {
      const auto at = [&](std::int64_t r) { return static_cast<std::size_t>(offsets[r] - offsets[first]); };
      if (parser_->block.read(at(row), at(row + 1), b)) {
        rows[kept++] = static_cast<std::uint32_t>(row);
        ++written;
        continue;
      }
      b.truncate(row);
    }
    std::string_view text = values.null(row) ? std::string_view{} : values.text(row);
    if (framed_)
      while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    refusal why;
    bool good = false;
    if (values.null(row)) {
      why.why = "the record has no value (a tombstone)";
    } else if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      why.why = "the record is empty";
    } else {
      od::document document;
      od::object object;
      // 64 bytes behind every buffer of the host may be read: no copy into a padded string.
      auto bad =
          parser_->engine.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document);
      if (!bad) bad = document.get_object().get(object);
      if (bad) {
        why.why = bad == simdjson::INCORRECT_TYPE ? "the record is not a JSON object" : simdjson::error_message(bad);
      } else if (parser_->reader.read(object, b, why)) {
        const char* behind = nullptr;
        good = document.current_location().get(behind) == simdjson::OUT_OF_BOUNDS;
        if (!good) why.why = "there is something behind the JSON object";
      }
      if (!good) {
        const char* here = nullptr;
        if (!bad && !document.current_location().get(here) && here >= text.data() && here <= text.data() + text.size())
          why.why += " (near byte " + std::to_string(here - text.data()) + ")";
      }
    }
    if (good) {
      rows[kept++] = row;
      ++written;
      continue;
    }
    b.truncate(row);
    out.dead_letter(batch, row, why.text(), text.data() ? text : std::string_view{""});
  }
  if (kept == 0) return;
  blank_to(batch.length());
  if (kept == batch.length())
    out.emit_all(0, batch, std::move(b));
  else
    out.emit_rows(0, batch, rows, kept, std::move(b));
}

}  // namespace json
