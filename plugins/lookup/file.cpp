#include "lookup/file.hpp"

#include <chrono>

namespace lookup {

file::file(const weir::config& c) : enrichment{c}, refresh_us_{c.get<weir::duration>("refresh").count()} {
  what_.path = c.get<std::string>("path");
  if (what_.path.empty()) throw c.error("path", "is empty: name the file");
  const auto format = c.get<std::string>("format");
  what_.format =
      format == "csv" || (format == "auto" && what_.path.ends_with(".csv")) ? file_format::csv : file_format::json;
  const auto delimiter = c.get<std::string>("delimiter");
  if (delimiter.size() != 1 || delimiter == "\n" || delimiter == "\r" || delimiter == "\"")
    throw c.error("delimiter", "must be one character, not a line break or a quote");
  what_.dialect.delimiter = delimiter[0];
  what_.dialect.null_text = c.get<std::string>("null");
  what_.header = c.get<bool>("header");
  what_.last_wins = c.get<std::string>("duplicates") == "last";
  what_.max_bytes = c.get<std::int64_t>("max_size");
  if (what_.max_bytes <= 0) throw c.error("max_size", "must be more than 0");
  if (refresh_us_ < 0) throw c.error("refresh", "must not be negative");
  what_.columns = declared_columns(c);
}

file::~file() { stop_ = true; }  // the thread that loads is waited for by its future

void file::bind(weir::binder& b) {
  if (!bind_to(b, 0, weir::schema{what_.columns})) return;
  what_.key = key_columns();
  what_.added = added_columns();
  what_.hash_is_key = hash_is_key();
}

void file::open() {
  try {
    table_ = load_table(what_, stop_);
  } catch (const unreadable_table& why) {
    throw weir::external_failure{why.what()};
  } catch (const broken_table& why) {
    throw weir::failure{std::string{why.what()} + ". Correct the file, or `columns`"};
  }
  look_at_us_ = weir::detail::micros(now()) + refresh_us_;
  log(weir::log_level::info, what_.path + ": " + std::to_string(table_->index.size()) + " keys");
}

void file::take_over() {
  if (!coming_.valid() || coming_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return;
  try {
    table_ = coming_.get();
    ++reloads_;
    log(weir::log_level::info, what_.path + " is loaded again: " + std::to_string(table_->index.size()) + " keys");
  } catch (const std::exception& why) {
    ++failures_;
    refused_ = coming_mark_;
    log(weir::log_level::error, std::string{why.what()} + ". Rows go on with the table as it was loaded before: " +
                                    std::to_string(table_->index.size()) + " keys");
  }
}

void file::refresh() {
  take_over();
  if (refresh_us_ == 0 || coming_.valid()) return;
  const std::int64_t at = weir::detail::micros(now());
  if (at < look_at_us_) return;
  look_at_us_ = at + refresh_us_;
  const auto mark = mark_of(what_.path);
  if (!mark) {
    if (!std::exchange(away_, true))
      log(weir::log_level::warn, what_.path + " is not there now: rows go on with the table as it was loaded before");
    return;
  }
  away_ = false;
  if (*mark == table_->mark || *mark == refused_) return;
  coming_mark_ = *mark;
  coming_ = std::async(std::launch::async, [this] { return load_table(what_, stop_); });
}

void file::process(const weir::batch_view& batch, weir::batch_output& out) {
  refresh();
  keys_.load(batch);
  table_->index.find_all(keys_.all(), keys_.hashes(), slots_);
  send(batch, table_->added, slots_.data(), out);
}

void file::on_watermark(weir::time, weir::batch_output&) { refresh(); }
void file::flush(weir::batch_output&) { refresh(); }

void file::report(weir::figures& f) {
  f.add("hits", hits_);
  f.add("misses", misses_);
  f.add("table_rows", table_ ? table_->index.size() : 0);
  f.add("reloads", reloads_);
  f.add("reload_failures", failures_);
}

}  // namespace lookup
