#include "base/memory_file_system.hpp"

#include <cerrno>

#include "base/cat.hpp"
#include "base/memory_handles.hpp"
#include "base/memory_nodes.hpp"

namespace weir::base {

memory_file_system::memory_file_system(env& clock) : shared_(std::make_shared<shared>(clock)) {}
memory_file_system::~memory_file_system() = default;

void memory_file_system::fail(fs_op which, std::uint64_t nth, int number, bool always) {
  const std::lock_guard lock(shared_->mutex);
  shared_->faults = {static_cast<std::uint32_t>(which), nth, number, always};
}

void memory_file_system::stop_failing() {
  const std::lock_guard lock(shared_->mutex);
  shared_->faults = {};
}

std::uint64_t memory_file_system::count(fs_op which) const {
  const std::lock_guard lock(shared_->mutex);
  std::uint64_t sum = 0;
  for (std::size_t bit = 0; bit < shared_->counts.size(); ++bit)
    if (static_cast<std::uint32_t>(which) >> bit & 1) sum += shared_->counts[bit];
  return sum;
}

void memory_file_system::crash() {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->generation;
  shared_->locked.clear();
  shared_->pending_ops.clear();
  shared_->fall_back(shared_->root, [](node&) {});
  shared_->count_links(shared_->root);
}

void memory_file_system::crash_torn(const std::function<std::uint64_t()>& pick) {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->generation;
  shared_->locked.clear();
  const std::size_t kept = pick() % (shared_->pending_ops.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) shared::make_durable(shared_->pending_ops[i]);
  shared_->pending_ops.clear();
  shared_->fall_back(shared_->root, [&](node& file) {
    std::vector<node::pending_write> written;
    for (auto& w : file.pending)
      if (pick() % 2) written.push_back(w);
    if (!written.empty() && !written.back().truncates && pick() % 2) {
      std::string& last = written.back().bytes;
      last.resize(pick() % (last.size() / 512 + 1) * 512);
    }
    for (const auto& w : written) node::apply(file.durable, w);
  });
  shared_->count_links(shared_->root);
}

void memory_file_system::set_owner(const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  WEIR_CHECK(f.code == 0 && f.target, "set_owner: nothing at ", path);
  f.target->uid = uid;
  f.target->gid = gid;
}

void memory_file_system::put(const std::string& path, std::string_view bytes) {
  const std::lock_guard lock(shared_->mutex);
  shared::node_ptr directory = shared_->root;
  const auto parts = shared::split(path);
  WEIR_CHECK(!parts.empty(), "put needs a file name");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& entry = directory->entries[parts[i]];
    if (!entry) {
      entry = shared_->make(i + 1 < parts.size(), i + 1 < parts.size() ? 0755 : 0644);
      entry->links = 1;
    }
    directory->durable_entries[parts[i]] = entry;
    directory = entry;
  }
  directory->content = directory->durable = bytes;
  directory->pending.clear();
}

result<std::unique_ptr<readable_file>> memory_file_system::open_read(const std::string& path, follow) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  int code = shared_->enter(fs_op::open_read);
  if (!code) code = f.code;
  if (!code && !f.target) code = ENOENT;
  if (code) return errno_error(code, "open", path);
  return std::make_unique<memory_readable>(shared_, f.target, path);
}

result<std::unique_ptr<writable_file>> memory_file_system::open_write(const std::string& path, open_write_how how,
                                                                      std::uint32_t mode) {
  const std::lock_guard lock(shared_->mutex);
  auto f = shared_->find(path);
  int code = shared_->enter(fs_op::open_write);
  if (!code) code = f.code;
  if (!code && f.target && f.target->is_directory) code = EISDIR;
  if (!code && f.target && how == open_write_how::create_new) code = EEXIST;
  if (!code && !f.target && how == open_write_how::keep_existing) code = ENOENT;
  if (code) return errno_error(code, "open for writing", path);
  if (!f.target) {
    f.target = shared_->make(false, mode);
    f.target->links = 1;
    shared_->change({{f.directory, f.name, f.target}});
  } else if (how == open_write_how::truncate) {
    shared_->write(*f.target, {0, {}, true});
  }
  return std::make_unique<memory_writable>(shared_, f.target, path);
}

result<std::optional<file_info>> memory_file_system::stat(const std::string& path, follow) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  int code = shared_->enter(fs_op::stat);
  if (!code && f.code != ENOENT) code = f.code;
  if (code) return errno_error(code, "stat", path);
  if (f.code || !f.target) return std::optional<file_info>();
  return std::optional(shared_->info(*f.target));
}

