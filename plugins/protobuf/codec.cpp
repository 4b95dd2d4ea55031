#include "codec.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "weir/detail/nearest.hpp"

namespace protobuf {

message_of::message_of(const weir::config& c)
    : name_(c.get<std::string>("message")), enum_names_(c.get<std::string>("enums") == "name") {
  const auto path = c.get<std::string>("descriptor_set");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw c.error("descriptor_set", "'" + path + "' cannot be read: " + std::strerror(errno));
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  all_ = std::make_shared<const descriptors>(descriptors::parse(bytes, "descriptor_set"));
  if (!all_->message(name_))
    throw c.error("message",
                  "'" + name_ + "' is not in " + path + weir::detail::hint(name_, all_->message_names(), "it has"));
  plan();
}

std::unique_ptr<message_plan> message_of::plan() const {
  return std::make_unique<message_plan>(*all_, *all_->message(name_), enum_names_, "message");
}

decoder::decoder(const weir::config& c) : message_(c), metadata_(c.get("metadata", std::vector<std::string>{})) {}

void decoder::bind(weir::binder& b) {
  const auto& in = b.input();
  value_ = static_cast<std::size_t>(in.require("value"));
  plan_ = message_.plan();
  weir::schema out;
  std::vector<std::int32_t> passes;
  for (const auto& f : plan_->columns()) {
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

void decoder::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto values = batch.at(value_);
  auto b = out.build_beside(0, batch);
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  std::int64_t kept = 0;
  const std::size_t columns = plan_->columns().size();
  auto blank_to = [&](std::int64_t row) {
    for (std::size_t i = 0; i < columns; ++i) b[i].skip_to(row);
  };
  for (const auto row : batch.rows()) {
    blank_to(row);
    const std::string_view bytes = values.null(row) ? std::string_view{} : values.text(row);
    std::string why;
    if (values.null(row)) {
      why = "the record has no value (a tombstone)";
    } else if (plan_->read(bytes, b, why)) {
      rows[kept++] = row;
      continue;
    }
    b.truncate(row);
    out.dead_letter(batch, row, why, bytes.data() ? bytes : std::string_view{"", 0});
  }
  if (kept == 0) return;
  blank_to(batch.length());
  if (kept == batch.length())
    out.emit_all(0, batch, std::move(b));
  else
    out.emit_rows(0, batch, rows, kept, std::move(b));
}

void encoder::bind(weir::binder& b) {
  const auto& in = b.input();
  plan_ = message_.plan();
  columns_.clear();
  bool any = false;
  for (const auto& f : plan_->columns()) {
    const int at = in.find(f.name);
    if (at >= 0 && !in[static_cast<std::size_t>(at)].same_type(f))
      throw weir::schema_error{"column '" + f.name + "' is " + to_string(in[static_cast<std::size_t>(at)]) +
                               ", but the message's field is " + to_string(f) + ": cast it before"};
    columns_.push_back(at);
    any = any || at >= 0;
  }
  if (!any) throw weir::schema_error{"no column has the name of a field of the message"};
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
  std::vector<weir::column_view> views;
  std::vector<const weir::column_view*> columns;
  views.reserve(columns_.size());
  for (const int at : columns_) {
    if (at >= 0) views.push_back(batch.at(static_cast<std::size_t>(at)));
    columns.push_back(at >= 0 ? &views.back() : nullptr);
  }
  for (const auto row : batch.rows()) {
    b[0].skip_to(row);
    text_.clear();
    plan_->write(text_, columns, row);
    b[0].append(std::string_view{text_});
  }
  out.emit_all(0, batch, std::move(b));
}

}  // namespace protobuf
