// What all joins do when they are bound: keys, result columns, states, ports.
#include "join/join.hpp"

namespace join {

two_sides::two_sides(const weir::config& c) : columns_{c.get<std::vector<std::string>>("columns")} {
  const auto type = c.get<std::string>("type");
  keeps_[0] = type == "left" || type == "full";
  keeps_[1] = type == "right" || type == "full";
}

void two_sides::check_keys(weir::binder& b) const {
  for (std::uint32_t i = 0; i < 2; ++i)
    if (b.key(i).empty())
      b.error(WEIR_E_CONFIG, "",
              "input '" + b.input_name(i) + "' needs a key: from = [{ from = \"" + b.input_name(i) +
                  "\", exchange = { kind = \"hash\", key = \"...\" } }, ...]");
  if (b.first_error() != WEIR_OK) return;
  if (b.key(0).size() != b.key(1).size()) {
    b.error(WEIR_E_CONFIG, "",
            "the keys of the inputs have " + std::to_string(b.key(0).size()) + " and " +
                std::to_string(b.key(1).size()) + " columns");
    return;
  }
  for (std::size_t i = 0; i < b.key(0).size(); ++i) {
    const auto &l = b.input(0)[b.key(0)[i]], &r = b.input(1)[b.key(1)[i]];
    if (!l.same_type(r))
      b.error(WEIR_E_SCHEMA, "",
              "the keys differ: '" + l.name + "' of '" + b.input_name(0) + "' is " + weir::to_string(l) + ", '" +
                  r.name + "' of '" + b.input_name(1) + "' is " + weir::to_string(r) +
                  "; cast one of them with std.project");
  }
}

bool two_sides::pick(weir::binder& b, std::vector<picked>& out) const {
  if (columns_.empty()) {
    for (int s = 0; s < 2; ++s)
      for (const auto& f : b.input(static_cast<std::uint32_t>(s)).fields) out.push_back({s, f.name, f.name});
    return true;
  }
  bool good = true;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string& text = columns_[i];
    const std::string option = "columns[" + std::to_string(i) + "]";
    const auto wrong = [&](std::string why) {
      b.error(WEIR_E_CONFIG, option, why);
      good = false;
    };
    const int from = text.starts_with("left.") ? 0 : text.starts_with("right.") ? 1 : -1;
    if (from < 0) {
      wrong("must begin with left. or right.: \"left.id\", \"right.id AS auction\"");
      continue;
    }
    std::string column = text.substr(from ? 6 : 5), name;
    for (const char* as : {" AS ", " as "})
      if (const auto at = column.find(as); at != std::string::npos) {
        name = column.substr(at + 4);
        column.resize(at);
      }
    if (name.empty()) name = column;
    const auto& input = b.input(static_cast<std::uint32_t>(from));
    if (input.find(column) < 0)
      wrong("input '" + b.input_name(static_cast<std::uint32_t>(from)) + "' has no column '" + column + "'" +
            input.hint(column));
    else
      out.push_back({from, column, name});
  }
  return good;
}

void two_sides::bind(weir::binder& b) {
  check_keys(b);
  std::vector<picked> all;
  if (!pick(b, all)) return;
  weir::schema columns;
  std::vector<weir::field> fields[2];
  std::vector<side::column> of[2];
  for (const picked& p : all) {
    const auto& input = b.input(static_cast<std::uint32_t>(p.from));
    const int at = input.find(p.column);
    if (columns.find(p.name) >= 0) {
      b.error(
          WEIR_E_CONFIG, "columns",
          "the result would have two columns '" + p.name + "': say which go out, \"right." + p.column + " AS ...\"");
      return;
    }
    weir::field f = input[static_cast<std::size_t>(at)];
    fields[p.from].push_back(f);
    of[p.from].push_back({static_cast<std::size_t>(at), columns.size()});
    f.name = p.name;
    f.nullable |= keeps_[1 - p.from];  // null beside a row of the other input that met nothing
    columns.fields.push_back(std::move(f));
  }
  if (b.first_error() != WEIR_OK) return;
  std::uint32_t next = 0;
  for (int s = 0; s < 2; ++s) {
    sides_[s].bind(std::move(fields[s]), std::move(of[s]));
    sides_[s].declare(b, next, s ? "right" : "left", ttl_us_);
  }
  b.output("", std::move(columns));
}

void two_sides::open() {
  for (side& s : sides_) s.open(host());
}

}  // namespace join
