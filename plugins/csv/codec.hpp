#pragma once
#include <string>
#include <vector>

#include "shared/delimited.hpp"
#include "weir/batch_operator.hpp"

namespace csv {

/// One line of delimited text a record.
class decoder : public weir::batch_decoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Lines of delimited text (RFC 4180) into typed columns."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("columns", weir::map)
            .required()
            .doc("Name = type of each field, in the order of the line; a `?`: may be null."),
        option("header", weir::choice("none|skip|check"))
            .fallback("\"none\"")
            .doc("What the line at offset 0 is: a record, not looked at, or names that must be those of `columns`."),
        option("delimiter", weir::text).fallback("\",\"").doc("One character."),
        option("quote", weir::text).fallback("'\"'").doc("One character."),
        option("null", weir::text).fallback("\"\"").doc("A field that is this, without quotes, is null."),
        option("metadata", weir::list_of_text).doc("Columns of the connector that go on beside the decoded ones."));
  }
  explicit decoder(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  enum class header { none, skip, check };
  bool read(std::string_view text, weir::batch_builder& to, std::string& why);
  bool is_header(std::string_view text, std::string& why);

  std::vector<weir::field> columns_;
  header header_;
  weir::shared::dialect dialect_;
  std::vector<std::string> metadata_;
  std::size_t value_ = 0;
  bool framed_ = false;
  weir::shared::delimited_line line_;
};

/// Rows as lines of delimited text, without line terminators; the other columns go on beside them.
class encoder : public weir::batch_encoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Rows as lines of delimited text (RFC 4180)."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(option("include", weir::list_of_text).doc("Columns to write, in this order; all without it."),
                         option("delimiter", weir::text).fallback("\",\"").doc("One character."),
                         option("quote", weir::text).fallback("'\"'").doc("One character."),
                         option("null", weir::text).fallback("\"\"").doc("What a null is written as."));
  }
  explicit encoder(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  std::vector<std::string> include_;
  weir::shared::dialect dialect_;
  std::vector<std::size_t> parts_;
  std::string text_, value_text_;
};

}  // namespace csv
