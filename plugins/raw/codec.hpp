#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "weir/batch_operator.hpp"

namespace raw {

/// A record's bytes as they are, in one column.
class decoder : public weir::batch_decoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "A record's bytes as one column."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(option("column", weir::text).fallback("\"value\"").doc("Name of the column."),
                         option("type", weir::choice("binary|string"))
                             .fallback("\"binary\"")
                             .doc("string: bytes that are not UTF-8 are dead letters."),
                         option("metadata", weir::list_of_text).doc("Columns of the connector that go on beside it."));
  }
  explicit decoder(const weir::config& c)
      : column_(c.get<std::string>("column")),
        text_(c.get<std::string>("type") == "string"),
        metadata_(c.get("metadata", std::vector<std::string>{})) {}
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  std::string column_;
  bool text_;
  std::vector<std::string> metadata_;
  std::size_t value_ = 0;
  bool framed_ = false;
};

/// One column as the record's bytes; the others go on beside it.
class encoder : public weir::batch_encoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "One column as the record's bytes."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("column", weir::text).fallback("\"value\"").doc("utf8 or binary column to write."));
  }
  explicit encoder(const weir::config& c) : column_(c.get<std::string>("column")) {}
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  std::string column_;
  std::size_t at_ = 0;
};

}  // namespace raw
