#include "base/memory_file_system.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <set>

#include "base/cat.hpp"
#include "base/env.hpp"

namespace weir::base {

struct memory_file_system::node {
  struct pending_write {
    std::uint64_t offset;
    std::string bytes;
    bool truncates = false;  // then offset is the new size
  };

  bool is_directory = false;
  std::uint32_t mode = 0644, uid = 0, gid = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  std::int64_t modified_us = 0;
  // A file: what readers see, what survives a crash, and the writes between the two.
  std::string content, durable;
  std::vector<pending_write> pending;
  // A directory: what lookups see, what survives.
  std::map<std::string, std::shared_ptr<node>> entries, durable_entries;

  static void apply(std::string& to, const pending_write& w) {
    if (w.truncates) return to.resize(w.offset);
    if (to.size() < w.offset + w.bytes.size()) to.resize(w.offset + w.bytes.size());
    to.replace(w.offset, w.bytes.size(), w.bytes);
  }
};

struct memory_file_system::shared {
  using node_ptr = std::shared_ptr<node>;
  /// One change of names that survives as a whole or not at all (a rename has two).
  struct name_change {
    node_ptr directory;
    std::string name;
    node_ptr target;  // null: the name goes away
  };
  using name_op = std::vector<name_change>;
  struct fault {
    std::uint32_t which = 0;
    std::uint64_t remaining = 0;
    int number = 0;
    bool always = false;
  };

  mutable std::mutex mutex;
  env& clock;
  node_ptr root = std::make_shared<node>();
  std::vector<name_op> pending_ops;
  std::uint64_t generation = 0;  // crashes so far; handles of an older one are dead
  std::uint64_t next_inode = 2;
  fault faults;
  std::array<std::uint64_t, 32> counts{};

  explicit shared(env& c) : clock(c) {
    root->is_directory = true;
    root->mode = 0755;
    root->inode = 1;
  }

  /// Counts the operation; the error number when it is to fail, else 0.
  int enter(fs_op op) {
    const auto bit = static_cast<std::uint32_t>(op);
    ++counts[static_cast<std::size_t>(std::countr_zero(bit))];
    if (!(faults.which & bit)) return 0;
    if (faults.remaining > 1) return --faults.remaining, 0;
    if (faults.remaining == 0) return 0;
    if (!faults.always) faults.remaining = 0;
    return faults.number;
  }

  node_ptr make(bool directory, std::uint32_t mode) {
    auto n = std::make_shared<node>();
    n->is_directory = directory;
    n->mode = mode;
    n->inode = next_inode++;
    n->modified_us = clock.now_us();
    return n;
  }

  static std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
      const std::size_t slash = path.find('/');
      const std::string_view part = path.substr(0, slash);
      if (!part.empty() && part != ".") parts.emplace_back(part);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return parts;
  }

  /// The node of `path` and the directory and name it stands (or would stand) at. code: ENOENT when a parent is
  /// missing.
  struct found {
    int code = 0;
    node_ptr directory;  // null for the root itself
    std::string name;
    node_ptr target;  // null: not there
  };
  found find(std::string_view path) const {
    found f;
    f.target = root;
    for (const std::string& part : split(path)) {
      if (!f.target) return f.code = ENOENT, f;
      if (!f.target->is_directory) return f.code = ENOTDIR, f;
      if (part == "..") return f.code = EINVAL, f;
      f.directory = f.target;
      f.name = part;
      const auto it = f.directory->entries.find(part);
      f.target = it == f.directory->entries.end() ? nullptr : it->second;
    }
    return f;
  }

  void change(name_op op) {
    for (const name_change& c : op) {
      if (c.target)
        c.directory->entries[c.name] = c.target;
      else
        c.directory->entries.erase(c.name);
    }
    pending_ops.push_back(std::move(op));
  }

  static void make_durable(const name_op& op) {
    for (const name_change& c : op) {
      if (c.target)
        c.directory->durable_entries[c.name] = c.target;
      else
        c.directory->durable_entries.erase(c.name);
    }
  }

  /// A journal keeps its order: what touches the directory becomes durable, with everything before it that it depends
  /// on.
  void sync_names(const node_ptr& directory) {
    std::set<node*> touched{directory.get()};
    std::vector<bool> now(pending_ops.size());
    for (std::size_t i = pending_ops.size(); i-- > 0;) {
      now[i] = std::any_of(pending_ops[i].begin(), pending_ops[i].end(),
                           [&](const name_change& c) { return touched.contains(c.directory.get()); });
      if (now[i])
        for (const name_change& c : pending_ops[i]) touched.insert(c.directory.get());
    }
    std::vector<name_op> rest;
    for (std::size_t i = 0; i < pending_ops.size(); ++i) {
      if (now[i])
        make_durable(pending_ops[i]);
      else
        rest.push_back(std::move(pending_ops[i]));
    }
    pending_ops = std::move(rest);
  }

  void write(node& file, node::pending_write w) {
    node::apply(file.content, w);
    file.modified_us = clock.now_us();
    file.pending.push_back(std::move(w));
  }

