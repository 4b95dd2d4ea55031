#include "debezium/decoder.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "shared/columns.hpp"
#include "shared/json/record_reader.hpp"
#include "shared/type_text.hpp"

namespace debezium {

namespace od = simdjson::ondemand;
using weir::change_kind;
using weir::json::record_reader;
using weir::json::refusal;
using weir::json::time_unit;

namespace {

bool refuse(refusal& why, std::string text) {
  why.why = std::move(text);
  return false;
}
// The text of a value that is one; a number or a bool as it stands; nothing for null.
bool text_of(od::value v, std::optional<std::string>& out) {
  od::json_type kind{};
  if (v.type().get(kind)) return false;
  std::string_view text;
  switch (kind) {
    case od::json_type::null:
      return true;
    case od::json_type::string:
      if (v.get_string().get(text)) return false;
      break;
    case od::json_type::number:
    case od::json_type::boolean:
      text = v.raw_json_token();
      while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
      break;
    default:
      return false;
  }
  out = text;
  return true;
}

std::optional<std::int64_t> microseconds(std::string_view ms) {
  std::int64_t us = 0;
  const auto [end, bad] = std::from_chars(ms.data(), ms.data() + ms.size(), us);
  if (bad != std::errc{} || end != ms.data() + ms.size() || __builtin_mul_overflow(us, 1000, &us)) return std::nullopt;
  return us;
}

}  // namespace

// Reads one record at a time.
struct decoder::parser {
  enum class found : std::uint8_t { rows, tombstone, bad };

  parser(const decoder& o) : of{o}, reader{o.columns_, o.rules_}, outside_values(o.envelope_.size()) {}

  // Adds its rows to the columns, and their kinds to `kinds`; bad: take the rows back.
  found read(std::string_view record, weir::batch_builder& to, refusal& why) {
    kinds.clear();
    if (record.find_first_not_of(" \t\r\n") == std::string_view::npos) return found::tombstone;
    od::document document;
    // 64 bytes behind every buffer of the host may be read: no copy into a padded string.
    const auto room = record.size() + simdjson::SIMDJSON_PADDING;
    if (auto bad = engine.iterate(record.data(), record.size(), room).get(document)) {
      why.why = simdjson::error_message(bad);
      return found::bad;
    }
    if (const auto judged = whole(document, why); judged != found::rows) return judged;
    std::string op;
    od::object envelope;
    if (const auto opened = open(document, envelope, op, why); opened != found::rows) return opened;
    return outside(envelope, why) && rows(envelope, op, to, why) ? found::rows : found::bad;
  }

  const decoder& of;
  od::parser engine;
  record_reader reader;
  std::vector<change_kind> kinds;
  std::vector<std::optional<std::string>> outside_values;

 private:
  // One object from its first to its last brace, before any of it is read.
  static found whole(od::document& document, refusal& why) {
    od::json_type kind{};
    if (auto bad = document.type().get(kind)) return why.why = simdjson::error_message(bad), found::bad;
    const bool null = kind == od::json_type::null;
    if (kind != od::json_type::object && !null) return why.why = "the record is not a JSON object", found::bad;
    std::string_view all;
    if (auto bad = document.raw_json().get(all)) return why.why = simdjson::error_message(bad), found::bad;
    const char* behind = nullptr;
    if (document.current_location().get(behind) != simdjson::OUT_OF_BOUNDS)
      return why.why = "there is something behind the JSON object", found::bad;
    document.rewind();
    if (!null) return found::rows;
    bool is = false;
    if (document.is_null().get(is) || !is) return why.why = "the record is not a JSON object", found::bad;
    return found::tombstone;
  }

  // The object with `op`: the record, or its `payload`.
  static found open(od::document& document, od::object& envelope, std::string& op, refusal& why) {
    const auto bad = [&](std::string text) { return why.why = std::move(text), found::bad; };
    od::value v;
    if (document.get_object().get(envelope)) return bad("the record is not a JSON object");
    auto missing = envelope.find_field_unordered("op").get(v);
    if (missing == simdjson::NO_SUCH_FIELD) {
      document.rewind();
      od::object outer;
      od::value payload;
      if (document.get_object().get(outer)) return bad("the record is not a JSON object");
      missing = outer.find_field_unordered("payload").get(payload);
      if (missing == simdjson::NO_SUCH_FIELD)
        return bad("the record has neither 'op' nor 'payload': it is no change event");
      if (missing) return bad(simdjson::error_message(missing));
      od::json_type kind{};
      if (payload.type().get(kind)) return bad("'payload' is no object");
      if (kind == od::json_type::null) return found::tombstone;
      if (payload.get_object().get(envelope)) return bad("'payload' is no object");
      missing = envelope.find_field_unordered("op").get(v);
      if (missing == simdjson::NO_SUCH_FIELD) return bad("'op' is missing: it is no change event");
    }
    if (missing) return bad(simdjson::error_message(missing));
    std::string_view text;
    if (v.get_string().get(text)) return bad("'op' is no text");
    op = text;
    return found::rows;
  }

