#include "sink.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <mutex>
#include <random>
#include <set>

namespace kafka {
namespace {

constexpr char hex[] = "0123456789abcdef";
/// How long a sink that is recovered waits for transactions of others: they may have to be recovered behind it on this thread.
constexpr std::chrono::milliseconds recover_wait{300};

/// Brokers that did not answer who checks a pipeline: its other sinks do not wait for them again. Of that process alone.
class away_brokers {
 public:
  static bool has(const std::string& brokers) {
    const std::lock_guard lock(all().mutex_);
    return all().names_.contains(brokers);
  }
  static void add(const std::string& brokers) {
    const std::lock_guard lock(all().mutex_);
    all().names_.insert(brokers);
  }

 private:
  static away_brokers& all() {
    static away_brokers a;
    return a;
  }
  std::mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace

sink::sink(const weir::config& c)
    : config_(c),
      topic_name_(c.get<std::string>("topic")),
      lossy_(c.get<std::string>("delivery") == "none"),
      exactly_(c.get<std::string>("delivery") == "exactly-once") {
  make_conf(config_, nullptr);
  // Also without exactly-once: the cut that is restored may be of a version that had it.
  transaction_.topic = topic_name_;
  transaction_.progress_topic = c.get<std::string>("progress_topic");
  transaction_.timeout = c.get<std::chrono::milliseconds>("transaction_timeout");
  transaction_.conf = [this](news* to) { return producer_conf(to, true); };
  transaction_.plain_conf = [this](news* to) { return make_conf(config_, to); };
  transaction_.log = [this](weir::log_level level, const std::string& text) { log(level, text); };
  if (!exactly_) return;
  if (c.get("transactional_id_prefix", "").empty())
    throw c.error("transactional_id_prefix",
                  "is needed with delivery = \"exactly-once\": a name that no other pipeline uses on these brokers");
  if (transaction_.progress_topic == topic_name_) throw c.error("progress_topic", "must be another one than `topic`");
}

sink::~sink() {
  if (!producer_) return;
  // After an error: what is still queued must not hold up the end of the process.
  rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer_.get(), 1000);
}

void sink::bind(weir::binder& b) {
  const auto& in = b.input();
  auto must_be = [&](const std::string& option, const std::string& name, bool binary_only) {
    const auto at = static_cast<std::size_t>(in.require(name));
    const auto kind = in[at].kind;
    const bool bytes = kind == weir::type::utf8 || kind == weir::type::binary;
    const bool number = kind == weir::type::int32 || kind == weir::type::int64;
    if (!bytes && (binary_only || !number))
      throw weir::config_error{option, "column '" + name + "' is " + to_string(in[at]) + "; " +
                                           (binary_only ? "a record's value is binary or utf8: give the sink a `format`"
                                                        : "it must be utf8, binary, int32 or int64")};
    return at;
  };
  value_ = must_be("", "value", true);
  if (config_.has("key")) key_ = text_column{must_be("key", config_.get<std::string>("key"), false), ""};
  const auto headers = config_.at("headers");
  headers_.clear();
  for (const auto& name : headers.keys())
    headers_.push_back({must_be("headers." + name, headers.get<std::string>(name), false), name});
  if (exactly_) check_transactions(b);
}

void sink::check_transactions(weir::binder& b) const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto interval = duration_cast<milliseconds>(b.checkpoint_interval()),
             restart = duration_cast<milliseconds>(b.restart_pause());
  if (interval.count() == 0)
    b.error(WEIR_E_CONFIG, "delivery",
            "is \"exactly-once\", but the pipeline takes no checkpoints, and records become visible with them: add "
            "[checkpoint]");
  else if (transaction_.timeout < interval + restart)
    b.error(WEIR_E_CONFIG, "transaction_timeout",
            "must be at least the checkpoint interval and the longest pause before a restart together, " +
                std::to_string((interval + restart).count()) +
                " ms: the broker would abort transactions of a pipeline that is well");
  const auto patience = duration_cast<milliseconds>(b.may_ask_outside());
  const std::string brokers = config_.get<std::string>("brokers");
  if (patience.count() == 0 || away_brokers::has(brokers)) return;
  news said;
  const auto client = make_handle(RD_KAFKA_PRODUCER, make_conf(config_, &said));
  std::string no_answer;
  const auto wrong = too_long(client.get(), transaction_.timeout, static_cast<int>(patience.count()), no_answer);
  if (!wrong.empty()) return b.error(WEIR_E_CONFIG, "transaction_timeout", wrong);
  if (no_answer.empty()) return;
  b.warn("brokers", "the brokers at " + brokers + " were not asked what they allow: " + no_answer);
  away_brokers::add(brokers);
}

conf_ptr sink::producer_conf(news* to, bool transactional) const {
  auto conf = make_conf(config_, to);
  set(conf.get(), "partitioner", config_.get<std::string>("partitioner"), "partitioner");
  set(conf.get(), "compression.type", config_.get<std::string>("compression"), "compression");
  auto timeout = config_.get<std::chrono::milliseconds>("delivery_timeout");
  if (transactional) timeout = std::min(timeout, transaction_.timeout);  // no record outlives its transaction
  set(conf.get(), "delivery.timeout.ms", std::to_string(timeout.count()), "delivery_timeout");
  const auto properties = config_.at("properties");
  // Order per key and no duplicates from the client's own retries, unless somebody asks for something else.
  if (!lossy_ && !properties.has("enable.idempotence")) set(conf.get(), "enable.idempotence", "true", "properties");
  if (!properties.has("linger.ms") && !properties.has("queue.buffering.max.ms"))
    set(conf.get(), "linger.ms", "5", "properties");
  if (lossy_ && !properties.has("acks") && !properties.has("request.required.acks"))
    set(conf.get(), "acks", "0", "properties");
  return conf;
}

void sink::open() {
  auto conf = producer_conf(&news_, exactly_);
  if (exactly_) {
    std::random_device random;
    for (int i = 0; i < 4; ++i) life_ += std::to_string(random()) + (i < 3 ? "-" : "");
    char most[32];
    std::size_t size = sizeof most;
    rd_kafka_conf_get(conf.get(), "message.max.bytes", most, &size);
    std::from_chars(most, most + size, record_max_);
    const auto here = where();
    writer_ = std::make_unique<transactions>(transaction_, config_.get<std::string>("transactional_id_prefix") + "-" +
                                                               std::string{here.operator_id} + "-" +
                                                               std::to_string(here.subtask));
    return;
  }
  // news_ is the opaque of the callbacks that run in librdkafka's threads; deliveries are told to this object, in poll().
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &sink::delivered);
  producer_ = make_handle(RD_KAFKA_PRODUCER, std::move(conf));
  rd_kafka_topic_conf_t* topic_conf = rd_kafka_default_topic_conf_dup(producer_.get());
  rd_kafka_topic_conf_set_opaque(topic_conf, this);
  topic_.reset(rd_kafka_topic_new(producer_.get(), topic_name_.c_str(), topic_conf));
  if (!topic_) throw weir::config_error{"topic", "'" + topic_name_ + "' is not a topic name"};
}