result<std::vector<directory_entry>> memory_file_system::list(const std::string& directory) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(directory);
  int code = shared_->enter(fs_op::list);
  if (!code) code = f.code;
  if (!code && !f.target) code = ENOENT;
  if (!code && !f.target->is_directory) code = ENOTDIR;
  if (code) return errno_error(code, "list", directory);
  std::vector<directory_entry> entries;
  for (const auto& [name, n] : f.target->entries)
    entries.push_back({name, n->is_directory ? file_kind::directory : file_kind::regular});
  return entries;
}

result<void> memory_file_system::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(shared_->mutex);
  const auto a = shared_->find(from), b = shared_->find(to);
  int code = shared_->enter(fs_op::rename);
  if (!code) code = a.code ? a.code : b.code;
  if (!code && !a.target) code = ENOENT;
  if (!code && (!a.directory || !b.directory)) code = EBUSY;
  if (!code && b.target && b.target != a.target) {
    if (a.target->is_directory && !b.target->is_directory)
      code = ENOTDIR;
    else if (!a.target->is_directory && b.target->is_directory)
      code = EISDIR;
    else if (b.target->is_directory && !b.target->entries.empty())
      code = ENOTEMPTY;
  }
  if (code) return errno_error(code, "rename", cat(from, " to ", to));
  if (a.target == b.target) return {};
  if (b.target && b.target->links > 0) --b.target->links;
  shared_->change({{b.directory, b.name, a.target}, {a.directory, a.name, nullptr}});
  return {};
}

result<void> memory_file_system::hard_link(const std::string& existing, const std::string& name) {
  const std::lock_guard lock(shared_->mutex);
  const auto a = shared_->find(existing), b = shared_->find(name);
  int code = shared_->enter(fs_op::link);
  if (!code) code = a.code ? a.code : b.code;
  if (!code && !a.target) code = ENOENT;
  if (!code && b.target) code = EEXIST;
  if (!code && a.target->is_directory) code = EPERM;
  if (code) return errno_error(code, "link", cat(name, " to ", existing));
  ++a.target->links;
  shared_->change({{b.directory, b.name, a.target}});
  return {};
}

result<void> memory_file_system::remove(const std::string& path) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  int code = shared_->enter(fs_op::remove);
  if (!code) code = f.code;
  if (!code && !f.target) code = ENOENT;
  if (!code && !f.directory) code = EBUSY;
  if (!code && f.target->is_directory && !f.target->entries.empty()) code = ENOTEMPTY;
  if (code) return errno_error(code, "remove", path);
  if (f.target->links > 0) --f.target->links;
  shared_->change({{f.directory, f.name, nullptr}});
  return {};
}

result<void> memory_file_system::make_directories(const std::string& path, std::uint32_t mode) {
  const std::lock_guard lock(shared_->mutex);
  int code = shared_->enter(fs_op::make_directory);
  std::string so_far;
  for (const std::string& part : shared::split(path)) {
    if (code) break;
    so_far += cat('/', part);
    auto f = shared_->find(so_far);
    code = f.code;
    if (!code && f.target && !f.target->is_directory) code = EEXIST;
    if (!code && !f.target) {
      f.target = shared_->make(true, mode);
      f.target->links = 1;
      shared_->change({{f.directory, f.name, f.target}});
    }
  }
  if (code) return errno_error(code, "create directory", path);
  return {};
}

result<void> memory_file_system::set_mode(const std::string& path, std::uint32_t mode) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  int code = shared_->enter(fs_op::set_mode);
  if (!code) code = f.code;
  if (!code && !f.target) code = ENOENT;
  if (code) return errno_error(code, "change the mode of", path);
  f.target->mode = mode;
  return {};
}

result<void> memory_file_system::sync_directory(const std::string& directory) {
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(directory);
  int code = shared_->enter(fs_op::sync_directory);
  if (!code) code = f.code;
  if (!code && !f.target) code = ENOENT;
  if (!code && !f.target->is_directory) code = ENOTDIR;
  if (code) return errno_error(code, "sync directory", directory);
  shared_->sync_names(f.target);
  return {};
}

result<std::unique_ptr<file_lock>> memory_file_system::lock(const std::string& path) {
  class held final : public file_lock {
   public:
    held(std::shared_ptr<shared> s, std::uint64_t inode)
        : shared_(std::move(s)), inode_(inode), generation_(shared_->generation) {}
    ~held() override {
      const std::lock_guard lock(shared_->mutex);
      if (generation_ == shared_->generation) shared_->locked.erase(inode_);
    }

   private:
    std::shared_ptr<shared> shared_;
    std::uint64_t inode_, generation_;
  };
  WEIR_TRY(open_write(path, open_write_how::keep));
  const std::lock_guard lock(shared_->mutex);
  const auto f = shared_->find(path);
  if (!f.target) return errno_error(ENOENT, "lock", path);
  if (!shared_->locked.insert(f.target->inode).second) return std::unique_ptr<file_lock>();
  return std::unique_ptr<file_lock>(std::make_unique<held>(shared_, f.target->inode));
}

}  // namespace weir::base
