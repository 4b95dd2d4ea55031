#pragma once
// Inside of memory_file_system: the tree, its names and its writes, each as seen now and as a crash would leave it.
// Only the memory_*.cpp files include this; shared::mutex guards all of it.
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "base/memory_file_system.hpp"

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
  env& time;
  node_ptr root = std::make_shared<node>();
  std::vector<name_op> pending_ops;
  std::uint64_t generation = 0;  // crashes so far; handles of an older one are dead
  std::uint64_t next_inode = 2;
  std::set<std::uint64_t> locked;  // inodes
  fault faults;
  std::array<std::uint64_t, 32> counts{};

  explicit shared(env& c) : time(c) {
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
    n->modified_us = time.now_us();
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
    file.modified_us = time.now_us();
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

}  // namespace weir::base
