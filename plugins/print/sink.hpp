// print.sink: records on standard output, for people and for pipes.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <weir/batch_operator.hpp>

namespace print {

class sink : public weir::batch_sink {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Prints records, one a line."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("as", weir::choice("auto|json|text"))
            .fallback("\"auto\"")
            .doc("json: an object a line; text: the values with tabs between; auto: the bytes of a column 'value' made "
                 "by a format, else json."),
        weir::option("limit", weir::integer).doc("Print so many records (each subtask), and only count the others."),
        weir::option("to", weir::choice("stdout|stderr")).fallback("\"stdout\"").doc("Where to."));
  }

  explicit sink(const weir::config&);
  void bind(weir::binder&) override;
  void process(const weir::batch_view&) override;
  void flush() override { write_out(); }
  void report(weir::figures&);

 private:
  enum class form : std::uint8_t { automatic, json, text, value };
  void add_row(const weir::batch_view&, std::uint32_t row);
  void write_out();

  form as_;
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
  int fd_;
  std::size_t value_ = 0;
  std::string text_;
  std::uint64_t rows_ = 0;
};

}  // namespace print
