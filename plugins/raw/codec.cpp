#include "codec.hpp"

#include "shared/utf8.hpp"

namespace raw {

void decoder::bind(weir::binder& b) {
  const auto& in = b.input();
  value_ = static_cast<std::size_t>(in.require("value"));
  framed_ = in[value_].metadata.find("newline") != std::string::npos;
  weir::schema out;
  std::vector<std::int32_t> passes;
  weir::field f;
  f.name = column_;
  f.kind = text_ ? weir::type::utf8 : weir::type::binary;
  f.nullable = in[value_].nullable;
  out.fields.push_back(std::move(f));
  passes.push_back(-1);
  for (const auto& name : metadata_) {
    const int at = in.find(name);
    if (at < 0) throw weir::config_error{"metadata", "the connector has no column '" + name + "'" + in.hint(name)};
    out.fields.push_back(in[static_cast<std::size_t>(at)]);
    passes.push_back(at);
  }
  b.output("", std::move(out), std::move(passes));
}

void decoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto values = batch.at(value_);
  auto b = out.build_beside(0, batch);
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  std::int64_t kept = 0;
  for (const auto row : batch.rows()) {
    b[0].skip_to(row);
    if (values.null(row)) {
      b[0].append_null();
    } else {
      std::string_view text = values.text(row);
      if (framed_ && !text.empty() && text.back() == '\n') text.remove_suffix(1);
      if (framed_ && !text.empty() && text.back() == '\r') text.remove_suffix(1);
      if (text_ && !weir::shared::is_utf8(text)) {
        out.dead_letter(batch, row, "the record is not UTF-8", text);
        b[0].append_blank();
        continue;
      }
      b[0].append(text);
    }
    rows[kept++] = row;
  }
  if (kept == 0) return;
  b[0].skip_to(batch.length());
  if (kept == batch.length())
    out.emit_all(0, batch, std::move(b));
  else
    out.emit_rows(0, batch, rows, kept, std::move(b));
}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  const int at = in.find(column_);
  if (at < 0) throw weir::config_error{"column", "there is no column '" + column_ + "'" + in.hint(column_)};
  at_ = static_cast<std::size_t>(at);
  if (in[at_].kind != weir::type::utf8 && in[at_].kind != weir::type::binary)
    throw weir::config_error{"column",
                             "column '" + column_ + "' is " + to_string(in[at_]) + "; it must be utf8 or binary"};
  weir::schema out;
  std::vector<std::int32_t> passes;
  weir::field value = in[at_];
  value.name = "value";
  out.fields.push_back(std::move(value));
  passes.push_back(at);
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i == at_ || in[i].name == "value") continue;
    out.fields.push_back(in[i]);
    passes.push_back(static_cast<std::int32_t>(i));
  }
  b.output("", std::move(out), std::move(passes));
}

void encoder::process(const weir::batch_view& batch, weir::batch_output& out) { out.emit_all(0, batch); }

}  // namespace raw
