#include "transactions.hpp"

#include <charconv>
#include <thread>

#include "shared/fault_point.hpp"
#include "weir/failure.hpp"

namespace kafka {
namespace {

using clock = std::chrono::steady_clock;
using weir::shared::fault_point;

constexpr std::chrono::milliseconds pause{200};

struct error_destroy {
  void operator()(rd_kafka_error_t* e) const { rd_kafka_error_destroy(e); }
};
using error_ptr = std::unique_ptr<rd_kafka_error_t, error_destroy>;

/// A transaction failed in a way that a new one may not.
struct try_again {
  std::string why;
};

int left_ms(clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

std::string key_of(const epoch& e) { return e.writer + "/" + e.life; }

}  // namespace

std::string too_long(rd_kafka_t* client, std::chrono::milliseconds timeout, int wait_ms, std::string& why) {
  const auto told = broker_setting(client, "transaction.max.timeout.ms", wait_ms, why);
  std::int64_t most = 0;
  if (!told || std::from_chars(told->data(), told->data() + told->size(), most).ec != std::errc{} ||
      timeout.count() <= most)
    return {};
  return "is " + std::to_string(timeout.count()) +
         " ms, longer than the broker allows (its transaction.max.timeout.ms is " + *told +
         "): lower it, or raise the broker's setting";
}

transactions::transactions(const transaction_settings& s, std::string id) : settings_(s), id_(std::move(id)) {
  auto conf = settings_.conf(&news_);
  set(conf.get(), "transactional.id", id_, "transactional_id_prefix");
  set(conf.get(), "transaction.timeout.ms", std::to_string(settings_.timeout.count()), "transaction_timeout");
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* m, void*) {
    auto* me = static_cast<transactions*>(m->_private);
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && me->refused_.empty()) me->refused_ = rd_kafka_err2str(m->err);
  });
  producer_ = make_handle(RD_KAFKA_PRODUCER, std::move(conf));
  topic_ = open_topic(settings_.topic, "topic");
  progress_ = open_topic(settings_.progress_topic, "progress_topic");
}

void transactions::reach() {
  if (reached_) return;
  make_progress_topic();
  std::string no_answer;
  if (const auto wrong = too_long(producer_.get(), settings_.timeout, ask_timeout_ms, no_answer); !wrong.empty())
    throw weir::config_error{"transaction_timeout", wrong};
  reached_ = true;
}

void transactions::take_over() {
  if (mine_) return;
  reach();
  init();
  mine_ = true;
}

void transactions::init() {
  const auto until = clock::now() + patience;
  for (;;) {
    const error_ptr failed{rd_kafka_init_transactions(producer_.get(), left_ms(until))};
    tell();
    if (!failed) {
      fault_point("kafka.taken_over");
      return;
    }
    const auto code = rd_kafka_error_code(failed.get());
    if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
      throw weir::config_error{
          "transaction_timeout",
          "is longer than the broker allows: lower it, or raise the broker's transaction.max.timeout.ms"};
    if (!rd_kafka_error_is_retriable(failed.get()) || clock::now() >= until)
      throw weir::external_failure{"the transactions of '" + id_ + "' cannot be taken over: " +
                                   rd_kafka_error_string(failed.get()) + "; check `brokers` and that the broker runs"};
    std::this_thread::sleep_for(pause);
  }
}

transactions::~transactions() {
  if (!producer_) return;
  // After an error: what is still queued must not hold up the end of the process.
  rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer_.get(), 1000);
}

topic_ptr transactions::open_topic(const std::string& name, const char* option) {
  topic_ptr made{rd_kafka_topic_new(producer_.get(), name.c_str(), nullptr)};
  if (!made) throw weir::config_error{option, "'" + name + "' is not a topic name"};
  return made;
}

void transactions::tell() {
  for (const auto& line : news_.take_lines())
    settings_.log(line.level <= 3 ? weir::log_level::error : weir::log_level::warn, "Kafka client: " + line.text);
}

