#include "encoder.hpp"

#include "shared/json_text.hpp"

namespace json {

using weir::shared::append_json_string;
using weir::shared::append_json_value;

encoder::encoder(const weir::config& c)
    : include_(c.get("include", std::vector<std::string>{})), omit_nulls_(c.get<std::string>("nulls") == "omit") {}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  parts_.clear();
  auto add = [&](std::size_t column) {
    part p{column, {}};
    append_json_string(p.name, in[column].name);
    p.name += ':';
    parts_.push_back(std::move(p));
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
    if (in[i].name == "value") continue;  // written inside the object; the record's own bytes have that name now
    out.fields.push_back(in[i]);
    passes.push_back(static_cast<std::int32_t>(i));
  }
  b.output("", std::move(out), std::move(passes));
}

void encoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  auto b = out.build_beside(0, batch);
  std::vector<weir::column_view> columns;
  columns.reserve(parts_.size());
  for (const auto& p : parts_) columns.push_back(batch.at(p.column));
  for (const auto row : batch.rows()) {
    b[0].skip_to(row);
    text_.assign(1, '{');
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (omit_nulls_ && columns[i].null(row)) continue;
      if (text_.size() > 1) text_ += ',';
      text_ += parts_[i].name;
      append_json_value(text_, columns[i], row, omit_nulls_);
    }
    text_ += '}';
    b[0].append(std::string_view{text_});
  }
  out.emit_all(0, batch, std::move(b));
}

}  // namespace json
