#include "lookup/enrichment.hpp"

#include <algorithm>
#include <cctype>

#include "shared/type_text.hpp"

namespace lookup {
namespace {

/// "name AS desk_name" as its two names; the second is the first when there is none.
std::pair<std::string, std::string> names_of(const std::string& text) {
  const auto trim = [](std::string_view t) {
    while (!t.empty() && std::isspace(static_cast<unsigned char>(t.front()))) t.remove_prefix(1);
    while (!t.empty() && std::isspace(static_cast<unsigned char>(t.back()))) t.remove_suffix(1);
    return std::string{t};
  };
  std::string low = text;
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::size_t as = low.rfind(" as ");
  if (as == std::string::npos) return {trim(text), trim(text)};
  return {trim(std::string_view{text}.substr(0, as)), trim(std::string_view{text}.substr(as + 4))};
}

}  // namespace

std::vector<weir::field> declared_columns(const weir::config& c) {
  std::vector<weir::field> out;
  const auto columns = c.at("columns");
  for (const auto& name : columns.keys()) {
    out.push_back(weir::shared::type_text::parse(name, columns.get<std::string>(name), "columns." + name));
    if (!weir::shared::is_flat(out.back()))
      throw c.error("columns." + name, "a column of a lookup table cannot be a list or a struct");
  }
  if (out.empty()) throw c.error("columns", "names no column");
  return out;
}

enrichment::enrichment(const weir::config& c)
    : add_{c.get<std::vector<std::string>>("add")},
      missing_{
          c.choice<missing>("missing", {{"null", missing::null}, {"drop", missing::drop}, {"port", missing::port}})} {
  const auto on = c.at("on");
  for (const auto& name : on.keys()) on_.push_back({name, on.get<std::string>(name)});
  if (on_.empty()) throw c.error("on", "names no column");
}

bool enrichment::bind_keys(weir::binder& b, const weir::schema& input, const weir::schema& table) {
  bool good = true;
  std::vector<std::size_t> columns;
  key_columns_.clear();
  for (const auto& [own, theirs] : on_) {
    const std::string option = "on." + own;
    const int i = input.find(own), t = table.find(theirs);
    if (i < 0) b.error(WEIR_E_CONFIG, option, "there is no column '" + own + "'" + input.hint(own));
    if (t < 0) {
      std::vector<std::string_view> known;
      for (const auto& f : table.fields) known.push_back(f.name);
      b.error(WEIR_E_CONFIG, option,
              "the table has no column '" + theirs + "'" + weir::detail::hint(theirs, known, "it has"));
    }
    if (i < 0 || t < 0) {
      good = false;
      continue;
    }
    const auto at = static_cast<std::size_t>(i), in_table = static_cast<std::size_t>(t);
    if (const std::string why = compare_problem(input[at], table[in_table]); !why.empty()) {
      b.error(WEIR_E_CONFIG, option, why);
      good = false;
    }
    columns.push_back(at);
    key_columns_.push_back(in_table);
  }
  if (good) keys_.bind(input, std::move(columns));
  return good;
}

bool enrichment::bind_added(weir::binder& b, const weir::schema& table, weir::schema& to) {
  bool good = true;
  added_columns_.clear();
  added_fields_.clear();
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const auto& text : add_) wanted.push_back(names_of(text));
  if (add_.empty())
    for (std::size_t i = 0; i < table.size(); ++i)
      if (std::find(key_columns_.begin(), key_columns_.end(), i) == key_columns_.end())
        wanted.emplace_back(table[i].name, table[i].name);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& [name, as] = wanted[i];
    const std::string option = add_.empty() ? "add" : "add[" + std::to_string(i) + "]";
    auto wrong = [&](const std::string& why) {
      b.error(WEIR_E_CONFIG, option, why);
      good = false;
    };
    const int at = table.find(name);
    if (at < 0) {
      std::vector<std::string_view> known;
      for (const auto& f : table.fields) known.push_back(f.name);
      wrong("the table has no column '" + name + "'" + weir::detail::hint(name, known, "it has"));
      continue;
    }
    weir::field f = table[static_cast<std::size_t>(at)];
    if (!weir::shared::is_flat(f)) {
      wrong("column '" + name + "' is " + to_string(f) + ": lists and structs cannot be added");
      continue;
    }
    if (to.find(as) >= 0) {
      wrong("there is a column '" + as + "' already: give it another name, \"" + name + " AS " + as + "_2\"");
      continue;
    }
    added_columns_.push_back(static_cast<std::size_t>(at));
    added_fields_.push_back(f);
    f.name = as;
    f.nullable = f.nullable || missing_ == missing::null;
    to.fields.push_back(std::move(f));
  }
  return good;
}

bool enrichment::bind_to(weir::binder& b, std::uint32_t port, const weir::schema& table) {
  const weir::schema& input = b.input(port);
  weir::schema out = input;
  const bool keys = bind_keys(b, input, table);
  const bool added = bind_added(b, table, out);
  if (!keys || !added) return false;
  std::vector<std::int32_t> passes(out.size(), -1);
  for (std::size_t i = 0; i < input.size(); ++i) passes[i] = static_cast<std::int32_t>(i);
  b.output("", std::move(out), std::move(passes));
  if (missing_ == missing::port) b.output_like_input("missing", port);
  return true;
}

std::vector<cells> enrichment::new_cells() const {
  std::vector<cells> out;
  for (const auto& f : added_fields_) out.emplace_back(f);
  return out;
}

void enrichment::send(const weir::batch_view& batch, const std::vector<cells>& added, const std::uint32_t* slots,
                      weir::batch_output& out) {
  const auto count = batch.row_count();
  const auto length = batch.length();
  std::int64_t found = 0, failed = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    found += has_entry(slots[k]);
    failed += slots[k] == failed_slot;
  }
  const std::int64_t lost = count - found - failed;
  hits_ += static_cast<std::uint64_t>(found);
  misses_ += static_cast<std::uint64_t>(lost);
  const std::int64_t sent = missing_ == missing::null ? found + lost : found;

  if (sent != 0) {
    const std::uint32_t* by_row = slots;  // by physical row
    if (batch.selected()) {
      by_row_.assign(static_cast<std::size_t>(length), failed_slot);
      for (std::int64_t k = 0; k < count; ++k) by_row_[batch.row(k)] = slots[k];
      by_row = by_row_.data();
    }
    auto beside = out.build_beside(0, batch);
    for (std::size_t i = 0; i < added.size(); ++i)
      added[i].gather(by_row, length, missing_ != missing::null, beside[i]);
    if (sent == count) {
      out.emit_all(0, batch, std::move(beside));
    } else {
      std::uint32_t* rows = out.row_buffer(sent);
      std::int64_t n = 0;
      for (std::int64_t k = 0; k < count; ++k)
        if (missing_ == missing::null ? slots[k] != failed_slot : has_entry(slots[k])) rows[n++] = batch.row(k);
      out.emit_rows(0, batch, rows, n, std::move(beside));
    }
  }
  if (missing_ != missing::port || lost == 0) return;
  std::uint32_t* rows = out.row_buffer(lost);
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < count; ++k)
    if (slots[k] == no_slot) rows[n++] = batch.row(k);
  out.emit_rows(1, batch, rows, n);
}

}  // namespace lookup