  bool outside(od::object& envelope, refusal& why) {
    for (std::size_t i = 0; i < of.envelope_.size(); ++i) {
      const auto& wanted = of.envelope_[i];
      outside_values[i].reset();
      bool empty = false;
      if (envelope.reset().get(empty)) return refuse(why, "is not valid JSON");
      od::object from = envelope;
      od::value v;
      if (wanted.in_source) {
        const auto missing = envelope.find_field_unordered("source").get(v);
        if (missing == simdjson::NO_SUCH_FIELD) continue;
        od::json_type kind{};
        if (missing || v.type().get(kind)) return refuse(why, "'source' is not valid JSON");
        if (kind == od::json_type::null) continue;
        if (v.get_object().get(from)) return refuse(why, "'source' is no object");
      }
      const auto missing = from.find_field_unordered(wanted.field).get(v);
      if (missing == simdjson::NO_SUCH_FIELD) continue;
      if (missing || !text_of(v, outside_values[i])) return refuse(why, "'" + wanted.field + "' is no single value");
      if (wanted.column.kind == weir::type::timestamp && outside_values[i] && !microseconds(*outside_values[i]))
        return refuse(why, "'" + wanted.field + "' is no time in milliseconds");
    }
    return true;
  }

  bool rows(od::object& envelope, const std::string& op, weir::batch_builder& to, refusal& why) {
    if (op == "c" || op == "r") {
      kinds = {change_kind::insert};
      return row(envelope, "after", to, why);
    }
    if (op == "d") {
      kinds = {change_kind::erase};
      return row(envelope, "before", to, why);
    }
    if (op == "u") {
      bool there = false;
      if (!has(envelope, "before", there, why)) return false;
      kinds = {change_kind::update_before, change_kind::update_after};
      if (there) return row(envelope, "before", to, why) && row(envelope, "after", to, why);
      if (!of.upsert_)
        return refuse(
            why,
            "an update without 'before': let the database send whole rows (PostgreSQL: REPLICA IDENTITY FULL), "
            "or set missing_before = \"upsert\"");
      kinds = {change_kind::update_after};
      return row(envelope, "after", to, why);
    }
    return refuse(why, "'op' is '" + op.substr(0, 20) + "'" + (op == "t" ? " (the table was truncated)" : "") +
                           ", which is no change of a row");
  }

  // The field is there and is not null.
  static bool has(od::object& envelope, std::string_view name, bool& there, refusal& why) {
    bool empty = false;
    if (envelope.reset().get(empty)) return refuse(why, "the record is not valid JSON");
    od::value v;
    const auto missing = envelope.find_field_unordered(name).get(v);
    if (missing == simdjson::NO_SUCH_FIELD) return there = false, true;
    od::json_type kind{};
    if (missing || v.type().get(kind)) return refuse(why, "the record is not valid JSON");
    there = kind != od::json_type::null;
    return true;
  }