  void fall_back(const node_ptr& n, const std::function<void(node&)>& settle) {
    if (!n->is_directory) {
      settle(*n);
      n->pending.clear();
      n->content = n->durable;
      return;
    }
    n->entries = n->durable_entries;
    for (auto& [name, child] : n->entries) {
      child->links = 0;
      fall_back(child, settle);
    }
  }
  void count_links(const node_ptr& n) {
    for (auto& [name, child] : n->entries) {
      ++child->links;
      if (child->is_directory) count_links(child);
    }
  }

  file_info info(const node& n) const {
    file_info i;
    i.kind = n.is_directory ? file_kind::directory : file_kind::regular;
    i.size = n.content.size();
    i.mode = n.mode;
    i.uid = n.uid;
    i.gid = n.gid;
    i.device = 1;
    i.inode = n.inode;
    i.links = n.is_directory ? 2 : n.links;
    i.modified_us = n.modified_us;
    return i;
  }
};

namespace {

using node = memory_file_system::node;
using shared = memory_file_system::shared;

/// What both kinds of handles hold; dead after a crash.
class handle {
 protected:
  handle(std::shared_ptr<shared> s, std::shared_ptr<node> n, std::string path)
      : shared_(std::move(s)), node_(std::move(n)), path_(std::move(path)), generation_(shared_->generation) {}
  int enter(fs_op op) {
    if (generation_ != shared_->generation) return EIO;
    return shared_->enter(op);
  }
  std::shared_ptr<shared> shared_;
  std::shared_ptr<node> node_;
  std::string path_;
  std::uint64_t generation_;
};

class memory_readable final : public readable_file, handle {
 public:
  using handle::handle;
  memory_readable(std::shared_ptr<shared> s, std::shared_ptr<node> n, std::string path)
      : handle(std::move(s), std::move(n), std::move(path)) {}

  result<std::size_t> read(std::span<char> into) override {
    auto n = read_at(at_, into);
    if (n) at_ += *n;
    return n;
  }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const std::lock_guard lock(shared_->mutex);
    if (const int code = enter(fs_op::read)) return errno_error(code, "read", path_);
    if (node_->is_directory) return errno_error(EISDIR, "read", path_);
    if (offset >= node_->content.size()) return std::size_t{0};
    return node_->content.copy(into.data(), into.size(), offset);
  }
  result<void> seek(std::uint64_t offset) override { return at_ = offset, result<void>(); }
  result<file_info> info() override {
    const std::lock_guard lock(shared_->mutex);
    if (const int code = enter(fs_op::stat)) return errno_error(code, "stat", path_);
    return shared_->info(*node_);
  }

 private:
  std::uint64_t at_ = 0;
};

class memory_writable final : public writable_file, handle {
 public:
  memory_writable(std::shared_ptr<shared> s, std::shared_ptr<node> n, std::string path)
      : handle(std::move(s), std::move(n), std::move(path)) {}

  result<void> append(std::string_view bytes) override {
    const std::lock_guard lock(shared_->mutex);
    return write(node_->content.size(), bytes);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(shared_->mutex);
    return write(offset, bytes);
  }
  result<void> truncate(std::uint64_t size) override {
    const std::lock_guard lock(shared_->mutex);
    if (const int code = enter(fs_op::write)) return errno_error(code, "truncate", path_);
    shared_->write(*node_, {size, {}, true});
    return {};
  }
  result<void> sync() override {
    const std::lock_guard lock(shared_->mutex);
    const int code = enter(fs_op::sync);
    if (generation_ != shared_->generation) return errno_error(EIO, "sync", path_);
    if (!code)
      for (const auto& w : node_->pending) node::apply(node_->durable, w);
    node_->pending.clear();  // also after a failure: the pages are clean now, and never written
    if (code) return errno_error(code, "sync", path_);
    return {};
  }
  result<std::uint64_t> size() override {
    const std::lock_guard lock(shared_->mutex);
    if (const int code = enter(fs_op::stat)) return errno_error(code, "stat", path_);
    return node_->content.size();
  }
  result<void> close() override {
    const std::lock_guard lock(shared_->mutex);
    if (const int code = enter(fs_op::close)) return errno_error(code, "close", path_);
    return {};
  }

 private:
  result<void> write(std::uint64_t offset, std::string_view bytes) {
    const int code = enter(fs_op::write);
    if (generation_ != shared_->generation) return errno_error(EIO, "write", path_);
    if (code) bytes = bytes.substr(0, bytes.size() / 2);
    if (!bytes.empty()) shared_->write(*node_, {offset, std::string(bytes)});
    if (code) return errno_error(code, "write", path_);
    return {};
  }
};

}  // namespace

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
  shared_->pending_ops.clear();
  shared_->fall_back(shared_->root, [](node&) {});
  shared_->count_links(shared_->root);
}

void memory_file_system::crash_torn(const std::function<std::uint64_t()>& random) {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->generation;
  const std::size_t kept = random() % (shared_->pending_ops.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) shared::make_durable(shared_->pending_ops[i]);
  shared_->pending_ops.clear();
  shared_->fall_back(shared_->root, [&](node& file) {
    std::vector<node::pending_write> written;
    for (auto& w : file.pending)
      if (random() % 2) written.push_back(w);
    if (!written.empty() && !written.back().truncates && random() % 2) {
      std::string& last = written.back().bytes;
      last.resize(random() % (last.size() / 512 + 1) * 512);
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

}  // namespace weir::base