void sink::delivered(rd_kafka_t*, const rd_kafka_message_t* m, void*) {
  if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  auto* me = static_cast<sink*>(rd_kafka_topic_opaque(m->rkt));
  ++me->lost_;
  if (me->failed_.empty()) me->failed_ = rd_kafka_err2str(m->err);
}

void sink::check() {
  for (const auto& line : news_.take_lines())
    log(line.level <= 3 ? weir::log_level::error : weir::log_level::warn, "Kafka client: " + line.text);
  if (auto why = news_.fatal(); !why.empty()) throw weir::external_failure{"the Kafka producer has failed: " + why};
  if (failed_.empty() || lossy_) return;
  throw weir::external_failure{std::to_string(lost_) + " records for topic '" + topic_name_ + "' at " +
                               config_.get<std::string>("brokers") + " were not accepted: " + failed_ +
                               "; check the topic and the broker, then run again from where the source stood"};
}

std::optional<std::string_view> sink::bytes_of(const weir::column_view& c, std::uint32_t row, std::string& scratch) {
  if (c.null(row)) return std::nullopt;
  switch (c.of().kind) {
    case weir::type::int32:
      scratch = std::to_string(c.value<std::int32_t>(row));
      return scratch;
    case weir::type::int64:
      scratch = std::to_string(c.value<std::int64_t>(row));
      return scratch;
    default:
      return c.text(row);
  }
}

void sink::produce(const weir::batch_view& batch, std::uint32_t row) {
  const auto value = bytes_of(batch.at(value_), row, header_text_);
  std::optional<std::string_view> key;
  if (key_) key = bytes_of(batch.at(key_->index), row, key_text_);
  char* value_data = value ? const_cast<char*>(value->data()) : nullptr;
  const char* key_data = key ? key->data() : nullptr;
  const std::size_t value_size = value ? value->size() : 0, key_size = key ? key->size() : 0;
  const auto& raw = batch.raw();
  const bool plain = headers_.empty() && !raw.trace_id;

  for (std::optional<standstill> still;;) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (plain) {
      const int refused = rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value_data,
                                           value_size, key_data, key_size, nullptr);
      if (refused) code = rd_kafka_last_error();
    } else {
      rd_kafka_headers_t* headers = rd_kafka_headers_new(headers_.size() + 2);
      if (raw.trace_id) {
        const std::uint8_t* id = raw.trace_id + std::size_t{row} * 16;
        char text[32];
        for (int i = 0; i < 16; ++i) text[2 * i] = hex[id[i] >> 4], text[2 * i + 1] = hex[id[i] & 15];
        rd_kafka_header_add(headers, "trace_id", -1, text, sizeof text);
        const auto source = source_name(raw.source_id[row]);
        rd_kafka_header_add(headers, "source_id", -1, source.data(), static_cast<ssize_t>(source.size()));
      }
      for (const auto& h : headers_) {
        const auto bytes = bytes_of(batch.at(h.index), row, header_text_);
        rd_kafka_header_add(headers, h.name.c_str(), -1, bytes ? bytes->data() : nullptr,
                            bytes ? static_cast<ssize_t>(bytes->size()) : 0);
      }
      code = rd_kafka_producev(producer_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                               RD_KAFKA_V_VALUE(value_data, value_size), RD_KAFKA_V_KEY(key_data, key_size),
                               RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      // The broker is slower than the pipeline: waiting here fills the queues in front, up to the source.
      if (!still) still.emplace(producer_.get());
      rd_kafka_poll(producer_.get(), room_wait_ms);
      check();
      still->look();
      continue;
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      dead_letter(batch, row,
                  "the record has " + std::to_string(value_size) +
                      " bytes, more than the producer sends (properties.\"message.max.bytes\")",
                  value.value_or(std::string_view{}));
      return;
    }
    throw weir::external_failure{"a record for topic '" + topic_name_ + "' was refused: " + rd_kafka_err2str(code)};
  }
}

