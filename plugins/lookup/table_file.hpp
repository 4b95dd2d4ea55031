#pragma once
// A table that stands in a file: JSON lines or delimited text with a header. Read as a whole, or not at all.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lookup/cells.hpp"
#include "lookup/key_index.hpp"
#include "shared/delimited.hpp"

namespace lookup {

enum class file_format { json, csv };

/// What to read. Control path; a value of its own.
struct table_spec {
  std::string path;
  file_format format = file_format::json;
  weir::shared::dialect dialect{};
  bool header = true;                   // csv: the first line names the columns; without it they stand as declared
  bool last_wins = false;               // a key that comes twice: the later line, instead of an error
  std::int64_t max_bytes = 0;           // of the file
  std::vector<weir::field> columns;     // declared
  std::vector<std::size_t> key, added;  // indexes of columns
  bool hash_is_key = false;
};

/// Which file it was: another one at the same path, or another content, has another mark.
struct file_mark {
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = -1, changed_ns = 0;
  bool operator==(const file_mark&) const = default;
};
/// Nothing: there is no such file now.
std::optional<file_mark> mark_of(const std::string& path);

/// Immutable once it is loaded.
struct file_table {
  key_index index;
  std::vector<cells> added;  // in the order of table_spec::added
  file_mark mark;
  std::uint64_t lines = 0;
};

/// The file is not there, can not be read, or changed while it was read: try again.
struct unreadable_table : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Its content is not what the columns say: somebody must act.
struct broken_table : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// [any] Blocks. Throws unreadable_table, broken_table with the path and the line. `stop`: give up soon
/// (unreadable_table).
std::shared_ptr<const file_table> load_table(const table_spec& what, const std::atomic<bool>& stop);

}  // namespace lookup
