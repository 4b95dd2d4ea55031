// What a snapshot holds of the files of one subtask of a sink: enough to give them their names after a crash, or to go on in one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace file {

struct prepared_file {
  std::string part;        // where the bytes are
  std::string name;        // what the file will be called; both absolute
  std::uint64_t size = 0;  // bytes that belong to the cut
  std::uint32_t subtask = 0;
  enum state : std::uint8_t {
    complete,  // it gets its name with the cut
    open,      // its subtask goes on in it behind the cut
    carried,   // its subtask is no more; whoever took it over gives it its name at the end
  } is = complete;
};

struct prepared {
  std::uint32_t subtask = 0;
  std::uint64_t next_sequence = 0;
  std::vector<prepared_file> files;
};

// Appends it as text: a line with the facts of all, then for each file a line with its facts, its two paths, a newline.
void write_prepared(const prepared&, std::string& to);
// Throws problem(WEIR_E_DATA) for anything else.
prepared read_prepared(std::string_view text);

}  // namespace file
