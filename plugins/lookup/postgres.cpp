#include "lookup/postgres.hpp"

#include <algorithm>

#include "lookup/pg_types.hpp"

namespace lookup {
namespace {

std::int64_t number(const weir::config& c, const char* name, std::int64_t least, std::int64_t most) {
  const auto n = c.get<std::int64_t>(name);
  if (n < least || n > most)
    throw c.error(name, "must be between " + std::to_string(least) + " and " + std::to_string(most));
  return n;
}
std::chrono::milliseconds span(const weir::config& c, const char* name, std::int64_t least_ms) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(c.get<weir::duration>(name));
  if (ms.count() < least_ms) throw c.error(name, "must be at least " + std::to_string(least_ms) + "ms");
  return ms;
}

}  // namespace

postgres::postgres(const weir::config& c)
    : enrichment{c},
      first_wins_{c.get<std::string>("duplicates") == "first"},
      pipeline_fails_{c.get<std::string>("on_failure") == "pipeline"},
      columns_{declared_columns(c)} {
  to_.connection = c.get<std::string>("connection");
  char* why = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(to_.connection.c_str(), &why);
  if (!parsed) {
    // Not libpq's own words: they may quote a password.
    PQfreemem(why);
    throw c.error("connection", "is no connection string of libpq: \"host=db user=weir dbname=desks\", or a URI");
  }
  PQconninfoFree(parsed);
  to_.table = c.get<std::string>("table");
  if (to_.table.empty() || to_.table.find('\0') != std::string::npos || to_.table.front() == '.' ||
      to_.table.back() == '.' || std::count(to_.table.begin(), to_.table.end(), '.') > 1)
    throw c.error("table", "must be \"table\" or \"schema.table\"");
  to_.timeout = span(c, "timeout", 1);
  patience_ = {static_cast<std::uint32_t>(number(c, "attempts", 1, 1000)), span(c, "backoff", 0),
               span(c, "backoff_max", 0)};
  limits_ = {static_cast<std::uint64_t>(number(c, "cache_rows", 0, UINT32_MAX / 4)), c.get<std::int64_t>("cache_bytes"),
             c.get<weir::duration>("cache_ttl").count(), c.get<weir::duration>("missing_ttl").count()};
  if (limits_.bytes < 0) throw c.error("cache_bytes", "must not be negative");
  if (limits_.ttl_us < 0) throw c.error("cache_ttl", "must not be negative");
  if (limits_.missing_ttl_us < 0) throw c.error("missing_ttl", "must not be negative");
  connections_ = static_cast<std::size_t>(number(c, "max_in_flight", 1, 64));
  chunk_ = static_cast<std::size_t>(number(c, "chunk", 1, 100'000));
}

void postgres::bind(weir::binder& b) {
  const weir::schema table{columns_};
  if (!bind_to(b, 0, table)) return;
  to_.key.clear();
  to_.added.clear();
  for (const std::size_t c : key_columns()) to_.key.push_back(columns_[c]);
  for (const std::size_t c : added_columns()) to_.added.push_back(columns_[c]);
  to_.key_of_input = keys_.fields();
}

void postgres::refuse(const pg::trouble& what) const {
  const std::string why = "table " + to_.table + ": " + what.why;
  if (what.is == pg::trouble::kind::fatal) throw weir::config_error{"table", why};
  throw weir::external_failure{why};
}

void postgres::open() {
  cache_.emplace(hash_is_key(), new_cells(), limits_);
  fetcher_.emplace(to_, connections_, chunk_, patience_,
                   [this](weir::log_level level, const std::string& text) { log(level, to_.table + ": " + text); });
  if (const auto what = fetcher_->check(); what.is != pg::trouble::kind::none) refuse(what);
}

void postgres::take(std::size_t number, const PGresult& rows, int row) {
  const std::uint32_t slot = asked_[number];
  if (cache_->of(slot) == answers::state::failed) return;
  if (cache_->of(slot) == answers::state::found) {
    if (!first_wins_) give_up(number, "the key has several rows in table " + to_.table);
    return;
  }
  std::string why;
  for (std::size_t i = 0; i < cache_->columns().size(); ++i) {
    cells& c = cache_->columns()[i];
    const int column = static_cast<int>(i) + 1;
    c.at(slot);
    if (PQgetisnull(&rows, row, column)) {
      c.append_null();
      if (!c.of().nullable) why = "is null, and `columns` says that it cannot be";
    } else {
      pg::read_cell({PQgetvalue(&rows, row, column), static_cast<std::size_t>(PQgetlength(&rows, row, column))}, c,
                    why);
    }
    if (!why.empty()) return give_up(number, "column '" + c.of().name + "' of table " + to_.table + " " + why);
  }
  cache_->found(slot, now_us_);
}

void postgres::give_up(std::size_t number, const std::string& why) {
  cache_->failed(asked_[number]);
  failures_.emplace(asked_[number], why);
}

void postgres::ask() {
  const auto what =
      fetcher_->run(asked_keys_, {[this](std::size_t n, const PGresult& rows, int row) { take(n, rows, row); },
                                  [this](std::size_t n, const pg::trouble& is) {
                                    if (is.is == pg::trouble::kind::transient) outage_ = is.why;
                                    give_up(n, is.why);
                                  }});
  if (what.is != pg::trouble::kind::none) refuse(what);
  for (const std::uint32_t slot : asked_)
    if (cache_->of(slot) == answers::state::asked) cache_->missing(slot, now_us_);
}

void postgres::process(const weir::batch_view& batch, weir::batch_output& out) {
  now_us_ = weir::detail::micros(now());
  keys_.load(batch);
  const std::size_t count = keys_.size();
  slots_.assign(count, no_slot);
  asked_.clear();
  asked_keys_.clear();
  failures_.clear();
  outage_.clear();
  for (std::size_t k = 0; k < count; ++k) {
    if (!keys_[k].data()) continue;
    bool asks = false;
    slots_[k] = cache_->look(keys_[k], keys_.hashes()[k], now_us_, asks);
    if (!asks) {
      ++cache_hits_;
      continue;
    }
    asked_.push_back(slots_[k]);
    asked_keys_.push_back(keys_[k]);
  }
  cache_misses_ += asked_.size();
  if (!asked_.empty()) ask();
  if (!outage_.empty() && pipeline_fails_) throw weir::external_failure{outage_};
  for (std::size_t k = 0; k < count; ++k) {
    if (slots_[k] == no_slot) continue;
    const auto is = cache_->of(slots_[k]);
    if (is == answers::state::missing) slots_[k] = no_slot;
    if (is != answers::state::failed) continue;
    out.dead_letter(batch, batch.row(static_cast<std::int64_t>(k)), failures_.at(slots_[k]));
    slots_[k] = failed_slot;
  }
  send(batch, cache_->columns(), slots_.data(), out);
  cache_->trim();
}

void postgres::end_of_port(std::uint32_t, weir::batch_output&) {
  const auto& c = fetcher_->so_far();
  log(weir::log_level::info, to_.table + ": " + std::to_string(cache_hits_) + " rows out of the cache, " +
                                 std::to_string(cache_misses_) + " keys by " + std::to_string(c.queries) +
                                 " queries of " + std::to_string(c.query_us / std::max<std::uint64_t>(c.queries, 1)) +
                                 " us on average, " + std::to_string(c.failed_keys) + " keys given up");
}

void postgres::report(weir::figures& f) {
  f.add("hits", hits_);
  f.add("misses", misses_);
  f.add("cache_hits", cache_hits_);
  f.add("cache_misses", cache_misses_);
  f.add("cache_rows", cache_ ? cache_->size() : 0);
  const auto& c = fetcher_ ? fetcher_->so_far() : pg::counts{};
  f.add("queries", c.queries);
  f.add("query_us", c.query_us);
  f.add("query_rows", c.rows);
  f.add("retries", c.retries);
  f.add("connects", c.connects);
  f.add("failed_keys", c.failed_keys);
}

}  // namespace lookup