  bool row(od::object& envelope, std::string_view name, weir::batch_builder& to, refusal& why) {
    bool there = false;
    if (!has(envelope, name, there, why)) return false;
    if (!there) return refuse(why, "'" + std::string{name} + "' is missing or null");
    bool empty = false;
    od::value v;
    if (envelope.reset().get(empty) || envelope.find_field_unordered(name).get(v))
      return refuse(why, "the record is not valid JSON");
    od::object object;
    if (v.get_object().get(object)) return refuse(why, "'" + std::string{name} + "' is no object");
    if (reader.read(object, to, why)) return true;
    why.path.emplace_back(name);
    return false;
  }
};

decoder::decoder(const weir::config& c) : metadata_(c.get("metadata", std::vector<std::string>{})) {
  rules_.timestamps = c.choice<time_unit>("timestamp_format", {{"rfc3339", time_unit::rfc3339},
                                                               {"epoch_s", time_unit::seconds},
                                                               {"epoch_ms", time_unit::milliseconds},
                                                               {"epoch_us", time_unit::microseconds}});
  rules_.unknown_fails = c.get<std::string>("unknown_fields") == "fail";
  upsert_ = c.get<std::string>("missing_before") == "upsert";
  const auto columns = c.at("columns");
  for (const auto& name : columns.keys()) {
    // Names are compared inside the record's buffer, which may be read 64 bytes beyond its end.
    if (name.empty() || name.size() > 60) throw c.error("columns." + name, "a field's name has 1 to 60 bytes");
    columns_.push_back(weir::shared::type_text::parse(name, columns.get<std::string>(name), "columns." + name));
  }
  if (columns_.empty()) throw c.error("columns", "names no column");
  const auto envelope = c.at("envelope");
  for (const auto& name : envelope.keys()) {
    const auto path = envelope.get<std::string>(name);
    outside o{
        .column = {.name = name, .kind = weir::type::utf8}, .field = path, .in_source = path.starts_with("source.")};
    if (o.in_source) o.field.erase(0, 7);
    if (o.field.empty() || (!o.in_source && path != "ts_ms" && path != "op"))
      throw c.error("envelope." + name, "must be \"ts_ms\", \"op\" or a field of `source`, such as \"source.table\"");
    if (o.field == "ts_ms") o.column.kind = weir::type::timestamp;
    envelope_.push_back(std::move(o));
  }
}

decoder::~decoder() = default;

void decoder::bind(weir::binder& b) {
  const auto& in = b.input();
  value_ = static_cast<std::size_t>(in.require("value"));
  weir::schema out{columns_};
  for (const auto& o : envelope_) out.fields.push_back(o.column);
  metadata_at_.clear();
  for (const auto& name : metadata_) {
    const int at = in.find(name);
    if (at < 0) throw weir::config_error{"metadata", "the connector has no column '" + name + "'" + in.hint(name)};
    metadata_at_.push_back(static_cast<std::size_t>(at));
    out.fields.push_back(in[metadata_at_.back()]);
    if (!weir::shared::is_flat(out.fields.back()))
      throw weir::config_error{"metadata", "column '" + name + "' is " + weir::to_string(out.fields.back()) +
                                               ", which cannot go on beside the rows of an update"};
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    if (out.find(out[i].name) != static_cast<int>(i))
      throw weir::config_error{"columns", "the rows would have two columns '" + out[i].name + "'"};
  b.output("", std::move(out));
  parser_ = std::make_unique<parser>(*this);
}

void decoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto values = batch.at(value_);
  auto b = out.build(0, batch.row_count() * 2);
  std::vector<weir::column_view> metadata;
  for (const auto at : metadata_at_) metadata.push_back(batch.at(at));
  std::vector<std::uint32_t> parents;
  std::vector<std::uint8_t> changes;
  for (const auto row : batch.rows()) {
    const std::string_view text = values.null(row) ? std::string_view{} : values.text(row);
    refusal why;
    const auto what = parser_->read(text, b, why);
    if (what == parser::found::tombstone) continue;
    if (what == parser::found::bad) {
      b.truncate(static_cast<std::int64_t>(parents.size()));
      out.dead_letter(batch, row, why.text(), text);
      continue;
    }
    for (const change_kind kind : parser_->kinds) {
      parents.push_back(row);
      changes.push_back(static_cast<std::uint8_t>(kind));
      std::size_t at = columns_.size();
      for (std::size_t i = 0; i < envelope_.size(); ++i, ++at) {
        const auto& value = parser_->outside_values[i];
        if (!value)
          b[at].append_null();
        else if (envelope_[i].column.kind == weir::type::timestamp)
          b[at].append(microseconds(*value).value_or(0));
        else
          b[at].append(std::string_view{*value});
      }
      for (const auto& m : metadata) weir::shared::copy_rows(m, &row, 1, b[at++]);
    }
  }
  if (parents.empty()) return;
  b.reserve(static_cast<std::int64_t>(parents.size()));
  std::copy(parents.begin(), parents.end(), b.parents());
  std::copy(changes.begin(), changes.end(), b.changes());
  b.emit();
}

}  // namespace debezium
