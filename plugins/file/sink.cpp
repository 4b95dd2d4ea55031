#include "file/sink.hpp"

#include "shared/counts.hpp"

namespace file {

sink::sink(const weir::config& c) {
  settings_.path = c.get<std::string>("path");
  settings_.how = c.choice<compression>(
      "compression", {{"none", compression::none}, {"gzip", compression::gzip}, {"zstd", compression::zstd}});
  if (c.has("max_bytes")) settings_.max_bytes = static_cast<std::uint64_t>(c.get<std::int64_t>("max_bytes"));
  if (c.has("max_interval")) settings_.max_interval_us = c.get<weir::duration>("max_interval").count();
  settings_.replace = c.choice<bool>("exists", {{"fail", false}, {"replace", true}});
  settings_.lines = c.choice<bool>("framing", {{"newline", true}, {"none", false}});
  if (c.has("delivery"))
    delivery_ = c.choice<delivery>(
        "delivery", {{"at-least-once", delivery::at_least_once}, {"exactly-once", delivery::exactly_once}});
  if (const std::string wrong = check_template(settings_); !wrong.empty()) throw c.error("path", wrong);
}

void sink::bind(weir::binder& b) {
  cuts_ = b.checkpoint_interval().count() > 0;
  const weir::schema& input = b.input();
  const int found = input.find("value");
  if (found < 0 || (input[static_cast<std::size_t>(found)].kind != weir::type::binary &&
                    input[static_cast<std::size_t>(found)].kind != weir::type::utf8)) {
    b.error(
        WEIR_E_SCHEMA, "",
        "files are written from a binary or utf8 column 'value', and there is none: say in which format the records "
        "shall be written, for example format = \"json\"");
    return;
  }
  value_ = static_cast<std::size_t>(found);
}

void sink::open() {
  const auto here = where();
  if (here.parallelism > 1 && settings_.path.find("{subtask}") == std::string::npos)
    throw weir::config_error("path",
                             "needs {subtask}, because " + std::to_string(here.parallelism) + " subtasks write");
}

writer& sink::files() {
  if (files_) return *files_;
  const auto here = where();
  if (exactly()) {
    auto made = std::make_unique<epoch_files>(
        settings_, identity{std::string(here.pipeline), std::string(here.operator_id), here.subtask, here.parallelism});
    epochs_ = made.get();
    files_ = std::move(made);
    return *files_;
  }
  auto made = std::make_unique<roller>(settings_, here.subtask, here.parallelism);
  if (!made->recovered().empty())
    log(weir::log_level::info,
        "an earlier run had not finished these files, and nothing of its last checkpoint is missing in them: " +
            made->recovered());
  files_ = std::move(made);
  return *files_;
}

epoch_files& sink::epochs() {
  files();
  if (!epochs_) throw weir::plugin_error("a cut came before the sink was told that there are any");
  return *epochs_;
}

void sink::process(const weir::batch_view& batch) {
  writer& to = files();
  const weir::column_view column = batch.at(value_);
  const std::int64_t rows = batch.row_count();
  const auto* const ends = column.values<std::int32_t>();
  bool whole = !batch.selected() && !column.has_nulls() && rows > 0;
  const char* const data = whole ? static_cast<const char*>(column.array().buffers[2]) : nullptr;
  if (settings_.lines)
    for (std::int64_t i = 0; whole && i < rows; ++i) whole = ends[i + 1] > ends[i] && data[ends[i + 1] - 1] == '\n';
  if (whole) {
    const std::string_view all(data + ends[0], static_cast<std::size_t>(ends[rows] - ends[0]));
    to.write(all, clock_us());
    rows_ += static_cast<std::uint64_t>(rows);
    bytes_ += all.size();
  } else {
    for (const std::uint32_t row : batch.rows()) {
      if (column.null(row))
        dead_letter(batch, row, "the column 'value' is null: there is nothing to write");
      else
        write_row(column.text(row));
    }
  }
  to.roll_if_due(clock_us());
}

void sink::write_row(std::string_view value) {
  const std::int64_t at = clock_us();
  files_->write(value, at);
  bytes_ += value.size();
  if (settings_.lines && !value.ends_with('\n')) {
    files_->write("\n", at);
    ++bytes_;
  }
  ++rows_;
}

void sink::flush() {
  files().flush(ended_);
  files().roll_if_due(clock_us());
}

void sink::prepare(std::uint64_t cut, std::string& to) {
  if (exactly()) epochs().prepare(cut, ended_, to);
}

void sink::commit(std::uint64_t, std::string_view prepared) {
  if (!prepared.empty()) epochs().commit(prepared);
}

void sink::abort(std::uint64_t, std::string_view prepared) {
  if (!prepared.empty()) epochs().abort(prepared);
}

void sink::recover(std::uint64_t cut, std::string_view prepared) {
  if (exactly()) return epochs().recover(cut, prepared);
  if (!prepared.empty())
    throw weir::config_error("delivery",
                             "was exactly-once when the restored cut was taken, and files wait for it: set it back, "
                             "drain the pipeline, then change it");
}

void sink::take_over(std::uint64_t cut, std::string_view prepared) { epochs().take_over(cut, prepared); }

void sink::save(std::string& to) const {
  weir::shared::write_counts(to,
                             {{"rows", rows_}, {"bytes", bytes_}, {"files", count_ + (files_ ? files_->files() : 0)}});
}

void sink::restore(std::string_view saved) {
  if (!weir::shared::add_counts(saved, {{"rows", &rows_}, {"bytes", &bytes_}, {"files", &count_}}))
    throw weir::problem(WEIR_E_DATA, "the snapshot holds '" + std::string(saved) +
                                         "' for this sink, which is not what a file sink saves");
}

void sink::report(weir::figures& f) {
  f.add("rows", rows_);
  f.add("bytes", bytes_);
  f.add("files", count_ + (files_ ? files_->files() : 0));
}

}  // namespace file
