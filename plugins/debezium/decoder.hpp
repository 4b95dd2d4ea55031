#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/rules.hpp"
#include "weir/batch_operator.hpp"

namespace debezium {

/// Change events as Debezium writes them in JSON: each becomes the row that it inserts or deletes, or the two rows of
/// its update. A record is one of these, a tombstone, which is ignored, or a dead letter with the reason. [task]
class decoder : public weir::batch_decoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() {
    return "Debezium's change events in JSON, into rows with their kind of change.";
  }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("columns", weir::map)
            .required()
            .doc("Name = type of each field of `before` and `after`; a `?` behind the type: may be null or missing."),
        option("unknown_fields", weir::choice("ignore|fail"))
            .fallback("\"ignore\"")
            .doc("Fields that `columns` does not name."),
        option("timestamp_format", weir::choice("rfc3339|epoch_s|epoch_ms|epoch_us"))
            .fallback("\"rfc3339\"")
            .doc("How time stamps of `columns` are written."),
        option("envelope", weir::map)
            .doc("More columns out of the envelope: name = \"ts_ms\", \"op\" or \"source.FIELD\"; null when missing."),
        option("missing_before", weir::choice("fail|upsert"))
            .fallback("\"fail\"")
            .doc("An update without `before`: a dead letter, or its new row alone."),
        option("metadata", weir::list_of_text).doc("Columns of the connector that go on beside the decoded ones."));
  }
  explicit decoder(const weir::config& c);
  ~decoder() override;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  // A column out of the envelope.
  struct outside {
    weir::field column;
    std::string field;  // of the envelope, or of its `source`
    bool in_source = false;
  };
  struct parser;
  std::vector<weir::field> columns_;
  std::vector<outside> envelope_;
  std::vector<std::string> metadata_;
  std::vector<std::size_t> metadata_at_;
  weir::json::rules rules_;
  bool upsert_ = false;
  std::size_t value_ = 0;
  std::unique_ptr<parser> parser_;
};

}  // namespace debezium
