#include "print/sink.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "shared/json_text.hpp"
#include "shared/value_text.hpp"

namespace print {
namespace {

constexpr std::size_t most_held = 64 * 1024;  // bytes, before they are written

const char* name_of(weir::change_kind k) {
  switch (k) {
    case weir::change_kind::insert:
      return "insert";
    case weir::change_kind::update_before:
      return "update_before";
    case weir::change_kind::update_after:
      return "update_after";
    case weir::change_kind::erase:
      return "delete";
  }
  return "";
}

// Text in which no tab or newline stands between values.
void append_plain(std::string& to, const weir::column_view& c, std::int64_t row) {
  if (c.null(row)) return;
  const weir::type kind = c.of().kind;
  if (kind == weir::type::list || kind == weir::type::record) return weir::shared::append_json_value(to, c, row, false);
  const std::size_t from = to.size();
  weir::shared::print_value(to, c, row);
  if (kind == weir::type::utf8)
    for (std::size_t i = from; i < to.size(); ++i)
      if (static_cast<unsigned char>(to[i]) < 0x20) to[i] = ' ';
}

}  // namespace

sink::sink(const weir::config& c)
    : as_(c.choice<form>("as", {{"auto", form::automatic}, {"json", form::json}, {"text", form::text}})),
      fd_(c.choice<int>("to", {{"stdout", STDOUT_FILENO}, {"stderr", STDERR_FILENO}})) {
  if (!c.has("limit")) return;
  const auto limit = c.get<std::int64_t>("limit");
  if (limit < 0) throw c.error("limit", "must be 0 or more");
  left_ = static_cast<std::uint64_t>(limit);
}

void sink::bind(weir::binder& b) {
  if (as_ != form::automatic) return;
  const int value = b.input().find("value");
  const bool bytes = value >= 0 && b.input()[static_cast<std::size_t>(value)].kind == weir::type::binary;
  as_ = bytes ? form::value : form::json;
  if (bytes) value_ = static_cast<std::size_t>(value);
}

void sink::process(const weir::batch_view& batch) {
  rows_ += static_cast<std::uint64_t>(batch.row_count());
  for (const std::uint32_t row : batch.rows()) {
    if (left_ == 0) break;
    --left_;
    add_row(batch, row);
    if (text_.size() > most_held) write_out();
  }
  write_out();  // somebody is looking
}

void sink::add_row(const weir::batch_view& batch, std::uint32_t row) {
  const weir::change_kind change = batch.change(row);
  if (as_ == form::value) {
    const weir::column_view value = batch.at(value_);
    if (!value.null(row)) text_ += value.text(row);
    if (!text_.ends_with('\n')) text_ += '\n';
  } else if (as_ == form::text) {
    if (change != weir::change_kind::insert) (text_ += name_of(change)) += '\t';
    for (std::size_t c = 0; c < batch.columns().size(); ++c) {
      if (c > 0) text_ += '\t';
      append_plain(text_, batch.at(c), row);
    }
    text_ += '\n';
  } else {
    text_ += '{';
    for (std::size_t c = 0; c < batch.columns().size(); ++c) {
      if (c > 0) text_ += ',';
      weir::shared::append_json_string(text_, batch.columns()[c].name);
      text_ += ':';
      weir::shared::append_json_value(text_, batch.at(c), row, false);
    }
    if (change != weir::change_kind::insert) {
      if (text_.back() != '{') text_ += ',';
      ((text_ += "\"_change\":\"") += name_of(change)) += '"';
    }
    text_ += "}\n";
  }
}

void sink::write_out() {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const ssize_t done = ::write(fd_, rest.data(), rest.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) {
      const int why = errno;
      text_.clear();
      throw weir::external_failure(std::string("cannot print: ") + std::strerror(why) +
                                   (why == EPIPE ? ": nobody reads the output any more" : ""));
    }
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  text_.clear();
}

void sink::report(weir::figures& f) { f.add("rows", rows_); }

}  // namespace print
