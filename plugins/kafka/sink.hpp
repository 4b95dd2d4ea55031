#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "epoch.hpp"
#include "transactions.hpp"
#include "weir/batch_operator.hpp"

namespace kafka {

/// Writes each row's `value` as a record of one topic. At-least-once: flush() returns when every record of this subtask is
/// acknowledged; a record that the broker refuses for good fails the task, so nothing is lost silently. Exactly-once: records are kept
/// until the cut that covers them is durable, then written in one transaction (transactions.hpp).
class sink : public weir::batch_sink {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Records of a Kafka topic."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("brokers", weir::text).required().doc("Addresses of brokers, host:port, separated by commas."),
        option("topic", weir::text).required().doc("The topic."),
        option("key", weir::text).doc("Column that becomes the record's key; without it records have none."),
        option("headers", weir::map).doc("Header name = column."),
        option("partitioner",
               weir::choice("murmur2_random|murmur2|consistent_random|consistent|fnv1a_random|fnv1a|random"))
            .fallback("\"murmur2_random\"")
            .doc("How a key finds its partition; murmur2_random is what Java clients do."),
        option("compression", weir::choice("none|lz4|zstd|gzip|snappy"))
            .fallback("\"lz4\"")
            .doc("Of the batches on the wire."),
        option("delivery", weir::choice("at-least-once|exactly-once|none"))
            .fallback("\"at-least-once\"")
            .doc("exactly-once: the records between two checkpoints are written in one transaction; none: records may "
                 "be lost without an "
                 "error when the broker fails."),
        option("transactional_id_prefix", weir::text)
            .doc("With exactly-once: begins the transactional ids. Two pipelines must not share it; one keeps it over "
                 "restarts."),
        option("transaction_timeout", weir::timespan)
            .fallback("\"15m\"")
            .doc("With exactly-once: when the broker aborts a transaction that nobody ends; at most its "
                 "transaction.max.timeout.ms."),
        option("progress_topic", weir::text)
            .fallback("\"weir-progress\"")
            .doc("With exactly-once: the compacted topic that says which checkpoints were written; made when it is not "
                 "there."),
        option("delivery_timeout", weir::timespan)
            .fallback("\"2m\"")
            .doc("How long a record may wait for its acknowledgement before the pipeline fails."),
        option("properties", weir::map).doc("Passed through to librdkafka."));
  }
  explicit sink(const weir::config& c);
  ~sink() override;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch) override;
  void flush() override;

  void prepare(std::uint64_t cut, std::string& to);
  void commit(std::uint64_t cut, std::string_view prepared);
  void abort(std::uint64_t cut, std::string_view prepared);
  /// What cannot be decided yet, because of another sink's open transaction, is left to the next process(), flush() or prepare().
  void recover(std::uint64_t cut, std::string_view prepared);
  bool hands_over() const { return true; }
  void take_over(std::uint64_t cut, std::string_view prepared);

 protected:
  void open() override;

 private:
  struct text_column {
    std::size_t index = 0;
    std::string name;  // of a header
  };
  void produce(const weir::batch_view& batch, std::uint32_t row);
  void keep(const weir::batch_view& batch, std::uint32_t row);
  conf_ptr producer_conf(news* to, bool transactional) const;
  void check_transactions(weir::binder& b) const;
  /// Writes what is left of restored epochs, where it was not written. wait: for other sinks' open transactions; with `patience`
  /// nothing is left, or it has failed.
  void settle(std::chrono::milliseconds wait);
  void check();
  static void delivered(rd_kafka_t*, const rd_kafka_message_t*, void*);
  static std::optional<std::string_view> bytes_of(const weir::column_view& c, std::uint32_t row, std::string& scratch);

  const weir::config config_;
  const std::string topic_name_;
  const bool lossy_, exactly_;
  std::size_t value_ = 0;
  std::optional<text_column> key_;
  std::vector<text_column> headers_;

  news news_;
  handle_ptr producer_;
  topic_ptr topic_;
  std::string failed_;  // the first delivery that failed for good; written in poll(), which this thread calls
  std::uint64_t lost_ = 0;
  std::string key_text_, header_text_;

  transaction_settings transaction_;
  struct restored {
    std::string prepared;
    std::unique_ptr<transactions> writer;  // of an id that is not ours; null: ours
  };
  std::vector<restored> restored_;  // epochs of the restored cut of which it is not known whether they were written

  // Exactly-once.
  std::unique_ptr<transactions> writer_;
  std::string life_;                        // of this instance
  std::string kept_;                        // records since the last cut
  std::uint64_t newest_ = 0, written_ = 0;  // epochs of this instance
  std::size_t record_max_ = 0;
  record record_;
  std::vector<std::string> texts_;
};

}  // namespace kafka
