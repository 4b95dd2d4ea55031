#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "weir/batch_operator.hpp"

namespace kafka {

/// Writes each row's `value` as a record of one topic. At-least-once: flush() returns when every record of this subtask is
/// acknowledged; a record that the broker refuses for good fails the task, so nothing is lost silently.
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
        option("partitioner", weir::choice("murmur2_random|murmur2|consistent_random|consistent|fnv1a_random|fnv1a|random"))
            .fallback("\"murmur2_random\"")
            .doc("How a key finds its partition; murmur2_random is what Java clients do."),
        option("compression", weir::choice("none|lz4|zstd|gzip|snappy")).fallback("\"lz4\"").doc("Of the batches on the wire."),
        option("delivery", weir::choice("at-least-once|none"))
            .fallback("\"at-least-once\"")
            .doc("none: records may be lost without an error when the broker fails."),
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

 protected:
  void open() override;

 private:
  struct text_column {
    std::size_t index = 0;
    std::string name;  // of a header
  };
  void produce(const weir::batch_view& batch, std::uint32_t row);
  void check();
  static void delivered(rd_kafka_t*, const rd_kafka_message_t*, void*);
  static std::optional<std::string_view> bytes_of(const weir::column_view& c, std::uint32_t row, std::string& scratch);

  const weir::config config_;
  const std::string topic_name_;
  const bool lossy_;
  std::size_t value_ = 0;
  std::optional<text_column> key_;
  std::vector<text_column> headers_;

  news news_;
  handle_ptr producer_;
  rd_kafka_topic_t* topic_ = nullptr;
  std::string failed_;  // the first delivery that failed for good; written in poll(), which this thread calls
  std::uint64_t lost_ = 0;
  std::string key_text_, header_text_;
};

}  // namespace kafka
