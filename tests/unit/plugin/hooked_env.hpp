#pragma once
// The real machine with hooks: a test acts between two steps of the code, or makes a step fail.
#include <functional>
#include <memory>
#include <string>

#include "base/env.hpp"

namespace weir::plugin::test {

/// Everything goes to the real file system, after a word with the hooks.
class hooked_file_system final : public base::file_system {
 public:
  std::function<void(const std::string&)> before_open_read;
  std::function<std::optional<base::error>(std::string_view)> on_append;
  std::function<void(base::file_info&)> on_stat;

  base::result<std::unique_ptr<base::readable_file>> open_read(const std::string& path, base::follow links) override {
    if (before_open_read) before_open_read(path);
    return real().open_read(path, links);
  }
  base::result<std::unique_ptr<base::writable_file>> open_write(const std::string& path, base::open_write_how how,
                                                                std::uint32_t mode) override {
    auto file = WEIR_TRY(real().open_write(path, how, mode));
    return std::unique_ptr<base::writable_file>(std::make_unique<hooked_file>(*this, std::move(file)));
  }
  base::result<std::optional<base::file_info>> stat(const std::string& path, base::follow links) override {
    auto info = WEIR_TRY(real().stat(path, links));
    if (info && on_stat) on_stat(*info);
    return info;
  }
  base::result<std::vector<base::directory_entry>> list(const std::string& d) override { return real().list(d); }
  base::result<void> rename(const std::string& from, const std::string& to) override { return real().rename(from, to); }
  base::result<void> hard_link(const std::string& e, const std::string& n) override { return real().hard_link(e, n); }
  base::result<void> remove(const std::string& path) override { return real().remove(path); }
  base::result<void> make_directories(const std::string& p, std::uint32_t m) override {
    return real().make_directories(p, m);
  }
  base::result<void> set_mode(const std::string& path, std::uint32_t mode) override {
    return real().set_mode(path, mode);
  }
  base::result<void> sync_directory(const std::string& directory) override { return real().sync_directory(directory); }
  base::result<std::unique_ptr<base::file_lock>> lock(const std::string& path) override { return real().lock(path); }

 private:
  class hooked_file final : public base::writable_file {
   public:
    hooked_file(hooked_file_system& hooks, std::unique_ptr<base::writable_file> file)
        : hooks_(hooks), file_(std::move(file)) {}
    base::result<void> append(std::string_view bytes) override {
      if (hooks_.on_append)
        if (auto failed = hooks_.on_append(bytes)) return std::move(*failed);
      return file_->append(bytes);
    }
    base::result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      return file_->write_at(offset, bytes);
    }
    base::result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    base::result<void> sync() override { return file_->sync(); }
    base::result<std::uint64_t> size() override { return file_->size(); }
    base::result<void> close() override { return file_->close(); }

   private:
    hooked_file_system& hooks_;
    std::unique_ptr<base::writable_file> file_;
  };
  static base::file_system& real() { return base::real_env().fs(); }
};

class hooked_env final : public base::env {
 public:
  std::int64_t now_us() override { return base::real_env().now_us() + ahead_us; }
  std::int64_t monotonic_ns() override { return base::real_env().monotonic_ns(); }
  std::int64_t thread_cpu_ns() override { return base::real_env().thread_cpu_ns(); }
  std::uint64_t random_u64() override { return base::real_env().random_u64(); }
  hooked_file_system& fs() override { return fs_; }
  std::int64_t ahead_us = 0;  ///< of the real clock

 private:
  hooked_file_system fs_;
};

}  // namespace weir::plugin::test
