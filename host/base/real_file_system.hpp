#pragma once
// The kernel's file system behind file_system. Stateless; [any] thread.
#include "base/file_system.hpp"

namespace weir::base {

class real_file_system final : public file_system {
 public:
  result<std::unique_ptr<readable_file>> open_read(const std::string& path, follow links) override;
  result<std::unique_ptr<writable_file>> open_write(const std::string& path, open_write_how how,
                                                    std::uint32_t mode) override;
  result<std::optional<file_info>> stat(const std::string& path, follow links) override;
  result<std::vector<directory_entry>> list(const std::string& directory) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> hard_link(const std::string& existing, const std::string& name) override;
  result<void> remove(const std::string& path) override;
  result<void> make_directories(const std::string& path, std::uint32_t mode) override;
  result<void> set_mode(const std::string& path, std::uint32_t mode) override;
  result<void> sync_directory(const std::string& directory) override;
  result<std::unique_ptr<file_lock>> lock(const std::string& path) override;
};

}  // namespace weir::base
