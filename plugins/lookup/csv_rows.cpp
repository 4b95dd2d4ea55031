#include "lookup/row_reader.hpp"
#include "shared/value_text.hpp"

namespace lookup {

row_reader::row_reader(const table_spec& what) {
  for (const auto& f : what.columns) {
    row_.emplace_back(f);
    row_.back().at(0);
  }
}

namespace {

/// Delimited text. With a header, columns that are not declared are not looked at.
class csv_rows final : public row_reader {
 public:
  explicit csv_rows(const table_spec& what) : row_reader{what}, dialect_{what.dialect}, header_{what.header} {
    for (std::size_t i = 0; i < row_.size(); ++i) places_.push_back(i);
    width_ = row_.size();
  }
  bool read(std::string_view line, std::string& why) override;
  bool is_header(std::string_view line, std::string& why) override;

 private:
  weir::shared::dialect dialect_;
  bool header_;
  weir::shared::delimited_line line_;
  std::vector<std::size_t> places_;  // of each declared column in a line
  std::size_t width_;                // fields of a line
};

bool csv_rows::is_header(std::string_view line, std::string& why) {
  if (!header_) return false;
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (!line_.split(line, dialect_, why)) return true;
  const auto& names = line_.cells();
  width_ = names.size();
  for (std::size_t i = 0; i < row_.size(); ++i) {
    std::size_t at = 0;
    while (at < names.size() && names[at].text != row_[i].of().name) ++at;
    places_[i] = at;
    if (at < names.size()) continue;
    why = "the header has no column '" + row_[i].of().name + "'";
    return true;
  }
  return true;
}

bool csv_rows::read(std::string_view line, std::string& why) {
  if (!line_.split(line, dialect_, why)) return false;
  const auto& found = line_.cells();
  if (found.size() != width_)
    return why = "it has " + std::to_string(found.size()) + " fields, not " + std::to_string(width_), false;
  for (std::size_t i = 0; i < row_.size(); ++i) {
    const auto& cell = found[places_[i]];
    row_[i].at(0);
    if (!cell.quoted && row_[i].of().nullable && cell.text == dialect_.null_text)
      row_[i].append_null();
    else if (!weir::shared::read_value(cell.text, row_[i], why))
      return why = "field '" + row_[i].of().name + "' " + why, false;
  }
  return true;
}

}  // namespace

std::unique_ptr<row_reader> make_csv_reader(const table_spec& what) { return std::make_unique<csv_rows>(what); }

}  // namespace lookup
