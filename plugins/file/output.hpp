// Writes the bytes of one file, compressed or not. [task], may block on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "file/input.hpp"

namespace file {

class output {
 public:
  virtual ~output() = default;
  // Throws external_failure: what failed, on which file, what to do.
  virtual void write(std::string_view bytes) = 0;
  // Hands everything to the file in a form that can be read even if nothing follows (the end of a gzip member or zstd frame).
  virtual void finish_part() = 0;
  // Bytes that are in the file.
  virtual std::uint64_t size() const = 0;
};

// fd stays the caller's and open as long as the output.
std::unique_ptr<output> open_output(int fd, const std::string& path, compression how);

// How many bytes at the front of a file are complete: whole lines, or whole gzip members and zstd frames. What is behind was being
// written when its writer died.
std::uint64_t complete_prefix(int fd, const std::string& path, compression how, bool lines);

// "cannot write /x/y: No space left on device: ..." with what to do about it; looks at errno.
std::string cannot_write(const std::string& path);

}  // namespace file
