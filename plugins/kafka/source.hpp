#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "weir/source.hpp"

namespace kafka {

/// Reads partitions as splits ("topic/3"); one consumer a subtask, assigned by weir, never by a consumer group's rebalance. The
/// position of a split is the next offset, as decimal text.
class source : public weir::source {
 public:
  static constexpr const char* summary() { return "Records of Kafka topics; a partition is a split."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("brokers", weir::text).required().doc("Addresses of brokers, host:port, separated by commas."),
        option("topic", weir::list_of_text).required().doc("The topic, or a list of topics."),
        option("group", weir::text)
            .doc("Consumer group whose offsets are read (start) and written (commit_on_checkpoint)."),
        option("start", weir::choice("group-offsets|earliest|latest|timestamp"))
            .fallback("\"group-offsets\"")
            .doc("Where a partition without a position begins; group-offsets: earliest when the group has none."),
        option("start_timestamp", weir::text).doc("With start = \"timestamp\": milliseconds since 1970."),
        option("bounded", weir::choice("never|latest"))
            .fallback("\"never\"")
            .doc("latest: the source ends at the offsets that were the newest when it began."),
        option("topic_timeout", weir::timespan)
            .fallback("\"1m\"")
            .doc("How long a topic that is not there is waited for; then the pipeline fails."),
        option("discovery_interval", weir::timespan).fallback("\"5m\"").doc("How often new partitions are looked for."),
        option("commit_on_checkpoint", weir::flag).fallback("true").doc("Tell the group's offsets to the broker."),
        option("metadata", weir::list_of_text)
            .doc("More columns: any of topic, partition, offset, timestamp, headers."),
        option("properties", weir::map).doc("Passed through to librdkafka."));
  }
  explicit source(const weir::config& c);
  ~source() override;

  void bind(weir::binder& b) override;
  void discover(weir::split_list& splits) override;
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override;
  void close_split(std::uint32_t split) override;
  weir::polled poll(weir::duration wait, weir::batch_output& out) override;
  void position(std::uint32_t split, std::string& to) override;
  void on_committed(std::uint32_t split, std::string_view position) override;

 protected:
  void open() override;

 private:
  enum class from { group_offsets, earliest, latest, timestamp };
  struct partition {
    std::uint32_t split = 0;
    std::string topic;
    std::int32_t number = 0;
    std::int64_t next = RD_KAFKA_OFFSET_INVALID;  // INVALID: nothing read yet
    std::int64_t end = -1;                        // bounded: stop before this offset; -1: never
    std::int64_t log_end = -1;                    // where the log ended in the poll that is running; -1: not there
    bool done = false;
    std::vector<rd_kafka_message_t*> batch;  // of the poll that is running
  };
  struct columns {
    int topic = -1, partition = -1, offset = -1, timestamp = -1, headers = -1;
  };

  template <class Ask>
  rd_kafka_resp_err_t patiently(Ask ask);
  std::int64_t start_offset(const std::string& topic, std::int32_t number);
  [[noreturn]] void topic_missing(const std::string& topic, rd_kafka_resp_err_t code);
  void assign();
  partition* find(const rd_kafka_message_t& m);
  void take(rd_kafka_message_t* m);
  void emit(partition& p, weir::batch_output& out);
  void end_if_bounded(partition& p);
  void tell_news();
  std::pair<std::int64_t, std::int64_t> watermarks(const std::string& topic, std::int32_t number);

  const weir::config config_;
  const std::vector<std::string> topics_;
  const std::string group_;
  from from_;
  std::int64_t start_ms_ = 0;
  const bool bounded_;
  const weir::duration topic_timeout_;
  const weir::duration discovery_interval_;
  const bool commit_;
  std::vector<std::string> metadata_;
  columns at_;

  /// Of the instance that discovers: since when a topic has been missing without a break.
  std::optional<std::chrono::steady_clock::time_point> missing_since_;

  news news_;
  handle_ptr consumer_;
  queue_ptr queue_;
  std::vector<partition> partitions_;
  std::size_t last_found_ = 0;
  std::vector<rd_kafka_message_t*> messages_;
  bool reassign_ = false;
};

}  // namespace kafka
