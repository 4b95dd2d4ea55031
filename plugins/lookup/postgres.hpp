#pragma once
// lookup.postgres: columns of a PostgreSQL table beside each row. What a batch needs and the cache does not have is
// asked for with few queries, side by side; the call returns when all is decided, so rows keep their order.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lookup/answers.hpp"
#include "lookup/enrichment.hpp"
#include "lookup/pg_fetch.hpp"

namespace lookup {

class postgres final : public enrichment {
 public:
  static constexpr const char* summary() { return "Adds columns of a PostgreSQL table, found by key, with a cache."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("connection", weir::text)
            .required()
            .secret()
            .doc("libpq's connection string or URI: \"host=db user=weir password=${env:PGPASSWORD} "
                 "sslmode=verify-full\"."),
        option("table", weir::text).required().doc("\"table\" or \"schema.table\"; a view will do."),
        option("columns", weir::map)
            .required()
            .doc("Name = type of the columns of the table that are compared or added; a `?` behind the type: may be "
                 "null."),
        on_option, add_option, missing_option,
        option("duplicates", weir::choice("error|first"))
            .fallback("\"error\"")
            .doc("A key with several rows: its rows cannot be processed (see on_error), or any one of them is taken."),
        option("cache_rows", weir::integer).fallback("100_000").doc("Keys that are kept, found or not; 0: none."),
        option("cache_bytes", weir::byte_size).fallback("\"64MiB\"").doc("About how much memory they may take."),
        option("cache_ttl", weir::timespan).fallback("\"5m\"").doc("How long a row that was found is believed."),
        option("missing_ttl", weir::timespan).fallback("\"30s\"").doc("How long it is believed that there is no row."),
        option("max_in_flight", weir::integer)
            .fallback("2")
            .doc("Connections of a subtask: so many queries at a time."),
        option("chunk", weir::integer).fallback("1_000").doc("Keys of one query at most."),
        option("timeout", weir::timespan).fallback("\"3s\"").doc("To connect, and for the answer to one query."),
        option("attempts", weir::integer).fallback("5").doc("How often a query is sent before its rows are given up."),
        option("backoff", weir::timespan)
            .fallback("\"100ms\"")
            .doc("Pause before the second attempt; it doubles with each one, and half of it is left to chance."),
        option("backoff_max", weir::timespan).fallback("\"5s\"").doc("The pause grows no further."),
        option("on_failure", weir::choice("rows|pipeline"))
            .fallback("\"rows\"")
            .doc("When all attempts have failed: the rows cannot be processed (see on_error), or the pipeline fails "
                 "and is "
                 "started again as [restart] says."));
  }
  explicit postgres(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void end_of_port(std::uint32_t port, weir::batch_output& out) override;
  void report(weir::figures& f);

 protected:
  void open() override;

 private:
  void ask();
  void take(std::size_t number, const PGresult& rows, int row);
  void give_up(std::size_t number, const std::string& why);
  [[noreturn]] void refuse(const pg::trouble& what) const;

  pg::target to_;
  pg::patience patience_;
  answers::limits limits_;
  std::size_t connections_, chunk_;
  bool first_wins_, pipeline_fails_;
  std::vector<weir::field> columns_;
  std::optional<answers> cache_;
  std::optional<pg::fetcher> fetcher_;
  std::int64_t now_us_ = 0;
  std::uint64_t cache_hits_ = 0, cache_misses_ = 0;
  // Of the batch in work.
  std::vector<std::uint32_t> slots_, asked_;  // by row; by number of the request
  std::vector<std::string_view> asked_keys_;
  std::unordered_map<std::uint32_t, std::string> failures_;  // by slot: why
  std::string outage_;                                       // why the database was given up; empty: it was not
};

}  // namespace lookup
