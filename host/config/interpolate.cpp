#include "config/interpolate.hpp"

#include <cstdlib>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace weir::config {
namespace {

constexpr std::uint64_t max_secret_bytes = 64 << 10;
constexpr std::size_t max_resolved_bytes = 1 << 20;

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name)
    if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  return true;
}

/// True when a part of the path is "..": such a path may leave a directory that it begins with.
bool climbs(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return false;
}

class resolver {
 public:
  resolver(base::env& env, const std::string& directory, const load_options& options, diagnostics& problems)
      : env_(env), directory_(directory), options_(options), problems_(problems) {}

  /// `names`: the text names code, a node or state, so that a reference is an error.
  void walk(value& v, bool names) {
    if (v.is(kind::string)) return resolve(v, names);
    for (value& item : v.items) walk(item, names);
    for (member& m : v.members) walk(m.item, names);
  }

  void resolve(value& v, bool names) {
    if (v.text.find("${") == std::string::npos) return;
    const std::string text = v.text;
    std::string out;
    bool referred = false;
    for (std::size_t i = 0; i < text.size();) {
      if (text.compare(i, 3, "$${") == 0) {
        out += "${";
        i += 3;
        continue;
      }
      if (text.compare(i, 2, "${") != 0) {
        out += text[i++];
        continue;
      }
      const location at = v.literal.empty() ? inside_string(v.at, i) : v.at;
      if (names) {
        return problems_.error(
            at,
            "${...} is not allowed here: names of plugins, components and nodes choose code and state, "
            "so they are written out");
      }
      const std::size_t end = text.find('}', i);
      if (end == std::string::npos)
        return problems_.error(at, "${ is not closed: write ${env:NAME}, or $${ for a literal ${");
      const std::string_view inner = std::string_view(text).substr(i + 2, end - i - 2);
      referred = true;
      i = end + 1;
      if (!options_.resolve) {
        check_form(inner, at);
        continue;
      }
      const auto piece = resolve_one(inner, at);
      if (piece) out += *piece;
      if (out.size() > max_resolved_bytes)
        return problems_.error(at, "the resolved text is longer than 1 MiB: shorten it");
    }
    if (referred) {
      v.reference = v.secret = true;
      v.shown = text;
      v.unresolved = !options_.resolve;
    }
    if (!v.unresolved) v.text = std::move(out);
  }

 private:
  struct parts {
    std::string_view kind, name;
    std::optional<std::string_view> fallback;
  };
  std::optional<parts> check_form(std::string_view inner, const location& at) {
    const std::size_t colon = inner.find(':');
    parts p{inner.substr(0, colon), colon == std::string_view::npos ? "" : inner.substr(colon + 1), std::nullopt};
    if (p.kind == "env") {
      if (const std::size_t dash = p.name.find(":-"); dash != std::string_view::npos) {
        p.fallback = p.name.substr(dash + 2);
        p.name = p.name.substr(0, dash);
      }
      if (is_variable_name(p.name)) return p;
      problems_.error(
          at, base::cat(base::quoted(p.name, 60), " is not a name of an environment variable: write ${env:NAME}"));
      return std::nullopt;
    }
    if (p.kind == "file") {
      if (!p.name.empty() && p.name.find('\0') == std::string_view::npos) return p;
      problems_.error(at, "${file:} needs a path: write ${file:/run/secrets/name}");
      return std::nullopt;
    }
    problems_.error(at,
                    base::cat("${", base::printable(p.kind, 40),
                              "...} is not known: write ${env:NAME}, ${env:NAME:-default}, ${file:PATH}, or $${ for a "
                              "literal ${"));
    return std::nullopt;
  }

  std::optional<std::string> resolve_one(std::string_view inner, const location& at) {
    const auto p = check_form(inner, at);
    if (!p) return std::nullopt;
    if (p->kind == "file") return read(std::string(p->name), at);
    const std::string name(p->name);
    std::optional<std::string> found;
    if (options_.environment) {
      found = options_.environment(name);
    } else if (const char* text = std::getenv(name.c_str())) {
      found = text;
    }
    if (!found && p->fallback) found = *p->fallback;
    if (!found) {
      problems_.error(
          at, base::cat("the environment variable ", name, " is not set: set it, or write ${env:", name, ":-default}"));
    } else if (!base::is_utf8(*found)) {
      problems_.error(at, base::cat("the environment variable ", name, " is not UTF-8 text"));
      found.reset();
    }
    return found;
  }

  std::optional<std::string> read(const std::string& path, const location& at) {
    const std::string opened = base::join_path(directory_, path);
    if (!options_.file_roots.empty()) {
      bool inside = false;
      for (const std::string& root : options_.file_roots)
        inside |= opened.starts_with(root) && (root.ends_with('/') || opened.substr(root.size()).starts_with('/'));
      if (!inside || climbs(opened)) {
        problems_.error(at, base::cat(base::quoted(path, 120),
                                      " is outside of the directories that ${file:} may read: move it "
                                      "there, or allow its directory"));
        return std::nullopt;
      }
    }
    auto bytes = env_.fs().read_whole(opened, max_secret_bytes);
    if (!bytes) {
      problems_.error(at, bytes.why().text());
      return std::nullopt;
    }
    if (!base::is_utf8(*bytes)) {
      problems_.error(at, base::cat(opened, " is not UTF-8 text"));
      return std::nullopt;
    }
    // Editors and `echo` end a file with a newline that nobody means.
    std::string text = *std::move(bytes);
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }

  base::env& env_;
  const std::string& directory_;
  const load_options& options_;
  diagnostics& problems_;
};

bool names_something(std::string_view key) { return key == "id" || key == "was" || key == "uses" || key == "from"; }

}  // namespace

void interpolate(value& root, base::env& env, const std::string& directory, const load_options& options,
                 diagnostics& problems) {
  resolver r(env, directory, options, problems);
  for (member& top : root.members) {
    if (top.key == "source" || top.key == "operator" || top.key == "sink") {
      for (value& node : top.item.items) {
        for (member& m : node.members) {
          if (m.key == "format") {  // the format's name chooses code, its options do not
            if (m.item.is(kind::string)) r.walk(m.item, true);
            for (member& f : m.item.members) r.walk(f.item, f.key == "type");
          } else {
            r.walk(m.item, names_something(m.key));
          }
        }
      }
    } else {
      r.walk(top.item, top.key == "plugin" || top.key == "name" || top.key == "dead_letters");
    }
  }
}

}  // namespace weir::config
