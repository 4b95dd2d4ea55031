// Reads one file line by line into batches: whole blocks go from the file into the host's column, a line costs an offset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <weir/batch.hpp>

#include "file/input.hpp"

namespace file {

// What a checkpoint keeps of a file. inode and head tell the file again after it was renamed, copied or replaced.
struct file_position {
  std::uint64_t offset = 0;  // uncompressed bytes, at the start of a line
  std::uint64_t line = 0;    // lines before it
  std::uint64_t before = 0;  // bytes of the files that had this path before
  std::uint64_t inode = 0;
  std::uint64_t head_size = 0, head_hash = 0;  // of its first raw bytes
};
std::string write_position(const file_position&);
std::optional<file_position> read_position(std::string_view text);

struct cursor_settings {
  compression how = compression::automatic;
  std::size_t max_line = 1 << 20;  // bytes without the newline
  bool metadata = false;           // columns `file` and `line`
  std::int64_t batch_rows = 1024;
};

// Hears of lines that are too long, in pieces of at most max_line bytes, so that they are not lost.
class overlong_lines {
 public:
  virtual ~overlong_lines() = default;
  virtual void piece(std::string_view bytes, const std::string& why) = 0;
};

class cursor {
 public:
  // Opens the file; name: how records call it. Throws external_failure that says why it cannot.
  cursor(const std::string& path, std::string name, const cursor_settings&);

  void go_to(const file_position&);
  // Behind the last complete line there is now.
  void go_to_end();
  // The place of the next record. Reads the head of the file.
  file_position position() const;
  // The file begins with what the position remembers.
  bool matches(const file_position&) const;

  enum class got : std::uint8_t {
    rows,    // a batch was emitted, or a piece of an overlong line handed over
    nothing  // the file has no more complete line
  };
  // finish: what stands at the end without a newline is a line too.
  got read(std::uint32_t split, weir::batch_output&, bool finish, overlong_lines&);

  bool plain() const { return how_ == compression::none; }
  bool regular() const { return regular_; }
  // Where this file begins in the split: a split that is followed goes through several files, and its offsets never go back.
  void begin_at(std::uint64_t bytes_before) { before_ = bytes_before; }
  std::uint64_t read_in_all() const { return before_ + offset_; }
  // The file is shorter than what was read of it.
  bool truncated() const;
  // Back to the front.
  void restart();
  // The path leads to another file now.
  bool replaced_at(const std::string& path) const;

 private:
  std::string_view pending() const { return std::string_view(pending_).substr(pending_at_); }
  void set_pending(std::string_view rest, std::size_t without_newline);
  void consume_pending(std::size_t bytes);
  std::size_t block_size() const;
  bool front_is_overlong() const;
  // The lines of `ends` that are not too long, up to the first that is.
  std::int64_t short_enough(const std::int32_t* ends, std::int64_t lines) const;
  void bury(overlong_lines&);
  bool emit_pending(std::uint32_t split, weir::batch_output&);
  enum class outcome : std::uint8_t { emitted, no_line, empty };
  outcome emit_block(std::uint32_t split, weir::batch_output&);
  void emit_rest(std::uint32_t split, weir::batch_output&);
  void emit(weir::batch_builder&, std::uint32_t split, std::int64_t rows);

  std::string name_;
  cursor_settings settings_;
  handle file_;
  compression how_;
  bool regular_ = true;
  std::uint64_t inode_ = 0, device_ = 0;
  std::unique_ptr<input> input_;
  std::uint64_t before_ = 0;             // bytes of earlier files
  std::uint64_t offset_ = 0, line_ = 0;  // of the next record
  std::string pending_;                  // read and not emitted, from pending_at_ on
  std::size_t pending_at_ = 0;
  std::size_t scanned_ = 0;  // so many bytes at the front of pending() hold no newline
  bool burying_ = false;     // in the middle of an overlong line
  double line_size_ = 128;   // of late
};

}  // namespace file
