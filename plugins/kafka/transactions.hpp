#pragma once
// One transactional id of a sink. librdkafka cannot take up a transaction that another process left prepared: init_transactions
// aborts it. So nothing is left prepared. The records of an epoch wait in the snapshot, and once the cut is durable they are written
// in one transaction, together with a progress record that says so:
//
//   commit(epoch): begin | records -> topic | (writer/life -> number) -> progress topic | commit
//   recover(epoch): init_transactions: the old instance is fenced, what it had open is aborted
//                   read the progress topic (read_committed): the number is there -> nothing to do; else commit(epoch)
//
// The progress topic is shared, and can be read only up to the first record of a transaction that is open: that of another sink which
// died with this one and is to be recovered behind it. So recovery goes on where it cannot be read yet, and is made good later.
//
// Nothing is open between two commits, so an instance that follows another one while records flow takes the id over (init_transactions)
// only when it has something to commit itself: by then the one before has committed its last epoch.
//
// The progress topic is compacted: the newest number of each instance stays.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "client.hpp"
#include "epoch.hpp"
#include "weir/config.hpp"
#include "weir/types.hpp"

namespace kafka {

struct transaction_settings {
  std::string topic, progress_topic;
  std::chrono::milliseconds timeout{};
  /// The producer's configuration, without what makes it transactional.
  std::function<conf_ptr(news*)> conf;
  /// What reaches the brokers, and nothing else.
  std::function<conf_ptr(news*)> plain_conf;
  /// Where what librdkafka says is told.
  std::function<void(weir::log_level, const std::string&)> log;
};

/// What is wrong with a transaction timeout, by what the broker says; empty: nothing, or it does not say. why: it did not answer.
std::string too_long(rd_kafka_t* client, std::chrono::milliseconds timeout, int wait_ms, std::string& why);

/// [task]. Calls block, up to the time a broker may take to come back; then they throw weir::external_failure.
class transactions {
 public:
  /// Connects in the background.
  transactions(const transaction_settings& s, std::string id);
  ~transactions();
  transactions(const transactions&) = delete;
  transactions& operator=(const transactions&) = delete;

  const std::string& id() const { return id_; }
  /// The brokers answer, and the progress topic is there.
  void reach();
  /// Fences every other instance that has the id. Once; write() and written() do it, too.
  void take_over();
  /// Writes the records of an epoch, all or none.
  void write(const epoch& e);
  /// Whether the epoch was written, by whoever. Nothing: a transaction of another sink has been open for `wait`; only with less than
  /// `patience`, which is a failure.
  std::optional<bool> written(const epoch& e, std::chrono::milliseconds wait);

 private:
  void init();
  void begin();
  void produce(const epoch& e);
  void produce_progress(const epoch& e);
  void wait_for_room(std::optional<standstill>& still);
  void wait_for_acknowledgements();
  void finish();
  void abandon();
  void tell();
  void make_progress_topic();
  std::optional<std::map<std::string, std::uint64_t>> read_progress(std::chrono::milliseconds wait);
  topic_ptr open_topic(const std::string& name, const char* option);

  const transaction_settings& settings_;
  const std::string id_;
  news news_;
  handle_ptr producer_;
  topic_ptr topic_;
  topic_ptr progress_;
  bool reached_ = false, mine_ = false;
  std::string refused_;  // the first record that the broker refused; written in poll(), which this thread calls
};

}  // namespace kafka
