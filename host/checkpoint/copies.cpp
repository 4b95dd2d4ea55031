// Files and directories made so that they survive: links, copies, replacements.
#include "base/cat.hpp"
#include "checkpoint/file_names.hpp"
#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

using base::result;

namespace {

result<void> copy_file(base::file_system& fs, const std::string& from, const std::string& to) {
  auto source = WEIR_TRY(fs.open_read(from));
  auto target = WEIR_TRY(fs.open_write(to, base::open_write_how::truncate, 0640));
  std::string buffer(std::size_t{1} << 20, '\0');
  while (true) {
    const std::size_t n = WEIR_TRY(source->read(buffer));
    if (n == 0) break;
    WEIR_TRY(target->append(std::string_view(buffer).substr(0, n)));
  }
  WEIR_TRY(target->sync());
  return target->close();
}

}  // namespace

result<void> link_or_copy(base::file_system& fs, const std::string& from, const std::string& to) {
  if (fs.hard_link(from, to).ok()) {
    // Whoever put the file there may not have synced it.
    auto linked = fs.open_write(to, base::open_write_how::keep_existing);
    if (linked) {
      WEIR_TRY((*linked)->sync());
      return (*linked)->close();
    }
    WEIR_TRY(fs.remove(to));  // not ours to write: a copy is
  }
  return copy_file(fs, from, to);
}

result<void> make_durable_directory(base::file_system& fs, const std::string& path) {
  if (WEIR_TRY(fs.exists(path))) return {};
  const std::string parent = base::parent_of(path);
  if (parent != path) WEIR_TRY(make_durable_directory(fs, parent));
  WEIR_TRY(fs.make_directories(path, 0750));
  return fs.sync_directory(parent);
}

result<void> replace_file(base::file_system& fs, const std::string& directory, const std::string& name,
                          std::string_view bytes, const std::function<result<void>()>& before_rename) {
  const std::string path = base::join_path(directory, name);
  const std::string temporary = base::cat(path, temporary_suffix);
  auto write = [&]() -> result<void> {
    auto file = WEIR_TRY(fs.open_write(temporary, base::open_write_how::truncate, 0640));
    WEIR_TRY(file->append(bytes));
    WEIR_TRY(file->sync());
    WEIR_TRY(file->close());
    if (before_rename) WEIR_TRY(before_rename());
    return fs.rename(temporary, path);
  };
  auto done = write();
  if (!done) permit_unchecked(fs.remove(temporary), "the first error is the one to report; open sweeps");
  return done;
}

}  // namespace weir::checkpoint
