// What only the nodes together can show: names that clash, references to nothing, cycles, dead letters that nobody
// reads.
#include <algorithm>
#include <map>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/read_pipeline.hpp"

namespace weir::config {
namespace {

class graph_check {
 public:
  graph_check(pipeline& p, const graph_facts& facts, diagnostics& problems)
      : p_(p), facts_(facts), problems_(problems) {
    for (std::size_t i = 0; i < p.nodes.size(); ++i) {
      if (p.nodes[i].id.empty()) {
        ids_known_ = false;
        continue;
      }
      by_id_.emplace(p.nodes[i].id, i);
      ids_.push_back(p.nodes[i].id);
    }
  }

  void run() {
    names();
    if (!facts_.sources_given)
      problems_.error(whole_file(), "the pipeline has no [[source]]: add where its records come from");
    if (!facts_.sinks_given) problems_.error(whole_file(), "the pipeline has no [[sink]]: add where its records go");
    references();
    cycles();
    dead_letters();
    plugins();
  }

 private:
  location whole_file() const {
    location at = p_.restart.at;  // every pipeline has this table, if only by default: it knows the file
    at.line = at.column = 0;
    return at;
  }

  std::size_t count(node_kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(p_.nodes.begin(), p_.nodes.end(), [&](const node& n) { return n.kind == kind; }));
  }

  static std::string who(const node& n) { return base::cat(name_of(n.kind), ' ', base::quoted(n.id, 80)); }

  void names() {
    std::map<std::string, const node*> was;
    for (const node& n : p_.nodes) {
      if (n.id.empty()) continue;
      const node& first = p_.nodes[by_id_.at(n.id)];
      if (&first != &n)
        problems_.error(n.id_at, base::cat("the id ", base::quoted(n.id, 80), " is taken by the ", name_of(first.kind),
                                           " in line ", first.id_at.line, ": ids own state, so each is used once"));
      if (n.was.empty()) continue;
      if (by_id_.contains(n.was))
        problems_.error(n.id_at, base::cat("\"was\" of ", who(n),
                                           " is the id of another node: only one of them can take over its state"));
      if (const auto [other, fresh] = was.emplace(n.was, &n); !fresh)
        problems_.error(n.id_at,
                        base::cat("\"was\" of ", who(n), " is also \"was\" of ", base::quoted(other->second->id, 80),
                                  ": only one of them can take over the state"));
    }
  }

  void references() {
    // A [source] that should be a [[source]], a node without an id: whatever refers to it is not wrong by itself.
    ids_known_ = ids_known_ && (!facts_.sources_given || count(node_kind::source) > 0) &&
                 (!facts_.sinks_given || count(node_kind::sink) > 0);
    for (std::size_t i = 0; i < p_.nodes.size(); ++i) {
      const node& n = p_.nodes[i];
      if (n.kind != node_kind::source && n.inputs.empty() && p_.dead_letters_sink != n.id && !n.id.empty() &&
          !facts_.from_given[i])
        problems_.error(n.at, base::cat(who(n), " reads nothing: add from = [\"id\"] with the nodes that it reads"));
      for (const input& in : n.inputs) {
        const auto found = by_id_.find(in.from.node);
        if (found == by_id_.end()) {
          const std::string near = base::did_you_mean(in.from.node, ids_);
          if (near.empty() && !ids_known_) continue;
          problems_.error(in.at, base::cat("no node has the id ", base::quoted(in.from.node),
                                           near.empty() ? base::cat("; nodes are ", base::one_of(ids_)) : near));
          continue;
        }
        const node& from = p_.nodes[found->second];
        if (from.kind == node_kind::sink && in.from.port != base::dead_letter_port)
          problems_.error(in.at,
                          base::cat(who(from), " is a sink and has no output but \"", from.id, ":dead_letter\""));
        // A slip in the one port name that is known here; the component's own ports are known to the plan only.
        const std::vector<std::string> known = {std::string(base::dead_letter_port)};
        if (!in.from.port.empty() && in.from.port != base::dead_letter_port && from.kind == node_kind::source &&
            base::nearest_name(in.from.port, known))
          problems_.error(in.at, base::cat(who(from), " has no port ", base::quoted(in.from.port), "; did you mean \"",
                                           from.id, ":dead_letter\"?"));
      }
    }
  }

