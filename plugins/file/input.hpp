// The bytes of one file, uncompressed, from front to back. [task], may block on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace file {

enum class compression : std::uint8_t { automatic, none, gzip, zstd };

// An open file. Move-only owner of its descriptor.
class handle {
 public:
  handle() = default;
  explicit handle(int fd) : fd_(fd) {}
  handle(handle&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  handle& operator=(handle&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~handle();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

class input {
 public:
  virtual ~input() = default;
  // Reads up to `most` bytes; 0: there is nothing more (a file that is being written may have more later).
  // Throws external_failure when the disk fails, problem(WEIR_E_DATA) when compressed data is broken or cut off.
  virtual std::size_t read(char* to, std::size_t most) = 0;
  // Goes to a position of the uncompressed bytes, ahead of what was read. Throws when the file ends before.
  virtual void seek(std::uint64_t position) = 0;
};

// Looks at the first bytes.
compression detect(int fd);

// fd stays the caller's and open as long as the input. how: not automatic.
std::unique_ptr<input> open_input(int fd, const std::string& path, compression how);

// "cannot read /x/y: Permission denied": the start of most errors here.
std::string cannot(const char* what, const std::string& path);

}  // namespace file
