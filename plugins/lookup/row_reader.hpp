#pragma once
// Reads one line of a table file into one slot of its declared columns.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/cells.hpp"
#include "lookup/table_file.hpp"

namespace lookup {

/// The columns as declared, with one slot: the line in work.
class row_reader {
 public:
  explicit row_reader(const table_spec& what);
  virtual ~row_reader() = default;
  row_reader(const row_reader&) = delete;
  row_reader& operator=(const row_reader&) = delete;

  /// One line without its end; at least 64 bytes behind it can be read. False: `why` says what is wrong with it.
  virtual bool read(std::string_view line, std::string& why) = 0;
  /// The first line, when it is no row. Lines are numbered from 1.
  virtual bool is_header(std::string_view, std::string&) { return false; }
  [[nodiscard]] const std::vector<cells>& row() const { return row_; }

 protected:
  std::vector<cells> row_;
};

std::unique_ptr<row_reader> make_json_reader(const table_spec& what);
std::unique_ptr<row_reader> make_csv_reader(const table_spec& what);

}  // namespace lookup
