#include "base/file_system.hpp"

#include "base/cat.hpp"

namespace weir::base {

result<std::string> file_system::read_whole(const std::string& path, std::uint64_t limit) {
  auto file = WEIR_TRY(open_read(path));
  const file_info info = WEIR_TRY(file->info());
  if (info.kind == file_kind::directory) {
    return external_error(cat("cannot read ", path, ": it is a directory; name a file"), {}, retry::never);
  }
  std::string bytes;
  // The size is only a hint (/proc says 0, a file may grow): read to the end, or to one byte past the limit.
  std::uint64_t want = info.size < limit ? info.size + 1 : limit + 1;
  std::uint64_t have = 0;
  while (true) {
    bytes.resize(want);
    const std::size_t n = WEIR_TRY(file->read(std::span<char>(bytes).subspan(have)));
    have += n;
    if (have > limit) {
      return external_error(cat("cannot read ", path, ": it is longer than ", limit, " bytes, the most allowed here"),
                            {}, retry::never);
    }
    if (n == 0) break;
    if (have == want) want = want * 2 < limit + 1 ? want * 2 : limit + 1;
  }
  bytes.resize(have);
  return bytes;
}

result<void> file_system::write_atomically(const std::string& path, std::string_view bytes, std::uint32_t mode) {
  const std::string temporary = cat(path, ".tmp");
  auto write = [&]() -> result<void> {
    auto file = WEIR_TRY(open_write(temporary, open_write_how::truncate, mode));
    WEIR_TRY(file->append(bytes));
    WEIR_TRY(file->sync());
    WEIR_TRY(file->close());
    WEIR_TRY(set_mode(temporary, mode));  // a leftover temporary file keeps its old mode
    WEIR_TRY(rename(temporary, path));
    return sync_directory(parent_of(path));
  };
  auto done = write();
  if (!done) permit_unchecked(remove(temporary), "the first error is the one to report");
  return done;
}

result<bool> file_system::exists(const std::string& path) { return WEIR_TRY(stat(path)).has_value(); }

result<void> file_system::remove_tree(const std::string& path) {
  const auto info = WEIR_TRY(stat(path, follow::no));
  if (!info) return {};
  if (info->kind == file_kind::directory) {
    for (const directory_entry& entry : WEIR_TRY(list(path))) WEIR_TRY(remove_tree(join_path(path, entry.name)));
  }
  return remove(path);
}

std::string parent_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string join_path(std::string_view a, std::string_view b) {
  if (a.empty() || b.starts_with('/')) return std::string(b);
  return a.ends_with('/') ? cat(a, b) : cat(a, '/', b);
}

}  // namespace weir::base