// A topic that keeps the newest record of each key. Somebody may have made it before, with more replicas.
void transactions::make_progress_topic() {
  char why[512];
  struct deleter {
    void operator()(rd_kafka_NewTopic_t* t) const { rd_kafka_NewTopic_destroy(t); }
    void operator()(rd_kafka_AdminOptions_t* o) const { rd_kafka_AdminOptions_destroy(o); }
    void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); }
  };
  const auto until = clock::now() + patience;
  for (;;) {
    const rd_kafka_metadata_t* raw = nullptr;
    const auto asked = rd_kafka_metadata(producer_.get(), 0, progress_.get(), &raw, ask_timeout_ms);
    const metadata_ptr metadata{raw};
    if (asked == RD_KAFKA_RESP_ERR_NO_ERROR && raw->topic_cnt == 1 &&
        raw->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR && raw->topics[0].partition_cnt > 0)
      return;
    tell();
    if (clock::now() >= until)
      throw weir::external_failure{
          "the topic '" + settings_.progress_topic +
          "' for the progress of transactions is not there and cannot be made (" + rd_kafka_err2str(asked) +
          "): make it with cleanup.policy=compact and one partition, or correct `progress_topic`"};
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::this_thread::sleep_for(pause);
      continue;
    }
    std::unique_ptr<rd_kafka_NewTopic_t, deleter> topic{
        rd_kafka_NewTopic_new(settings_.progress_topic.c_str(), 1, -1, why, sizeof why)};
    if (!topic) throw weir::config_error{"progress_topic", why};
    rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "compact");
    std::unique_ptr<rd_kafka_AdminOptions_t, deleter> options{
        rd_kafka_AdminOptions_new(producer_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS)};
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), ask_timeout_ms, why, sizeof why);
    const queue_ptr answers{rd_kafka_queue_new(producer_.get())};
    rd_kafka_NewTopic_t* one = topic.get();
    rd_kafka_CreateTopics(producer_.get(), &one, 1, options.get(), answers.get());
    // Whatever it says (also: it is there): the next look at the topic decides.
    const std::unique_ptr<rd_kafka_event_t, deleter> answer{rd_kafka_queue_poll(answers.get(), 2 * ask_timeout_ms)};
    std::this_thread::sleep_for(pause);
  }
}

void transactions::begin() {
  refused_.clear();
  if (const error_ptr failed{rd_kafka_begin_transaction(producer_.get())})
    throw weir::external_failure{"no transaction of '" + id_ +
                                 "' can be begun: " + rd_kafka_error_string(failed.get())};
}

void transactions::wait_for_room(std::optional<standstill>& still) {
  if (!still) still.emplace(producer_.get());
  rd_kafka_poll(producer_.get(), room_wait_ms);
  tell();
  if (!refused_.empty()) throw try_again{refused_};
  still->look();
}

void transactions::produce(const epoch& e) {
  record_reader all(e.records);
  const auto text = [](const std::optional<std::string_view>& v) { return v ? const_cast<char*>(v->data()) : nullptr; };
  const auto size = [](const std::optional<std::string_view>& v) { return v ? v->size() : 0; };
  for (record r; all.next(r);) {
    for (std::optional<standstill> still;;) {
      rd_kafka_headers_t* headers = r.headers.empty() ? nullptr : rd_kafka_headers_new(r.headers.size());
      for (const auto& [name, value] : r.headers)
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text(value),
                            static_cast<ssize_t>(size(value)));
      rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!headers) {
        if (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, text(r.value), size(r.value),
                             text(r.key), size(r.key), this) != 0)
          code = rd_kafka_last_error();
      } else {
        code =
            rd_kafka_producev(producer_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_VALUE(text(r.value), size(r.value)), RD_KAFKA_V_KEY(text(r.key), size(r.key)),
                              RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(this), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
      }
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw try_again{rd_kafka_err2str(code)};
      wait_for_room(still);
    }
  }
}

void transactions::produce_progress(const epoch& e) {
  const std::string key = key_of(e), value = std::to_string(e.number);
  std::optional<standstill> still;
  while (rd_kafka_produce(progress_.get(), 0, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()), value.size(),
                          key.data(), key.size(), this) != 0) {
    const auto code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw try_again{rd_kafka_err2str(code)};
    wait_for_room(still);
  }
}

void transactions::wait_for_acknowledgements() {
  for (standstill still{producer_.get()}; rd_kafka_outq_len(producer_.get()) > 0; still.look()) {
    rd_kafka_flush(producer_.get(), 500);
    tell();
  }
  if (!refused_.empty()) throw try_again{refused_};
}

void transactions::finish() {
  for (const auto until = clock::now() + patience;;) {
    const error_ptr failed{rd_kafka_commit_transaction(producer_.get(), left_ms(until))};
    tell();
    if (!failed) return;
    if (rd_kafka_error_txn_requires_abort(failed.get())) throw try_again{rd_kafka_error_string(failed.get())};
    // Whether it is committed is not known now: the task fails, and recover() looks at the progress record.
    if (!rd_kafka_error_is_retriable(failed.get()) || clock::now() >= until)
      throw weir::external_failure{"a transaction of '" + id_ +
                                   "' cannot be committed: " + rd_kafka_error_string(failed.get())};
    std::this_thread::sleep_for(pause);
  }
}

