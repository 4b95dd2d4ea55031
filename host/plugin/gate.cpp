#include "plugin/gate.hpp"

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "plugin/os.hpp"

namespace weir::plugin {
namespace {

using base::blame;
using base::cat;
using base::file_kind;

constexpr std::string_view entry_symbol = "weir_plugin_v1";
constexpr std::size_t shortest_pin = 12;
constexpr std::string_view rebuild =
    "build it with weir_add_plugin(), or with its flags (hidden visibility, version script, "
    "-fno-gnu-unique)";

/// "a, b and 3 more".
std::string some_of(const std::vector<std::string>& names, std::string_view without = {}) {
  std::string text;
  std::size_t shown = 0, more = 0;
  for (const std::string& name : names) {
    if (name == without) continue;
    if (shown == 3) {
      ++more;
      continue;
    }
    text += cat(shown == 0 ? "" : ", ", base::printable(name, 80));
    ++shown;
  }
  return more == 0 ? text : cat(text, " and ", more, " more");
}

bool starts_with_any(const std::string& text, std::initializer_list<std::string_view> starts) {
  for (const std::string_view start : starts)
    if (text.starts_with(start)) return true;
  return false;
}

/// Why a search directory for libraries is not safe; empty: it is.
std::string unsafe_search(base::file_system& fs, const std::string& directory) {
  if (directory.empty()) return "is empty, which means the directory that weir was started in";
  if (directory[0] != '/') return "is relative to the directory that weir was started in";
  // The nearest directory that exists decides: whoever may write there could make the rest.
  std::string existing = directory;
  bool whole = true;
  while (true) {
    const auto info = fs.stat(existing);
    if (info && *info && (*info)->kind == file_kind::directory) {
      const std::uint32_t uid = (*info)->uid;
      if (uid != 0 && uid != os::effective_user()) return cat("belongs to user ", os::user_name(uid));
      const bool group = ((*info)->mode & 0020) != 0 && (*info)->gid != 0 && !os::is_private_group((*info)->gid, uid);
      if (((*info)->mode & 0002) != 0 || group)
        return whole ? std::string("is writable by others") : cat("can be made by others (in ", existing, ")");
      return {};
    }
    if (existing == "/") return {};
    existing = base::parent_of(existing);
    whole = false;
  }
}

void check_search(base::file_system& fs, const elf::facts& facts, findings& found) {
  for (const std::string& directory : facts.search) {
    if (starts_with_any(directory, {"$ORIGIN", "${ORIGIN}"})) {
      found.warn("runpath_origin",
                 cat("its library search path ", base::quoted(directory),
                     " means the directory of the private copy that is loaded, not of this file: link those libraries "
                     "statically, or by an absolute path"));
    } else if (const std::string why = unsafe_search(fs, directory); !why.empty()) {
      found.refuse("unsafe_runpath", cat("it searches its libraries in ", base::quoted(directory), ", which ", why,
                                         ": link without that -rpath (CMake: BUILD_RPATH, INSTALL_RPATH), or use a "
                                         "directory that only its owner may write"));
    }
  }
}

void check_symbols(const elf::facts& facts, findings& found) {
  bool entry = false;
  std::size_t others = 0;
  for (const std::string& name : facts.exports) {
    if (name == entry_symbol)
      entry = true;
    else
      ++others;
  }
  if (!entry) {
    found.refuse("no_entry", cat("it does not export ", entry_symbol, ", so it is not a weir plugin",
                                 others != 0 ? cat(" (it exports ", some_of(facts.exports), ")") : std::string(),
                                 ": define it (WEIR_PLUGIN in C++) with WEIR_EXPORT, and ", rebuild));
  }
  if (!facts.unique.empty()) {
    found.refuse(
        "gnu_unique",
        cat("it has symbols that the whole process shares (STB_GNU_UNIQUE: ", some_of(facts.unique),
            "), so a new version would use the data of the old one, and neither could be unloaded: ", rebuild));
  }
  if (entry && others != 0) {
    found.refuse("extra_exports", cat("it exports more than ", entry_symbol, ": ", some_of(facts.exports, entry_symbol),
                                      "; another library could bind to that instead of its own: ", rebuild));
  }
}

void check_loading(const elf::facts& facts, findings& found) {
  if (facts.static_tls) {
    found.refuse("static_tls",
                 "it uses static thread-local storage (DF_STATIC_TLS), of which the process has a small fixed "
                 "amount that unloading does not give back: compile without -ftls-model=initial-exec, and "
                 "with -fPIC");
  }
  if (facts.text_relocations) {
    found.refuse("text_relocations",
                 "its code is changed while it is loaded (text relocations): compile everything with "
                 "-fPIC and link with -z text");
  }
  if (facts.executable_stack) {
    found.refuse("executable_stack",
                 "loading it would make the stacks of the whole process executable: link with "
                 "-z noexecstack (assembler sources: add a .note.GNU-stack section)");
  }
  if (facts.writable_code) {
    found.warn("writable_code",
               "it has memory that is writable and executable at once: link without -N and without RWX "
               "sections");
  }
  if (facts.no_delete) {
    found.warn("no_delete", "it is linked with -z nodelete, so it stays in memory when it is replaced");
  }
  for (const std::string& name : facts.imports) {
    if (name != "__cxa_thread_atexit" && name != "__cxa_thread_atexit_impl") continue;
    found.warn("thread_local_destructor",
               "it has a thread_local with a destructor, which keeps it in memory as long as a "
               "thread lives that used it: keep such data in the operator's object");
    break;
  }
  for (const std::string& library : facts.needed) {
    if (starts_with_any(library, {"libprotobuf.so", "libprotoc.so"})) {
      found.refuse("needs_libprotobuf",
                   cat("it needs ", base::printable(library, 80),
                       ", where two versions of one .proto end the process: link protobuf statically (libprotobuf.a; "
                       "weir_add_plugin() hides its symbols)"));
    }
    if (library.find('/') != std::string::npos) {
      found.warn("needs_path", cat("it needs the library ", base::quoted(library),
                                   " by path: give that library a soname, or it is found on this machine only"));
    }
  }
}

bool is_hex(std::string_view text) {
  for (const char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return false;
  return true;
}

void check_pin(const gated_file& file, const std::string& pin, findings& found) {
  std::string lower = pin;
  for (char& c : lower)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  if (!is_hex(pin) || pin.size() < shortest_pin || pin.size() > 64) {
    found.refuse("bad_pin",
                 cat("the pin sha256 = ", base::quoted(pin, 80),
                     " is not a SHA-256 (64 hexadecimal characters, or "
                     "at least the first ",
                     shortest_pin, "): write sha256 = \"", file.sha256, "\" when this is the file that you mean"),
                 blame::config);
  } else if (!file.sha256.starts_with(lower)) {
    found.refuse("pin_mismatch",
                 cat("the file is not the pinned one: its SHA-256 is ", file.sha256, ", the pipeline pins ", pin,
                     ": put the right file there, or change the pin when this one is meant"),
                 blame::config);
  }
}

}  // namespace

void check_elf(base::file_system& fs, const elf::facts& facts, findings& found) {
  if (facts.machine != elf::machine_here) {
    found.refuse("other_machine", cat("it is built for ", elf::machine_name(facts.machine), ", this host runs on ",
                                      elf::machine_name(elf::machine_here), ": build it for that"));
    return;
  }
  if (facts.program) {
    found.refuse("program", "it is a program, not a library; link it with -shared (weir_add_plugin() does)");
    return;
  }
  check_symbols(facts, found);
  check_loading(facts, found);
  check_search(fs, facts, found);
}

gated_file pass_gate(base::env& env, const std::string& path, const expectations& wanted) {
  const std::int64_t start = env.monotonic_ns();
  place where = look_at(env.fs(), path, os::effective_user());
  gated_file file{.path = path, .canonical = where.canonical, .found = where.found};
  auto judge = [&] {
    if (file.found.refused()) return;
    auto bytes = read_checked(env.fs(), where);
    if (!bytes) {
      file.found.refuse("unreadable", bytes.why().what, bytes.why().by);
      return;
    }
    file.bytes = std::move(bytes).take();
    file.sha256 = base::to_hex(base::sha256_of(file.bytes));
    if (!wanted.sha256.empty()) check_pin(file, wanted.sha256, file.found);
    auto facts = elf::read(file.bytes);
    if (!facts) {
      file.found.refuse("not_loadable", cat("the file ", facts.why().what));
      return;
    }
    file.elf = std::move(facts).take();
    check_elf(env.fs(), file.elf, file.found);
  };
  judge();
  file.took_us = (env.monotonic_ns() - start) / 1000;
  return file;
}

}  // namespace weir::plugin
