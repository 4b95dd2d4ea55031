#pragma once
// librdkafka's handles as owners, its configuration from ours, and its callbacks as counters that the subtask's thread reads:
// nothing of the host is ever called from a thread of librdkafka.
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "weir/config.hpp"

namespace kafka {

/// How long one look at a full queue, or for a message, lasts.
constexpr int room_wait_ms = 100;
/// How long the broker has for the answer to one question.
constexpr int ask_timeout_ms = 5000;
/// How long a broker may be away before the task fails and begins again at its last cut. Below the host's limit for one call.
constexpr std::chrono::seconds patience{40};

struct destroy {
  void operator()(rd_kafka_conf_t* c) const { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_topic_partition_list_t* l) const { rd_kafka_topic_partition_list_destroy(l); }
  void operator()(rd_kafka_queue_t* q) const { rd_kafka_queue_destroy(q); }
  void operator()(const rd_kafka_metadata_t* m) const { rd_kafka_metadata_destroy(m); }
  void operator()(rd_kafka_topic_t* t) const { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_t* k) const { rd_kafka_destroy(k); }
};
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, destroy>;
using partitions_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t, destroy>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, destroy>;
using metadata_ptr = std::unique_ptr<const rd_kafka_metadata_t, destroy>;
/// Goes before the handle that it was opened with: declare it behind.
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, destroy>;
using handle_ptr = std::unique_ptr<rd_kafka_t, destroy>;

inline partitions_ptr new_partitions(int size) { return partitions_ptr{rd_kafka_topic_partition_list_new(size)}; }

/// What librdkafka's threads have said. Written by them, read by the subtask's thread.
class news {
 public:
  void error(rd_kafka_resp_err_t code, std::string why, bool fatal);
  void log(int level, std::string text);
  /// What was said since the last call; level as in syslog.
  struct line {
    int level;
    std::string text;
  };
  std::vector<line> take_lines();
  /// A failure that librdkafka cannot recover from; empty: none.
  std::string fatal();

 private:
  static constexpr std::size_t lines_max = 100;  // a broker that is down must not fill the memory with complaints
  std::mutex mutex_;
  std::vector<line> lines_;
  std::size_t dropped_ = 0;
  std::string fatal_;
  std::string last_error_;
};

/// Options that source and sink share, as a librdkafka configuration. Throws weir::config_error that names the property.
conf_ptr make_conf(const weir::config& c, news* to);
void set(rd_kafka_conf_t* conf, const char* name, const std::string& value, const char* option);
/// What a broker says of one of its settings; nullopt: it does not answer in time (then `why`), or does not tell (then it is empty).
std::optional<std::string> broker_setting(rd_kafka_t* client, const char* name, int wait_ms, std::string& why);
/// A wait for acknowledgements, seen from its beginning: ends the task when none comes for `patience`. Nothing may be produced
/// meanwhile.
class standstill {
 public:
  explicit standstill(rd_kafka_t* producer) : producer_(producer), left_(rd_kafka_outq_len(producer)) {}
  /// After each look at the producer. Throws weir::external_failure.
  void look();

 private:
  rd_kafka_t* producer_;
  int left_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};
/// Throws weir::external_failure.
handle_ptr make_handle(rd_kafka_type_t type, conf_ptr conf);

}  // namespace kafka
