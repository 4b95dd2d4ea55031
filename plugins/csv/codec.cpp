#include "codec.hpp"

#include "shared/type_text.hpp"
#include "shared/value_text.hpp"

namespace csv {
namespace {

char one_character(const weir::config& c, const char* name) {
  const auto text = c.get<std::string>(name);
  if (text.size() != 1 || text[0] == '\n' || text[0] == '\r')
    throw c.error(name, "must be one character, not a line break");
  return text[0];
}

weir::shared::dialect dialect_of(const weir::config& c) {
  weir::shared::dialect d{one_character(c, "delimiter"), one_character(c, "quote"), c.get<std::string>("null")};
  if (d.delimiter == d.quote) throw c.error("quote", "must not be the delimiter");
  return d;
}

bool flat(const weir::field& f) { return f.kind != weir::type::list && f.kind != weir::type::record; }

}  // namespace

decoder::decoder(const weir::config& c)
    : header_(c.choice<header>("header", {{"none", header::none}, {"skip", header::skip}, {"check", header::check}})),
      dialect_(dialect_of(c)),
      metadata_(c.get("metadata", std::vector<std::string>{})) {
  const auto columns = c.at("columns");
  for (const auto& name : columns.keys()) {
    columns_.push_back(weir::shared::type_text::parse(name, columns.get<std::string>(name), "columns." + name));
    if (!flat(columns_.back()))
      throw c.error("columns." + name, "a field of delimited text cannot be a list or a struct");
  }
  if (columns_.empty()) throw c.error("columns", "names no column");
}

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
}

bool decoder::is_header(std::string_view text, std::string& why) {
  if (header_ == header::skip) return true;
  if (!line_.split(text, dialect_, why)) return false;
  const auto& cells = line_.cells();
  for (std::size_t i = 0; i < std::max(cells.size(), columns_.size()); ++i) {
    const std::string_view told = i < columns_.size() ? std::string_view{columns_[i].name} : "nothing";
    const std::string_view found = i < cells.size() ? cells[i].text : "nothing";
    if (told == found) continue;
    why = "field " + std::to_string(i + 1) + " of the header is '" + std::string{found} + "', but `columns` says '" +
          std::string{told} + "'";
    return false;
  }
  return true;
}

bool decoder::read(std::string_view text, weir::batch_builder& to, std::string& why) {
  if (!line_.split(text, dialect_, why)) return false;
  const auto& cells = line_.cells();
  if (cells.size() != columns_.size()) {
    why = "the line has " + std::to_string(cells.size()) + " fields, not " + std::to_string(columns_.size());
    return false;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].quoted && columns_[i].nullable && cells[i].text == dialect_.null_text) {
      to[i].append_null();
      continue;
    }
    if (!weir::shared::read_value(cells[i].text, to[i], why)) {
      why = "field '" + columns_[i].name + "' " + why;
      return false;
    }
  }
  return true;
}

void decoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto values = batch.at(value_);
  auto b = out.build_beside(0, batch);
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  std::int64_t kept = 0;
  auto blank_to = [&](std::int64_t row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) b[i].skip_to(row);
  };
  for (const auto row : batch.rows()) {
    blank_to(row);
    std::string_view text = values.null(row) ? std::string_view{} : values.text(row);
    if (framed_ && !text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    std::string why = "the record has no value";
    if (header_ != header::none && batch.offset(row) == 0) {
      if (is_header(text, why)) continue;
    } else if (!values.null(row) && read(text, b, why)) {
      rows[kept++] = row;
      continue;
    }
    b.truncate(row);
    out.dead_letter(batch, row, why, text.data() ? text : std::string_view{"", 0});
  }
  if (kept == 0) return;
  blank_to(batch.length());
  if (kept == batch.length())
    out.emit_all(0, batch, std::move(b));
  else
    out.emit_rows(0, batch, rows, kept, std::move(b));
}

encoder::encoder(const weir::config& c)
    : include_(c.get("include", std::vector<std::string>{})), dialect_(dialect_of(c)) {}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  parts_.clear();
  auto add = [&](std::size_t i) {
    if (!flat(in[i]))
      throw weir::config_error{"include",
                               "column '" + in[i].name + "' is " + to_string(in[i]) + ", which is not one text"};
    parts_.push_back(i);
  };
  for (const auto& name : include_) {
    const int at = in.find(name);
    if (at < 0) throw weir::config_error{"include", "there is no column '" + name + "'" + in.hint(name)};
    add(static_cast<std::size_t>(at));
  }
  if (include_.empty())
    for (std::size_t i = 0; i < in.size(); ++i) add(i);
  weir::schema out;
  std::vector<std::int32_t> passes;
  weir::field value;
  value.name = "value";
  value.kind = weir::type::binary;
  value.nullable = false;
  out.fields.push_back(std::move(value));
  passes.push_back(-1);
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i].name == "value") continue;
    out.fields.push_back(in[i]);
    passes.push_back(static_cast<std::int32_t>(i));
  }
  b.output("", std::move(out), std::move(passes));
}

void encoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  auto b = out.build_beside(0, batch);
  std::vector<weir::column_view> columns;
  columns.reserve(parts_.size());
  for (const auto i : parts_) columns.push_back(batch.at(i));
  for (const auto row : batch.rows()) {
    b[0].skip_to(row);
    text_.clear();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text_ += dialect_.delimiter;
      if (columns[i].null(row)) {
        text_ += dialect_.null_text;
        continue;
      }
      value_text_.clear();
      weir::shared::print_value(value_text_, columns[i], row);
      weir::shared::append_cell(text_, value_text_, dialect_);
    }
    b[0].append(std::string_view{text_});
  }
  out.emit_all(0, batch, std::move(b));
}

}  // namespace csv
