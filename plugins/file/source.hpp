// file.source: the lines of files as records of one binary column, for a decoder behind it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <weir/source.hpp>

#include "file/cursor.hpp"

namespace file {

class source : public weir::source, private overlong_lines {
 public:
  static constexpr const char* summary() {
    return "The lines of a file, or of all files that match a pattern; can follow files that grow.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("path", weir::text).required().doc("A file, or a pattern: ? * [a-z] in any part of the path."),
        weir::option("follow", weir::flag)
            .fallback("false")
            .doc("Wait for more at the end of each file, like tail -F; a file that is renamed is read to its end, then "
                 "the new one."),
        weir::option("from", weir::choice("begin|end"))
            .fallback("\"begin\"")
            .doc("Where to begin in files that are there at the start; files that appear later are read from their "
                 "begin."),
        weir::option("compression", weir::choice("auto|none|gzip|zstd"))
            .fallback("\"auto\"")
            .doc("How the files are compressed; auto looks at their first bytes."),
        weir::option("max_line", weir::byte_size)
            .fallback("\"1MiB\"")
            .doc("Longer lines go to the dead-letter port, in pieces of this size."),
        weir::option("metadata", weir::flag)
            .fallback("false")
            .doc("Add the columns `file` (utf8) and `line` (int64, from 1)."),
        weir::option("rescan", weir::timespan)
            .fallback("\"5s\"")
            .doc("With follow: how often to look for new files that match the pattern."));
  }

  explicit source(const weir::config&);
  void bind(weir::binder&) override;
  void discover(weir::split_list&) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void close_split(std::uint32_t split) override;
  weir::polled poll(weir::duration wait, weir::batch_output&) override;
  void position(std::uint32_t split, std::string& to) override;

 private:
  struct part {
    std::uint32_t split;
    std::string path;
    std::optional<file_position> start;  // where to begin when it is opened
    std::unique_ptr<cursor> file;        // null: not opened yet, or (follow) not there
    bool done = false;
    weir::time looked_at = weir::no_time;    // follow: when the path was last looked at
    weir::time replaced_at = weir::no_time;  // follow: since when the path leads to another file
  };
  void piece(std::string_view bytes, const std::string& why) override;
  // Opens the file of a part; false: it is not there (follow).
  bool open_file(part&);
  // The part's file under the name it has now.
  std::unique_ptr<cursor> find_renamed(const part&) const;
  // Reads from one part; true: something was emitted.
  bool read(part&, weir::batch_output&);
  // A followed file is at its end: has it been replaced or truncated? True: there may be more to read at once.
  bool look(part&, weir::batch_output&);
  void finish(part&);

  std::string path_;
  bool follow_, from_end_, pattern_;
  weir::duration rescan_;
  cursor_settings settings_;
  weir::time started_ = weir::no_time;  // when the first split was opened
  std::vector<part> parts_;
  std::size_t turn_ = 0;
  std::map<std::uint64_t, std::string> known_;  // discover: the first path of each inode
};

}  // namespace file
