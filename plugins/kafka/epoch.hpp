#pragma once
// What is written between two cuts, as bytes: they are kept in the snapshot, so that they can be written again after a crash.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kafka {

/// One record, as views.
struct record {
  std::optional<std::string_view> key, value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
};

void append_record(std::string& to, const record& r);

/// Reads records one after the other; the views live as long as the bytes. Throws weir::problem for bytes that are none.
class record_reader {
 public:
  explicit record_reader(std::string_view bytes) : rest_(bytes) {}
  bool next(record& to);

 private:
  std::uint32_t number();
  std::string_view bytes();
  std::optional<std::string_view> maybe();
  std::string_view rest_;
};

/// What prepare returns. `writer` is a transactional id, `life` one instance that used it, `number` counts that instance's epochs:
/// the three say whether the records were written (transactions.hpp).
struct epoch {
  std::string writer, life;
  std::uint64_t number = 0;
  std::string_view records;
};
void write_epoch(std::string& to, const epoch& e);
/// The records are a view into the text. Throws weir::problem.
epoch read_epoch(std::string_view text);

}  // namespace kafka
