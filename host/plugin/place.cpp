#include "plugin/place.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "plugin/os.hpp"

namespace weir::plugin {
namespace {

using base::blame;
using base::cat;
using base::file_info;
using base::file_kind;
using base::result;

constexpr std::uint32_t group_write = 0020, others_write = 0002, sticky = 01000;

std::string octal(std::uint32_t mode) {
  std::array<char, 12> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), mode & 07777u, 8).ptr;
  std::string text(digits.data(), end);
  return text.size() < 4 ? std::string(4 - text.size(), '0') + text : text;
}

bool is_ours(std::uint32_t uid, std::uint32_t user) { return uid == 0 || uid == user; }

/// Who besides root and the owner may write: "everyone", "group 1004", or nobody (empty).
std::string other_writers(const file_info& info) {
  if ((info.mode & others_write) != 0) return "everyone";
  if ((info.mode & group_write) != 0 && info.gid != 0 && !os::is_private_group(info.gid, info.uid))
    return cat("group ", info.gid);
  return {};
}

void missing(base::file_system& fs, place& where) {
  std::vector<std::string> others;
  if (auto entries = fs.list(base::parent_of(where.path)))
    for (const auto& entry : *entries)
      if (entry.name.find(".so") != std::string::npos) others.push_back(entry.name);
  const std::size_t slash = where.path.rfind('/');
  const std::string name = slash == std::string::npos ? where.path : where.path.substr(slash + 1);
  where.found.refuse(
      "missing",
      cat("there is no such file", base::did_you_mean(name, others), "; check the path, or build the plugin"),
      blame::config);
}

void check_directory(base::file_system& fs, place& where, const std::string& directory, std::uint32_t user) {
  const auto info = fs.stat(directory);
  if (!info || !*info) {
    where.found.refuse("directory_unreadable", cat("its directory ", directory, " cannot be examined"),
                       blame::external);
    return;
  }
  if (!is_ours((*info)->uid, user)) {
    where.found.refuse("directory_owner",
                       cat("its directory ", directory, " belongs to user ", os::user_name((*info)->uid),
                           ", who could replace the file: give the directory to ", os::user_name(user),
                           " or root (chown), or move the file"),
                       blame::external);
  }
  if (const std::string who = other_writers(**info); !who.empty()) {
    where.found.refuse("directory_writable_by_others",
                       cat("its directory ", directory, " is writable by ", who, " (mode ", octal((*info)->mode),
                           "), who could replace the file: chmod go-w ", shell_word(directory), ", or move the file"),
                       blame::external);
  }
}

/// Directories above the file's own are only warned of: whoever can rename one of them can replace everything below.
void check_ancestors(base::file_system& fs, place& where, std::string directory, std::uint32_t user) {
  while (directory != "/") {
    directory = base::parent_of(directory);
    const auto info = fs.stat(directory);
    if (!info || !*info) return;
    const std::string who = (*info)->mode & sticky ? std::string() : other_writers(**info);
    if (who.empty() && is_ours((*info)->uid, user)) continue;
    where.found.warn("ancestor_writable_by_others",
                     cat("the directory ", directory, " above it is writable by ",
                         who.empty() ? cat("user ", os::user_name((*info)->uid)) : who,
                         ", who could replace the directory below: chmod go-w ", shell_word(directory)));
    return;
  }
}

