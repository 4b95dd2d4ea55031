// What a sink writes its bytes to; how they get into files that people see is up to the kind of delivery.
#pragma once

#include <cstdint>
#include <string_view>

#include "file/names.hpp"
#include "file/output.hpp"

namespace file {

// [task]. Every call may throw external_failure; then the instance is not used any more.
class writer {
 public:
  writer() = default;
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  virtual ~writer() = default;

  // Opens a file when none is open.
  virtual void write(std::string_view bytes, std::int64_t now_us) = 0;
  // After a batch: closes the file when it is large or old enough.
  virtual void roll_if_due(std::int64_t now_us) = 0;
  // The host's flush; ended: nothing more comes.
  virtual void flush(bool ended) = 0;
  // Files that have got their names.
  virtual std::uint64_t files() const = 0;
};

}  // namespace file
