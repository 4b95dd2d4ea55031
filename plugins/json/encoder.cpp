#include "encoder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "shared/base64.hpp"
#include "shared/decimal_text.hpp"
#include "shared/time_text.hpp"
#include "shared/utf8.hpp"

namespace json {
namespace {

template <class T>
void append_number(std::string& out, T v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v).ptr;
  out.append(text, end);
}

template <class T>
void append_real(std::string& out, T v) {
  // JSON has no number for these.
  if (std::isfinite(v))
    append_number(out, v);
  else
    out += std::isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

void append_quoted_bytes(std::string& out, std::string_view bytes) {
  out += '"';
  weir::shared::encode_base64(bytes, out);
  out += '"';
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // the first byte that is not copied yet
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    if (const std::size_t size = c >= 0x80 ? weir::shared::utf8_size(text, i) : 0) {
      i += size;
      continue;
    }
    out.append(text, plain, i - plain);
    if (c >= 0x80) {
      out += "\xEF\xBF\xBD";
    } else {
      out += '\\';
      switch (c) {
        case '"': out += '"'; break;
        case '\\': out += '\\'; break;
        case '\n': out += 'n'; break;
        case '\r': out += 'r'; break;
        case '\t': out += 't'; break;
        case '\b': out += 'b'; break;
        case '\f': out += 'f'; break;
        default: out += "u00", out += hex[c >> 4], out += hex[c & 15];
      }
    }
    plain = ++i;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void append_value(std::string& out, const weir::column_view& c, std::int64_t row, bool omit_nulls) {
  if (c.null(row)) {
    out += "null";
    return;
  }
  char text[48];
  switch (c.of().kind) {
    case weir::type::boolean: out += c.boolean(row) ? "true" : "false"; break;
    case weir::type::int8: append_number(out, static_cast<int>(c.value<std::int8_t>(row))); break;
    case weir::type::int16: append_number(out, c.value<std::int16_t>(row)); break;
    case weir::type::int32: append_number(out, c.value<std::int32_t>(row)); break;
    case weir::type::int64: append_number(out, c.value<std::int64_t>(row)); break;
    case weir::type::uint8: append_number(out, static_cast<unsigned>(c.value<std::uint8_t>(row))); break;
    case weir::type::uint16: append_number(out, c.value<std::uint16_t>(row)); break;
    case weir::type::uint32: append_number(out, c.value<std::uint32_t>(row)); break;
    case weir::type::uint64: append_number(out, c.value<std::uint64_t>(row)); break;
    case weir::type::float32: append_real(out, c.value<float>(row)); break;
    case weir::type::float64: append_real(out, c.value<double>(row)); break;
    case weir::type::utf8: append_string(out, c.text(row)); break;
    case weir::type::binary: append_quoted_bytes(out, c.text(row)); break;
    case weir::type::fixed_binary: append_quoted_bytes(out, c.fixed(row)); break;
    case weir::type::timestamp: {
      out += '"';
      out.append(text, weir::shared::print_timestamp(text, c.value<std::int64_t>(row)));
      out += '"';
      break;
    }
    case weir::type::date32: {
      out += '"';
      out.append(text, weir::shared::print_date(text, c.value<std::int32_t>(row)));
      out += '"';
      break;
    }
    case weir::type::decimal128:
      out.append(text, weir::shared::print_decimal(text, c.value<weir::int128>(row), c.of().scale));
      break;
    case weir::type::list: {
      const auto [begin, end] = c.elements(row);
      const auto items = c.child();
      out += '[';
      for (auto i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        append_value(out, items, i, omit_nulls);
      }
      out += ']';
      break;
    }
    case weir::type::record: {
      out += '{';
      bool first = true;
      for (std::size_t i = 0; i < c.of().children.size(); ++i) {
        const auto member = c.child(i);
        if (omit_nulls && member.null(row)) continue;
        if (!first) out += ',';
        first = false;
        append_string(out, member.of().name);
        out += ':';
        append_value(out, member, row, omit_nulls);
      }
      out += '}';
    }
  }
}

encoder::encoder(const weir::config& c)
    : include_(c.get("include", std::vector<std::string>{})), omit_nulls_(c.get<std::string>("nulls") == "omit") {}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  parts_.clear();
  auto add = [&](std::size_t column) {
    part p{column, {}};
    append_string(p.name, in[column].name);
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
      append_value(text_, columns[i], row, omit_nulls_);
    }
    text_ += '}';
    b[0].append(std::string_view{text_});
  }
  out.emit_all(0, batch, std::move(b));
}

}  // namespace json