void transactions::abandon() {
  // An abort while the first records are on their way can end the producer: they are waited for (those of an aborted one fail soon).
  const auto until = clock::now() + patience;
  rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE);
  rd_kafka_flush(producer_.get(), left_ms(until));
  const error_ptr failed{rd_kafka_abort_transaction(producer_.get(), left_ms(until))};
  tell();
  if (failed)
    throw weir::external_failure{"a transaction of '" + id_ +
                                 "' cannot be committed, nor aborted: " + rd_kafka_error_string(failed.get())};
}

void transactions::write(const epoch& e) {
  take_over();
  constexpr int tries = 3;
  for (int left = tries - 1;; --left) {
    begin();
    try {
      fault_point("kafka.begun");
      produce(e);
      // Behind all of them: the progress topic is shared, and nobody can read past a record of an open transaction.
      wait_for_acknowledgements();
      fault_point("kafka.before_progress");
      produce_progress(e);
      fault_point("kafka.progress_produced");
      wait_for_acknowledgements();
      fault_point("kafka.before_commit");
      finish();
      fault_point("kafka.committed");
      return;
    } catch (const try_again& failed) {
      const bool fatal = rd_kafka_fatal_error(producer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
      const std::string why = fatal ? news_.fatal() : failed.why;
      if (fatal)
        throw weir::external_failure{"the producer '" + id_ + "' has failed: " + (why.empty() ? failed.why : why) +
                                     ": is another one running with this id?"};
      abandon();
      if (left == 0)
        throw weir::external_failure{"records for topic '" + settings_.topic + "' were not accepted, " +
                                     std::to_string(tries) + " times: " + why + "; check the topic and the broker"};
      settings_.log(weir::log_level::warn, "a transaction was aborted and is written again: " + why);
      std::this_thread::sleep_for(pause);
    }
  }
}

std::optional<bool> transactions::written(const epoch& e, std::chrono::milliseconds wait) {
  take_over();
  const auto progress = read_progress(wait);
  fault_point("kafka.progress_read");
  if (!progress) return std::nullopt;
  const auto found = progress->find(key_of(e));
  return found != progress->end() && found->second >= e.number;
}

std::optional<std::map<std::string, std::uint64_t>> transactions::read_progress(std::chrono::milliseconds wait) {
  news said;
  conf_ptr reader_conf = settings_.plain_conf(&said);
  set(reader_conf.get(), "group.id", "weir-progress", "progress_topic");
  set(reader_conf.get(), "isolation.level", "read_committed", "progress_topic");
  set(reader_conf.get(), "enable.partition.eof", "true", "progress_topic");
  set(reader_conf.get(), "enable.auto.commit", "false", "progress_topic");
  set(reader_conf.get(), "auto.offset.reset", "earliest", "progress_topic");
  const handle_ptr reader = make_handle(RD_KAFKA_CONSUMER, std::move(reader_conf));
  rd_kafka_poll_set_consumer(reader.get());
  const auto place = new_partitions(1);
  rd_kafka_topic_partition_list_add(place.get(), settings_.progress_topic.c_str(), 0)->offset =
      RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(reader.get(), place.get());
  std::map<std::string, std::uint64_t> out;
  std::string trouble = "no answer";
  const auto began = clock::now(), until = began + patience;
  for (bool complete = false; !complete;) {
    if (clock::now() >= until) {
      rd_kafka_consumer_close(reader.get());
      throw weir::external_failure{"the progress of transactions cannot be read from topic '" +
                                   settings_.progress_topic + "': " + trouble};
    }
    rd_kafka_message_t* const m = rd_kafka_consumer_poll(reader.get(), room_wait_ms);
    if (!m) continue;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && m->key && m->payload) {
      std::uint64_t number = 0;
      const auto* text = static_cast<const char*>(m->payload);
      std::from_chars(text, text + m->len, number);
      auto& newest = out[std::string{static_cast<const char*>(m->key), m->key_len}];
      if (number > newest) newest = number;
    } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      // What is behind an open transaction of somebody else is not shown yet, and may be ours.
      std::int64_t low = 0, high = 0;
      rd_kafka_get_watermark_offsets(reader.get(), settings_.progress_topic.c_str(), 0, &low, &high);
      complete = m->offset >= high;
      trouble = "a transaction of another sink has been open there for " + std::to_string(patience.count()) + " s";
      if (!complete && wait < patience && clock::now() - began >= wait) {
        rd_kafka_message_destroy(m);
        rd_kafka_consumer_close(reader.get());
        return std::nullopt;
      }
      if (!complete) {  // the end is told once; asked from here again
        place->elems[0].offset = m->offset;
        rd_kafka_message_destroy(m);
        std::this_thread::sleep_for(pause);
        rd_kafka_assign(reader.get(), place.get());
        continue;
      }
    } else if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      trouble = rd_kafka_message_errstr(m);
    }
    rd_kafka_message_destroy(m);
  }
  rd_kafka_consumer_close(reader.get());
  return out;
}

}  // namespace kafka
