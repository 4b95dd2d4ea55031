// file.sink: records of one binary column into files that roll and appear complete.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <weir/batch_operator.hpp>

#include "file/epoch_files.hpp"
#include "file/roller.hpp"

namespace file {

class sink : public weir::batch_sink {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() {
    return "Writes records to files; a file has its name only when it is complete.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("path", weir::text)
            .required()
            .doc("Where to: {subtask}, {seq} (number of the file) and {date} (UTC) are filled in."),
        weir::option("compression", weir::choice("none|gzip|zstd"))
            .fallback("\"none\"")
            .doc("How the files are compressed."),
        weir::option("max_bytes", weir::byte_size)
            .doc("Begin a new file when one has this size (looked at after each batch)."),
        weir::option("max_interval", weir::timespan)
            .doc("Begin a new file when one is this old and a record or a checkpoint comes."),
        weir::option("exists", weir::choice("fail|replace"))
            .fallback("\"fail\"")
            .doc("What to do when a file of the name is there; with {seq} the next free number is taken instead."),
        weir::option("framing", weir::choice("newline|none"))
            .fallback("\"newline\"")
            .doc("newline: a newline ends each record that has none; none: records are written as they are."),
        weir::option("delivery", weir::choice("at-least-once|exactly-once"))
            .doc("exactly-once: files appear with the checkpoint that covers them, and with no other. Without this "
                 "option: exactly-once "
                 "when the pipeline takes checkpoints, otherwise files appear as soon as they are full."));
  }

  explicit sink(const weir::config&);
  void bind(weir::binder&) override;
  void open() override;
  void process(const weir::batch_view&) override;
  void end_of_port(std::uint32_t) override { ended_ = true; }
  void flush() override;
  void report(weir::figures&);

  // The figures are part of a cut.
  void save(std::string& to) const;
  void restore(std::string_view saved);
  void prepare(std::uint64_t cut, std::string& to);
  void commit(std::uint64_t cut, std::string_view prepared);
  void abort(std::uint64_t cut, std::string_view prepared);
  void recover(std::uint64_t cut, std::string_view prepared);
  // Not into one file (no {seq}): two would write it.
  bool hands_over() const { return exactly() && settings_.path.find("{seq}") != std::string::npos; }
  void take_over(std::uint64_t cut, std::string_view prepared);

 private:
  std::int64_t clock_us() const { return now().time_since_epoch().count(); }
  void write_row(std::string_view value);
  bool exactly() const { return delivery_ == delivery::exactly_once || (delivery_ == delivery::automatic && cuts_); }
  // What the records go to. Made when it is first asked for: recover() may still come before.
  writer& files();
  epoch_files& epochs();

  enum class delivery : std::uint8_t { automatic, at_least_once, exactly_once };
  writer_settings settings_;
  delivery delivery_ = delivery::automatic;
  bool cuts_ = false;  // the pipeline takes checkpoints
  std::size_t value_ = 0;
  std::unique_ptr<writer> files_;
  epoch_files* epochs_ = nullptr;  // files_, when it is that
  bool ended_ = false;
  std::uint64_t rows_ = 0, bytes_ = 0, count_ = 0;
};

}  // namespace file
