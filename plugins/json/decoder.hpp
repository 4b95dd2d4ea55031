#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/rules.hpp"
#include "weir/batch_operator.hpp"

namespace json {

using weir::json::rules;
using weir::json::time_unit;

/// One JSON object a record, read by simdjson's On-Demand parser straight into columns. A record that is not what
/// `columns` says goes to the dead-letter port with the reason; every input row is either an output row or a dead
/// letter.
class decoder : public weir::batch_decoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "JSON objects, one a record, into typed columns."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("columns", weir::map)
            .required()
            .doc("Name = type of each field to read; a `?` behind the type: may be null or missing."),
        option("unknown_fields", weir::choice("ignore|fail"))
            .fallback("\"ignore\"")
            .doc("Fields that `columns` does not name."),
        option("timestamp_format", weir::choice("rfc3339|epoch_s|epoch_ms|epoch_us"))
            .fallback("\"rfc3339\"")
            .doc("How time stamps are written."),
        option("metadata", weir::list_of_text).doc("Columns of the connector that go on beside the decoded ones."));
  }
  explicit decoder(const weir::config& c);
  ~decoder() override;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  struct parser;
  std::vector<weir::field> columns_;
  std::vector<std::string> metadata_;
  rules rules_;
  std::size_t value_ = 0;
  bool framed_ = false;  // values end with their line's terminator
  std::unique_ptr<parser> parser_;
};

}  // namespace json