// Exactly-once: the record waits for its cut.
void sink::keep(const weir::batch_view& batch, std::uint32_t row) {
  texts_.resize(headers_.size() + 2);
  record_.value = bytes_of(batch.at(value_), row, texts_[0]);
  record_.key = key_ ? bytes_of(batch.at(key_->index), row, texts_[1]) : std::nullopt;
  record_.headers.clear();
  char trace[32];
  const auto& raw = batch.raw();
  if (raw.trace_id) {
    const std::uint8_t* id = raw.trace_id + std::size_t{row} * 16;
    for (int i = 0; i < 16; ++i) trace[2 * i] = hex[id[i] >> 4], trace[2 * i + 1] = hex[id[i] & 15];
    record_.headers.emplace_back("trace_id", std::string_view{trace, sizeof trace});
    record_.headers.emplace_back("source_id", source_name(raw.source_id[row]));
  }
  for (std::size_t i = 0; i < headers_.size(); ++i)
    record_.headers.emplace_back(headers_[i].name, bytes_of(batch.at(headers_[i].index), row, texts_[i + 2]));
  const std::size_t before = kept_.size();
  append_record(kept_, record_);
  if (kept_.size() - before <= record_max_) return;
  kept_.resize(before);
  dead_letter(batch, row,
              "the record has " + std::to_string(record_.value ? record_.value->size() : 0) +
                  " bytes, more than the producer sends (properties.\"message.max.bytes\")",
              record_.value.value_or(std::string_view{}));
}

void sink::prepare(std::uint64_t, std::string& to) {
  settle(patience);
  if (!exactly_) return;
  // Before anybody relies on it: a version whose brokers do not answer fails while it can still be taken back.
  writer_->reach();
  write_epoch(to, {writer_->id(), life_, ++newest_, kept_});
  kept_.clear();
}

void sink::commit(std::uint64_t, std::string_view prepared) {
  if (!exactly_) return;
  const epoch e = read_epoch(prepared);
  if (e.life == life_ && e.number <= written_) return;  // told twice
  if (!e.records.empty()) writer_->write(e);
  if (e.life == life_) written_ = e.number;
}

void sink::abort(std::uint64_t, std::string_view prepared) {
  if (!exactly_) return;
  kept_.insert(0, read_epoch(prepared).records);
}

void sink::recover(std::uint64_t, std::string_view prepared) {
  if (writer_) writer_->take_over();  // a worker that was replaced and still lives is fenced from here on
  if (prepared.empty()) return;
  const epoch e = read_epoch(prepared);
  if (e.records.empty()) return;
  // Written under the id that it was prepared under: whoever else might write it is fenced.
  std::unique_ptr<transactions> other;
  if (!writer_ || e.writer != writer_->id()) other = std::make_unique<transactions>(transaction_, e.writer);
  if (other) other->take_over();
  restored_.push_back({std::string{prepared}, std::move(other)});
  settle(recover_wait);
}

void sink::settle(std::chrono::milliseconds wait) {
  while (!restored_.empty()) {
    const epoch e = read_epoch(restored_.front().prepared);
    transactions& as = restored_.front().writer ? *restored_.front().writer : *writer_;
    const auto written = as.written(e, wait);
    if (!written) return;
    if (!*written) as.write(e);
    restored_.erase(restored_.begin());
  }
}

// The instance before is told itself what becomes of what it has prepared, and both keep their records until then.
void sink::take_over(std::uint64_t, std::string_view) {}

void sink::process(const weir::batch_view& batch) {
  settle(patience);
  if (exactly_) {
    for (const auto row : batch.rows()) keep(batch, row);
    return;
  }
  for (const auto row : batch.rows()) produce(batch, row);
  rd_kafka_poll(producer_.get(), 0);
  check();
}

void sink::flush() {
  settle(patience);
  if (exactly_) return;
  for (standstill still{producer_.get()}; rd_kafka_outq_len(producer_.get()) > 0; still.look()) {
    rd_kafka_flush(producer_.get(), 500);
    check();
  }
  check();
}

}  // namespace kafka
