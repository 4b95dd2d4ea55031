// datagen.source: made-up records for tests and demos, the same ones for the same seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <weir/source.hpp>

#include "datagen/field.hpp"
#include "shared/pacer.hpp"

namespace datagen {

class source : public weir::source {
 public:
  static constexpr const char* summary() {
    return "Made-up records: declare the columns and how their values are made.";
  }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("fields", weir::list_of_tables)
            .required()
            .nested(field_options.data())
            .doc("The columns, each { name, kind, ... }."),
        option("events", weir::integer).doc("How many records in all; without it the stream never ends."),
        option("rate", weir::number)
            .fallback("0")
            .doc("Records a second, by the host's clock; 0: as fast as they are read."),
        option("seed", weir::integer).fallback("0").doc("Another seed, other records."),
        option("splits", weir::integer)
            .fallback("1")
            .doc("Into how many parts the records are dealt out; does not change them."),
        option("encode", weir::choice("none|json"))
            .fallback("\"none\"")
            .doc("none: typed columns; json: one binary column `value` of JSON texts, for a decoder behind."),
        option("malformed", weir::number)
            .fallback("0")
            .doc("With encode: share of records whose bytes are broken, 0 to 1."));
  }

  explicit source(const weir::config&);
  void bind(weir::binder&) override;
  void discover(weir::split_list&) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void close_split(std::uint32_t split) override;
  weir::polled poll(weir::duration wait, weir::batch_output&) override;
  void position(std::uint32_t split, std::string& to) override;

 private:
  struct part {
    std::uint32_t split;
    std::uint64_t next;  // event: next, next + splits, ...
    bool ended = false;
  };
  void make(std::uint64_t event);
  void emit_some(part&, std::uint64_t most, weir::batch_output&);
  void append_json(std::uint64_t event, std::string& to) const;
  void break_json(std::uint64_t event, std::string& text) const;

  std::vector<std::unique_ptr<field>> fields_;
  std::uint64_t events_ = UINT64_MAX, seed_, splits_;
  double rate_, malformed_;
  bool json_;
  std::uint64_t batch_ = 1024;
  std::vector<part> parts_;
  std::size_t turn_ = 0;
  weir::shared::pacer pacer_;
  row row_;
  std::string text_;
};

}  // namespace datagen