  void cycles() {
    // Depth first without recursion; the first edge that closes a cycle is reported, once per cycle.
    enum : char { fresh, open, done };
    std::vector<char> color(p_.nodes.size(), fresh);
    for (std::size_t root = 0; root < p_.nodes.size(); ++root) {
      if (color[root] != fresh) continue;
      std::vector<std::pair<std::size_t, std::size_t>> stack{{root, 0}};
      color[root] = open;
      while (!stack.empty()) {
        auto& [at, next] = stack.back();
        const node& n = p_.nodes[at];
        if (next == n.inputs.size()) {
          color[at] = done;
          stack.pop_back();
          continue;
        }
        const input& in = n.inputs[next++];
        const auto found = by_id_.find(in.from.node);
        if (found == by_id_.end() || color[found->second] == done) continue;
        if (color[found->second] == fresh) {
          color[found->second] = open;
          stack.emplace_back(found->second, 0);
          continue;
        }
        std::string way = p_.nodes[found->second].id;
        for (auto it =
                 std::find_if(stack.begin(), stack.end(), [&](const auto& s) { return s.first == found->second; });
             it != stack.end(); ++it)
          if (it->first != found->second) way = base::cat(p_.nodes[it->first].id, " -> ", way);
        problems_.error(in.at, base::cat("the nodes form a cycle: ", in.from.node, " -> ", way,
                                         "; records only move forward, so remove one of these inputs"));
      }
    }
  }

  bool dead_letters_read(const node& n) const {
    for (const node& reader : p_.nodes)
      for (const input& in : reader.inputs)
        if (in.from.node == n.id && in.from.port == base::dead_letter_port) return true;
    return p_.dead_letters_sink && *p_.dead_letters_sink != n.id;
  }

  void dead_letters() {
    if (p_.dead_letters_sink) {
      const auto found = by_id_.find(*p_.dead_letters_sink);
      if (found == by_id_.end()) {
        problems_.error(p_.dead_letters_at, base::cat("no sink has the id ", base::quoted(*p_.dead_letters_sink, 80),
                                                      base::did_you_mean(*p_.dead_letters_sink, ids_)));
      } else if (p_.nodes[found->second].kind != node_kind::sink) {
        problems_.error(p_.dead_letters_at,
                        base::cat(base::quoted(*p_.dead_letters_sink, 80), " is no sink: name the id of a [[sink]]"));
      }
    }
    for (std::size_t i = 0; i < p_.nodes.size(); ++i) {
      node& n = p_.nodes[i];
      if (n.id.empty()) continue;
      const bool read = dead_letters_read(n);
      if (!facts_.on_error_given[i]) n.on_error = read ? error_policy::dead_letter : error_policy::fail;
      if (n.on_error == error_policy::dead_letter && !read)
        problems_.error(n.id_at, base::cat("nobody reads the dead letters of ", who(n), ": add \"", n.id,
                                           ":dead_letter\" to the \"from\" of a sink, or a [dead_letters] table"));
    }
  }

  /// Adds the plugins that are used without an entry, and drops those that nobody uses.
  void plugins() {
    std::vector<std::string> declared;
    for (const plugin_ref& ref : p_.plugins) declared.push_back(ref.name);
    std::vector<std::string> used;
    auto use = [&](const component_ref& c) {
      if (c.plugin.empty()) return;
      if (std::find(used.begin(), used.end(), c.plugin) == used.end()) used.push_back(c.plugin);
      if (p_.find_plugin(c.plugin)) return;
      const std::string near = base::did_you_mean(c.plugin, declared);
      if (!near.empty())
        problems_.warning(c.at, base::cat("plugin ", base::quoted(c.plugin, 80),
                                          " has no entry in the plugin table, so it is searched by its name", near));
      plugin_ref ref;
      ref.name = ref.search = c.plugin;
      ref.implicit = true;
      ref.at = c.at;
      p_.plugins.push_back(std::move(ref));
    };
    for (const node& n : p_.nodes) {
      use(n.uses);
      if (n.format) use(n.format->uses);
    }
    std::erase_if(p_.plugins, [&](const plugin_ref& ref) {
      if (std::find(used.begin(), used.end(), ref.name) != used.end()) return false;
      problems_.warning(ref.at, base::cat("no node uses plugin ", base::quoted(ref.name, 80), ": it is not loaded"));
      return true;
    });
  }

  pipeline& p_;
  const graph_facts& facts_;
  diagnostics& problems_;
  std::map<std::string, std::size_t> by_id_;
  std::vector<std::string> ids_;
  bool ids_known_ = true;
};

}  // namespace

void check_graph(pipeline& p, const graph_facts& facts, diagnostics& problems) {
  graph_check(p, facts, problems).run();
}

}  // namespace weir::config
