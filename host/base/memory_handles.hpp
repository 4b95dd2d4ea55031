#pragma once
// Inside of memory_file_system: its open files.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "base/memory_nodes.hpp"

namespace weir::base {

/// What both kinds of handles hold; dead after a crash.
class memory_handle {
 protected:
  memory_handle(std::shared_ptr<memory_file_system::shared> s, std::shared_ptr<memory_file_system::node> n,
                std::string path)
      : shared_(std::move(s)), node_(std::move(n)), path_(std::move(path)), generation_(shared_->generation) {}
  int enter(fs_op op) {
    if (generation_ != shared_->generation) return EIO;
    return shared_->enter(op);
  }
  std::shared_ptr<memory_file_system::shared> shared_;
  std::shared_ptr<memory_file_system::node> node_;
  std::string path_;
  std::uint64_t generation_;
};

class memory_readable final : public readable_file, memory_handle {
 public:
  memory_readable(std::shared_ptr<memory_file_system::shared> s, std::shared_ptr<memory_file_system::node> n,
                  std::string path)
      : memory_handle(std::move(s), std::move(n), std::move(path)) {}

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

class memory_writable final : public writable_file, memory_handle {
 public:
  memory_writable(std::shared_ptr<memory_file_system::shared> s, std::shared_ptr<memory_file_system::node> n,
                  std::string path)
      : memory_handle(std::move(s), std::move(n), std::move(path)) {}

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
      for (const auto& w : node_->pending) memory_file_system::node::apply(node_->durable, w);
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

}  // namespace weir::base