void check_file(place& where, std::uint32_t user) {
  const file_info& info = where.info;
  if (info.kind == file_kind::directory) {
    where.found.refuse("directory", "it is a directory; name the .so file inside", blame::config);
    return;
  }
  if (info.kind != file_kind::regular) {
    where.found.refuse("not_regular", "it is a pipe, socket or device, not a regular file; name the .so file",
                       blame::config);
    return;
  }
  if (!is_ours(info.uid, user)) {
    where.found.refuse(
        "owner",
        cat("the file belongs to user ", os::user_name(info.uid), ", weir runs as ", os::user_name(user),
            " and loads only its own and root's files: chown ", os::user_name(user), " ", shell_word(where.canonical)),
        blame::external);
  }
  if (const std::string who = other_writers(info); !who.empty()) {
    where.found.refuse("writable_by_others",
                       cat("the file is writable by ", who, " (mode ", octal(info.mode),
                           "), who could put code into this process: chmod go-w ", shell_word(where.canonical)),
                       blame::external);
  }
  if (info.size == 0) {
    where.found.refuse("empty", "the file is empty; copy it again, or build it again", blame::external);
  } else if (info.size > most_plugin_bytes) {
    where.found.refuse(
        "too_large", cat("the file has ", info.size, " bytes, more than the ", base::print_byte_size(most_plugin_bytes),
                         " that a plugin may have: strip it (strip --strip-debug)"));
  }
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+,:=@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return base::printable(quoted + "'");
}

place look_at(base::file_system& fs, const std::string& path, std::uint32_t user) {
  place where{.path = path};
  if (path.empty() || path.find('\0') != std::string::npos) {
    where.found.refuse("bad_path", "the path is empty or holds a NUL byte", blame::config);
    return where;
  }
  const auto itself = fs.stat(path, base::follow::no);
  if (!itself) {
    where.found.refuse("unreadable", itself.why().what, blame::external);
    return where;
  }
  if (!*itself) {
    missing(fs, where);
    return where;
  }
  if ((*itself)->kind == file_kind::symlink) {
    const auto directory = fs.stat(base::parent_of(path));
    const std::string who = directory && *directory ? other_writers(**directory) : "someone unknown";
    if (!who.empty()) {
      where.found.refuse("link_in_writable_directory",
                         cat("it is a symbolic link in a directory that is writable by ", who,
                             ", who could point it elsewhere: name the file itself, or chmod go-w ",
                             shell_word(base::parent_of(path))),
                         blame::external);
      return where;
    }
    if (!is_ours((*itself)->uid, user)) {
      where.found.refuse("link_owner",
                         cat("it is a symbolic link that belongs to user ", os::user_name((*itself)->uid),
                             ": name the file itself, or make the link yourself"),
                         blame::external);
      return where;
    }
  }
  auto canonical = os::real_path(path);
  if (!canonical) {
    const bool dangling = (*itself)->kind == file_kind::symlink;
    where.found.refuse(
        dangling ? "dangling_link" : "unreadable",
        dangling ? "it is a symbolic link to nothing; repair the link, or name the file itself" : canonical.why().what,
        blame::external);
    return where;
  }
  where.canonical = std::move(canonical).take();
  const auto target = fs.stat(where.canonical, base::follow::no);
  if (!target || !*target) {
    where.found.refuse("unreadable", target ? "the file vanished while it was looked at" : target.why().what,
                       blame::external);
    return where;
  }
  where.info = **target;
  check_file(where, user);
  if (where.info.kind != file_kind::directory) {
    check_directory(fs, where, base::parent_of(where.canonical), user);
    check_ancestors(fs, where, base::parent_of(where.canonical), user);
  }
  return where;
}

result<std::string> read_checked(base::file_system& fs, const place& where) {
  auto changed = [] {
    return base::external_error(
        "the file changed while it was read; wait until its copying is complete (copy to a new name, "
        "then rename), and try again");
  };
  auto file = WEIR_TRY(fs.open_read(where.canonical, base::follow::no));
  const file_info before = WEIR_TRY(file->info());
  auto same = [](const file_info& a, const file_info& b) {
    return a.kind == b.kind && a.device == b.device && a.inode == b.inode && a.size == b.size && a.mode == b.mode &&
           a.uid == b.uid && a.gid == b.gid && a.modified_us == b.modified_us;
  };
  if (!same(before, where.info)) return changed();
  std::string content(before.size, '\0');
  const std::size_t got = WEIR_TRY(file->read_at(0, content));
  if (got != content.size() || !same(before, WEIR_TRY(file->info()))) return changed();
  return content;
}

}  // namespace weir::plugin
