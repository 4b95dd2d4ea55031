#include "config/override.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/document.hpp"
#include "config/pipeline_options.hpp"

namespace weir::config {
namespace {

/// One --set argument taken apart; the argument itself is its source text, so messages show it with a caret.
struct argument {
  std::shared_ptr<const source_text> source;
  std::string_view path, text;

  location at(std::size_t begin, std::size_t size) const {
    const auto [line, column] = place(begin);
    const auto [end_line, end_column] = place(begin + std::max<std::size_t>(size, 1));
    return {source, line, column, end_line, end_column};
  }
  /// Line and column of a byte; a shell lets an argument have several lines.
  std::pair<std::uint32_t, std::uint32_t> place(std::size_t offset) const {
    std::uint32_t line = 1, column = 1;
    for (const char c : source->bytes().substr(0, offset)) {
      if (c == '\n')
        ++line, column = 1;
      else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
        ++column;
    }
    return {line, column};
  }
  location path_at() const { return at(0, path.size()); }
  location value_at() const { return at(path.size() + 1, text.size()); }
};

/// The member of a table, made when missing. A `path` goes through tables, made when missing too; null when something
/// else stands in the way.
value* slot(value& table, std::string_view path, const argument& from) {
  if (!table.is(kind::table)) return nullptr;
  if (value* whole = table.find(path)) return whole;
  const std::size_t dot = path.find('.');
  const std::string_view key = path.substr(0, dot);
  value* found = table.find(key);
  if (!found) {
    member& made = table.members.emplace_back();
    made.key = key;
    made.key_at = from.path_at();
    made.item.at = from.path_at();
    if (dot != std::string_view::npos) made.item.type = kind::table;
    found = &made.item;
  }
  return dot == std::string_view::npos ? found : slot(*found, path.substr(dot + 1), from);
}

struct found_node {
  value* table = nullptr;
  std::string_view list;  // "source", "operator", "sink"
  std::string_view rest;  // of the path behind the id
};

/// The node whose id the path begins with; ids may contain dots, so the longest that fits.
found_node find_node(value& root, std::string_view path, std::vector<std::string>& ids) {
  found_node best;
  std::size_t best_size = 0;
  for (const char* list : {"source", "operator", "sink"}) {
    value* nodes = root.find(list);
    if (!nodes || !nodes->is(kind::list)) continue;
    for (value& node : nodes->items) {
      const std::string id = node.text_of("id");
      if (id.empty()) continue;
      ids.push_back(id);
      if (path.size() <= id.size() || path[id.size()] != '.' || !path.starts_with(id)) continue;
      if (id.size() <= best_size) continue;
      best = {&node, list, path.substr(id.size() + 1)};
      best_size = id.size();
    }
  }
  return best;
}

class setter {
 public:
  setter(value& root, diagnostics& problems) : root_(root), problems_(problems) {}

  void apply(const std::string& text) {
    argument a;
    a.source = std::make_shared<source_text>("--set", text);
    const std::string_view whole = a.source->bytes();
    const std::size_t equals = whole.find('=');
    a.path = whole.substr(0, equals);
    if (equals == std::string_view::npos || a.path.empty()) {
      return problems_.error(a.at(0, whole.size()),
                             "this is no key=value: write --set id.key=value, for example "
                             "--set exposure.limit=5 or --set checkpoint.interval=1s");
    }
    a.text = whole.substr(equals + 1);
    if (value* target = find_target(a)) assign(*target, a);
  }

 private:
  value* find_target(const argument& a) {
    const std::size_t dot = a.path.find('.');
    const std::string_view first = a.path.substr(0, dot);
    const auto top_keys = root_options();
    const auto top = std::find_if(top_keys.begin(), top_keys.end(), [&](const option& o) { return o.name == first; });
    const bool is_list = top != top_keys.end() && top->type == option_type::list;
    if (top != top_keys.end() && !is_list) {
      if (dot == std::string_view::npos || top->type == option_type::table || first == "plugin")
        return make(a, root_, a.path);
    }
    std::vector<std::string> ids;
    const found_node node = find_node(root_, a.path, ids);
    if (!node.table) {
      std::vector<std::string> known = ids;
      for (const option& o : top_keys)
        if (o.type != option_type::list) known.push_back(o.name);
      std::string what = dot == std::string_view::npos && std::find(ids.begin(), ids.end(), first) != ids.end()
                             ? base::cat("which key of ", base::quoted(first), "? Write --set ", first, ".key=value")
                             : base::cat("nothing is called ", base::quoted(first), base::did_you_mean(first, known));
      if (base::did_you_mean(first, known).empty() && !ids.empty())
        what += base::cat("; nodes are ", base::one_of(ids));
      problems_.error(a.at(0, first.size()), std::move(what));
      return nullptr;
    }
    // A key of the node itself, else an option of its component.
    const std::string_view key = node.rest.substr(0, node.rest.find('.'));
    const auto own = node_options(node.list);
    const bool is_own = std::any_of(own.begin(), own.end(), [&](const option& o) { return o.name == key; });
    if (is_own) return make(a, *node.table, node.rest);
    return make(a, *node.table, base::cat("config.", node.rest));
  }

  value* make(const argument& a, value& table, std::string_view path) {
    value* target = path.empty() || path.back() == '.' || path.find("..") != std::string_view::npos
                        ? nullptr
                        : slot(table, path, a);
    if (!target) {
      problems_.error(a.path_at(), base::cat(base::quoted(a.path),
                                             " is no path to a value: a part of it is empty, or a value "
                                             "that is no table stands in the way"));
    }
    return target;
  }

  static void assign(value& target, const argument& a) {
    auto parsed = parse_value(a.text, a.value_at());
    target = parsed ? *std::move(parsed) : make_string(std::string(a.text), a.value_at());
    target.literal = a.text;
  }

  value& root_;
  diagnostics& problems_;
};

}  // namespace

void apply_sets(value& root, const std::vector<std::string>& sets, diagnostics& problems) {
  setter s(root, problems);
  for (const std::string& text : sets) s.apply(text);
}

}  // namespace weir::config
