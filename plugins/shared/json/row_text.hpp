#pragma once
// Rows as JSON objects without white space.
#include <string>
#include <utility>
#include <vector>

#include "shared/json_text.hpp"
#include "weir/batch.hpp"
#include "weir/failure.hpp"

namespace weir::json {

class row_text {
 public:
  explicit row_text(bool omit_nulls = false) : omit_nulls_{omit_nulls} {}

  /// The columns to write, in this order; none: all. Throws config_error of the option `include`.
  void bind(const weir::schema& in, const std::vector<std::string>& include) {
    parts_.clear();
    auto add = [&](std::size_t column) {
      part p{column, {}};
      weir::shared::append_json_string(p.name, in[column].name);
      p.name += ':';
      parts_.push_back(std::move(p));
    };
    for (const auto& name : include) {
      const int at = in.find(name);
      if (at < 0) throw weir::config_error{"include", "there is no column '" + name + "'" + in.hint(name)};
      add(static_cast<std::size_t>(at));
    }
    if (include.empty())
      for (std::size_t i = 0; i < in.size(); ++i) add(i);
  }
  /// Before rows of a batch.
  void load(const weir::batch_view& batch) {
    columns_.clear();
    for (const auto& p : parts_) columns_.push_back(batch.at(p.column));
  }
  void append(std::string& out, std::uint32_t row) const {
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (omit_nulls_ && columns_[i].null(row)) continue;
      if (!first) out += ',';
      first = false;
      out += parts_[i].name;
      weir::shared::append_json_value(out, columns_[i], row, omit_nulls_);
    }
    out += '}';
  }

 private:
  struct part {
    std::size_t column = 0;
    std::string name;  // "name": with quotes and colon, escaped
  };
  bool omit_nulls_;
  std::vector<part> parts_;
  std::vector<weir::column_view> columns_;
};

/// The output of an encoder of `in`: the bytes in a column `value`, and all other columns as they are, so that a sink
/// may use one as its key.
inline std::pair<weir::schema, std::vector<std::int32_t>> value_beside(const weir::schema& in) {
  weir::schema out;
  std::vector<std::int32_t> passes{-1};
  out.fields.push_back({.name = "value", .kind = weir::type::binary, .nullable = false});
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i].name == "value") continue;  // written inside the object; the record's own bytes have that name now
    out.fields.push_back(in[i]);
    passes.push_back(static_cast<std::int32_t>(i));
  }
  return {std::move(out), std::move(passes)};
}

}  // namespace weir::json
