#include "project.hpp"

#include <algorithm>
#include <cstring>

#include "expression/column.hpp"
#include "expression/mistake.hpp"
#include "expression/parser.hpp"

namespace weir::standard {
namespace {

using expression::kind;

// The name of a column that has none of its own: that of the column it is, else its text.
std::string name_of(const expression::item& item, const std::string& text) {
  if (!item.name.empty()) return item.name;
  if (item.expression->is == expression::form::name || item.expression->is == expression::form::field) {
    const auto* last = item.expression.get();
    return last->text.empty() ? text : last->text;
  }
  return text;
}

std::uint32_t width_of(kind k) {
  switch (k) {
    case kind::int8:
    case kind::uint8: return 1;
    case kind::int16:
    case kind::uint16: return 2;
    case kind::int32:
    case kind::uint32:
    case kind::float32:
    case kind::date: return 4;
    case kind::int64:
    case kind::uint64:
    case kind::float64:
    case kind::timestamp: return 8;
    case kind::decimal:
    case kind::hugeint: return 16;
    default: return 0;
  }
}

}  // namespace

void project::add(binder& b, schema& out, std::vector<std::int32_t>& passes, const std::string& text, const std::string& option) {
  const schema& in = b.input();
  auto item = expression::parse_item(text);
  if (!item.expression) {
    std::vector<bool> dropped(in.size(), false);
    for (const auto& d : item.dropped) {
      const int at = in.find(d->text);
      if (at < 0) throw config_error{option, "there is no column '" + d->text + "'" + in.hint(d->text), d->at};
      dropped[static_cast<std::size_t>(at)] = true;
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (dropped[i]) continue;
      out.fields.push_back(in[i]);
      passes.push_back(static_cast<std::int32_t>(i));
    }
    return;
  }
  auto& p = compiled_->program();
  const auto number = p.add(*item.expression);
  const std::string name = name_of(item, text);
  if (const int column = p.column_of(number); column >= 0) {
    field f = in[static_cast<std::size_t>(column)];
    f.name = name;
    out.fields.push_back(std::move(f));
    passes.push_back(column);
    return;
  }
  const auto& result = p.type_of_result(number);
  if (result.is == kind::null || result.is == kind::interval || expression::is_nested(result.is))
    throw config_error{option, "gives " + expression::name(result) + ", which cannot be a column" +
                                   (result.is == kind::null ? ": say of which type, CAST(NULL AS int64)" : "")};
  out.fields.push_back(expression::field_of(result, name));
  passes.push_back(-1);
  computed_.push_back({number, result.is, width_of(result.is)});
}

void project::bind(binder& b) {
  compiled_.emplace(b.input());
  computed_.clear();
  schema out;
  std::vector<std::int32_t> passes;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const std::string option = "columns[" + std::to_string(i) + "]";
    try {
      add(b, out, passes, items_[i], option);
    } catch (const expression::mistake& m) {
      throw config_error{option, m.why, m.at};
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (out[i].name == out[k].name)
        throw config_error{"columns", "two columns are called '" + out[i].name + "': give one another name with AS"};
  compiled_->seal();
  b.output("", std::move(out), std::move(passes));
}

void project::write(const computed& c, const expression::column& from, const batch_view& batch, column_writer& to) const {
  const auto length = batch.length();
  if (c.width > 0) {
    if (from.valid) {
      to.need_validity();
      for (const auto row : batch.rows())
        if (!from.valid[row]) detail::set_bit(to.validity(), row, false);
    }
    to.set_size(length);
    return;
  }
  for (const auto row : batch.rows()) {
    to.skip_to(row);
    if (!from.is_valid(row)) {
      to.append_null();
    } else if (c.is == kind::boolean) {
      to.append_bool(from.as<std::uint8_t>()[row] != 0);
    } else {
      to.append(from.as<expression::text_ref>()[row].view());
    }
  }
  to.skip_to(length);
}

void project::process(const batch_view& batch, batch_output& out) {
  if (computed_.empty()) return out.emit_all(0, batch);
  auto& e = compiled_->begin(batch);
  auto beside = out.build_beside(0, batch);
  for (std::size_t i = 0; i < computed_.size(); ++i) {
    const computed& c = computed_[i];
    const auto values = c.width > 0 ? e.eval_into(c.expression, rows_of(batch), beside[i].raw().values)
                                    : e.eval(c.expression, rows_of(batch));
    write(c, values, batch, beside[i]);
  }
  if (e.errors().empty()) return out.emit_all(0, batch, std::move(beside));
  for (const auto& bad : e.errors()) out.dead_letter(batch, bad.row, bad.why);
  good_.clear();
  for (const auto row : batch.rows())
    if (!e.has_failed(row)) good_.push_back(row);
  out.emit_rows(0, batch, good_.data(), static_cast<std::int64_t>(good_.size()), std::move(beside));
}

}  // namespace weir::standard
