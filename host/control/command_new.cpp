#include <unistd.h>

#include <climits>

#include "base/cat.hpp"
#include "base/env.hpp"
#include "base/text.hpp"
#include "control/commands.hpp"

namespace weir::control {
namespace {

using base::cat;

constexpr std::size_t name_length_max = 64;
constexpr std::uint64_t template_file_bytes_max = 1 << 20;
constexpr int template_depth_max = 8;

// Words that cannot be a class's name. The name becomes one with '-' as '_'.
bool is_keyword(std::string_view word) {
  for (std::string_view k :
       {"alignas",   "alignof",  "and",      "asm",       "auto",      "bitand",   "bitor",    "bool",      "break",
        "case",      "catch",    "char",     "class",     "compl",     "concept",  "const",    "consteval", "constexpr",
        "constinit", "continue", "decltype", "default",   "delete",    "do",       "double",   "else",      "enum",
        "explicit",  "export",   "extern",   "false",     "float",     "for",      "friend",   "goto",      "if",
        "inline",    "int",      "long",     "mutable",   "namespace", "new",      "noexcept", "not",       "nullptr",
        "operator",  "or",       "private",  "protected", "public",    "register", "requires", "return",    "short",
        "signed",    "sizeof",   "static",   "struct",    "switch",    "template", "this",     "throw",     "true",
        "try",       "typedef",  "typeid",   "typename",  "union",     "unsigned", "using",    "virtual",   "void",
        "volatile",  "while",    "xor",      "weir",      "std"}) {
    if (word == k) return true;
  }
  return false;
}

base::result<void> check_name(const std::string& name) {
  bool ok = !name.empty() && name.size() <= name_length_max && name[0] >= 'a' && name[0] <= 'z';
  for (char c : name) ok = ok && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  if (!ok) {
    return base::config_error(cat(base::quoted(name),
                                  " is not a plugin's name: use a to z, 0 to 9, - and _, a letter first, ",
                                  name_length_max, " characters at most; for example fraud-score"));
  }
  if (is_keyword(name)) return base::config_error(cat(base::quoted(name), " is a word of C++: choose another name"));
  return {};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// Beside the installed program, else in the source tree that it was built in.
base::result<std::string> find_template(base::file_system& fs, std::string_view name) {
  char buffer[PATH_MAX];
  const auto n = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  if (n <= 0 || static_cast<std::size_t>(n) == sizeof buffer)
    return base::host_error("cannot tell where the weir program is; say where the template is with --template DIR");
  const auto folder = base::parent_of(std::string_view(buffer, static_cast<std::size_t>(n)));
  std::vector<std::string> tried{cat(folder, "/../share/weir/", name), cat(folder, "/../../../sdk/", name)};
  for (const auto& t : tried) {
    auto info = WEIR_TRY(fs.stat(t));
    if (info && info->kind == base::file_kind::directory) return t;
  }
  return base::config_error(cat("no template in ", base::one_of(tried),
                                "; install weir's SDK, or say where the template is with --template DIR"));
}

struct substitution {
  std::string name, class_name;
  std::string in(std::string text) const {
    return replaced(replaced(std::move(text), "@name@", name), "@class@", class_name);
  }
};

base::result<void> copy(base::file_system& fs, const std::string& from, const std::string& to, const substitution& s,
                        std::size_t& files, int depth) {
  if (depth > template_depth_max) return base::config_error(cat(from, " is nested too deep for a template"));
  if (auto made = fs.make_directories(to); !made) return made;
  auto entries = WEIR_TRY(fs.list(from));
  for (const auto& e : entries) {
    const auto source = base::join_path(from, e.name), target = base::join_path(to, s.in(e.name));
    if (e.kind == base::file_kind::directory) {
      if (auto done = copy(fs, source, target, s, files, depth + 1); !done) return done;
    } else if (e.kind == base::file_kind::regular) {
      auto text = WEIR_TRY(fs.read_whole(source, template_file_bytes_max));
      auto info = WEIR_TRY(fs.stat(source));
      const std::uint32_t mode = info && (info->mode & 0100) != 0 ? 0755 : 0644;
      if (auto written = fs.write_atomically(target, s.in(std::move(text)), mode); !written) return written;
      ++files;
    }
  }
  return {};
}

}  // namespace

exit_code new_operator_command(const new_operator_arguments& told, console& io) {
  auto& fs = base::real_env().fs();
  if (auto ok = check_name(told.name); !ok) {
    io.error(ok.why().text());
    return exit_code::usage;
  }
  std::string from = told.template_folder;
  if (from.empty()) {
    auto found = find_template(fs, told.keyed ? "template_keyed" : "template");
    if (!found) return io.fail(found.why());
    from = std::move(found).take();
  }
  const auto to = told.directory.empty() ? told.name : told.directory;
  auto refuse = [&](const base::error& why) {
    io.error(why.text());
    return exit_code::cannot_create;
  };
  auto there = fs.stat(to);
  if (!there) return refuse(there.why());
  if (*there) {
    auto entries = fs.list(to);
    if (!entries) return refuse(entries.why());
    if (!entries->empty())
      return refuse(
          base::external_error(cat(to, " exists and is not empty; nothing was written. Give another folder with --dir"),
                               {}, base::retry::never));
  }
  std::size_t files = 0;
  auto done = copy(fs, from, to, {told.name, replaced(told.name, "-", "_")}, files, 0);
  if (!done) return refuse(done.why());
  if (files == 0) return io.fail(base::config_error(cat(from, " is an empty template")));
  io.out(cat(to, "\n"));
  io.note(cat("Wrote ", files, " files. Next:\n  cd ", to,
              "\n  cmake -B build && cmake --build build && ctest --test-dir build\n  weir run ", told.name,
              ".toml --plugin-dir build"));
  return exit_code::ok;
}

}  // namespace weir::control
