#include "source.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

namespace kafka {
namespace {

constexpr std::size_t messages_per_poll = 4096;
/// How long a question about offsets is asked again, and the pause between two tries.
constexpr std::chrono::seconds offsets_patience{30};
constexpr std::chrono::milliseconds offsets_pause{100};

weir::field column(std::string name, weir::type kind, bool nullable = false) {
  weir::field f;
  f.name = std::move(name);
  f.kind = kind;
  f.nullable = nullable;
  return f;
}

weir::field headers_column() {
  weir::field item = column("item", weir::type::record);
  item.children = {column("key", weir::type::utf8), column("value", weir::type::binary, true)};
  weir::field list = column("headers", weir::type::list);
  list.children = {std::move(item)};
  return list;
}

/// What a broker says while leaders are elected, topics are new, or it is just starting: the same question may work in a moment.
bool passes_by(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return true;
    default:
      return false;
  }
}

std::string split_id(const std::string& topic, std::int32_t partition) {
  return topic + "/" + std::to_string(partition);
}

}  // namespace

source::source(const weir::config& c)
    : config_(c),
      topics_(c.get<std::vector<std::string>>("topic")),
      group_(c.get("group", "")),
      from_(c.choice<from>("start", {{"group-offsets", from::group_offsets},
                                     {"earliest", from::earliest},
                                     {"latest", from::latest},
                                     {"timestamp", from::timestamp}})),
      bounded_(c.get<std::string>("bounded") == "latest"),
      topic_timeout_(c.get<weir::duration>("topic_timeout")),
      discovery_interval_(c.get<weir::duration>("discovery_interval")),
      commit_(c.get<bool>("commit_on_checkpoint")),
      metadata_(c.get("metadata", std::vector<std::string>{})) {
  if (topics_.empty()) throw c.error("topic", "names no topic");
  if (from_ == from::timestamp) {
    const auto text = c.get<std::string>("start_timestamp");
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), start_ms_);
    if (bad != std::errc{} || end != text.data() + text.size())
      throw c.error("start_timestamp", "must be milliseconds since 1970, such as \"1700000000000\"");
  }
  for (const auto& name : metadata_)
    if (name != "topic" && name != "partition" && name != "offset" && name != "timestamp" && name != "headers")
      throw c.error("metadata", "'" + name + "' is not one of topic, partition, offset, timestamp, headers");
  make_conf(config_, nullptr);  // a wrong property is an error of `weir check`, without a broker
}

source::~source() {
  if (!consumer_) return;
  queue_.reset();
  rd_kafka_consumer_close(consumer_.get());
}

void source::bind(weir::binder& b) {
  weir::schema s;
  s.fields.push_back(column("key", weir::type::binary, true));
  s.fields.push_back(column("value", weir::type::binary, true));
  auto add = [&](const char* name, weir::type kind, bool nullable, int& at) {
    if (std::find(metadata_.begin(), metadata_.end(), name) == metadata_.end()) return;
    at = static_cast<int>(s.fields.size());
    s.fields.push_back(kind == weir::type::list ? headers_column() : column(name, kind, nullable));
  };
  at_ = {};
  add("topic", weir::type::utf8, false, at_.topic);
  add("partition", weir::type::int32, false, at_.partition);
  add("offset", weir::type::int64, false, at_.offset);
  add("timestamp", weir::type::timestamp, true, at_.timestamp);
  add("headers", weir::type::list, false, at_.headers);
  b.output("", std::move(s));
}

void source::discover(weir::split_list& splits) {
  // A consumer: the questions of a producer would make the broker create a topic that is not there.
  auto client = make_handle(RD_KAFKA_CONSUMER, make_conf(config_, nullptr));
  for (const auto& topic : topics_) {
    topic_ptr named{rd_kafka_topic_new(client.get(), topic.c_str(), nullptr)};
    if (!named) throw weir::config_error{"topic", "'" + topic + "' is not a topic name"};
    const rd_kafka_metadata_t* raw = nullptr;
    const auto code = rd_kafka_metadata(client.get(), 0, named.get(), &raw, ask_timeout_ms);
    named.reset();
    const metadata_ptr metadata{raw};
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw weir::external_failure{"no broker answers at " + config_.get<std::string>("brokers") + " (" +
                                   rd_kafka_err2str(code) +
                                   "); check `brokers`, the network, and that the broker runs"};
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const auto& t = metadata->topics[i];
      if (t.err != RD_KAFKA_RESP_ERR_NO_ERROR) topic_missing(topic, t.err);
      for (int p = 0; p < t.partition_cnt; ++p) splits.add(split_id(topic, t.partitions[p].id));
    }
  }
  missing_since_.reset();
  if (!bounded_ && discovery_interval_.count() > 0) splits.ask_again(discovery_interval_);
}

void source::topic_missing(const std::string& topic, rd_kafka_resp_err_t code) {
  const std::string what =
      "topic '" + topic + "' at " + config_.get<std::string>("brokers") + ": " + rd_kafka_err2str(code);
  const auto now = std::chrono::steady_clock::now();
  const bool not_there = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  const bool not_allowed = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  // Whatever else a broker says of a topic (no leader yet) is its own matter and passes.
  if (!not_there && !not_allowed) missing_since_.reset();
  if (code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) throw weir::config_error{"topic", what + "; correct `topic`"};
  const std::string advice = not_allowed ? "; allow this user to describe and read it, or correct `topic`"
                             : not_there ? "; create it, or correct `topic`"
                                         : "; see the broker's log when it stays so";
  if (!not_there && !not_allowed) throw weir::external_failure{what + advice};
  if (!missing_since_) missing_since_ = now;
  if (now - *missing_since_ < topic_timeout_) throw weir::external_failure{what + advice};
  throw weir::config_error{
      "topic", what + ", for longer than `topic_timeout` (" +
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(topic_timeout_).count()) +
                   " ms)" + advice + ", or wait longer with `topic_timeout`"};
}

void source::open() {
  auto conf = make_conf(config_, &news_);
  // The group only names where offsets are kept; partitions are dealt out by weir.
  set(conf.get(), "group.id", group_.empty() ? "weir-" + std::string{where().pipeline} : group_, "group");
  set(conf.get(), "enable.partition.eof", "true", "properties");
  set(conf.get(), "enable.auto.commit", "false", "properties");
  set(conf.get(), "enable.auto.offset.store", "false", "properties");
  if (!config_.at("properties").has("isolation.level"))
    set(conf.get(), "isolation.level", "read_committed", "properties");
  if (!config_.at("properties").has("auto.offset.reset"))
    set(conf.get(), "auto.offset.reset", "earliest", "properties");
  // A fetcher whose local queue is full looks again only about once a second. With room for more than a second's reading it never
  // stands still; the bytes bound what that takes.
  if (!config_.at("properties").has("queued.min.messages"))
    set(conf.get(), "queued.min.messages", "10000000", "properties");
  if (!config_.at("properties").has("queued.max.messages.kbytes"))
    set(conf.get(), "queued.max.messages.kbytes", "131072", "properties");
  consumer_ = make_handle(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(consumer_.get());
  queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
}

template <class Ask>
rd_kafka_resp_err_t source::patiently(Ask ask) {
  const auto began = now();
  for (bool told = false;; told = true) {
    const rd_kafka_resp_err_t code = ask();
    if (!passes_by(code) || now() - began > offsets_patience) return code;
    if (!told)
      log(weir::log_level::warn,
          std::string{"the broker cannot tell offsets yet: "} + rd_kafka_err2str(code) + "; it is asked again");
    std::this_thread::sleep_for(offsets_pause);
  }
}

std::pair<std::int64_t, std::int64_t> source::watermarks(const std::string& topic, std::int32_t number) {
  std::int64_t low = 0, high = 0;
  const auto code = patiently([&] {
    return rd_kafka_query_watermark_offsets(consumer_.get(), topic.c_str(), number, &low, &high, ask_timeout_ms);
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw weir::external_failure{"the offsets of " + split_id(topic, number) +
                                 " cannot be read: " + rd_kafka_err2str(code)};
  return {low, high};
}

std::int64_t source::start_offset(const std::string& topic, std::int32_t number) {
  switch (from_) {
    case from::earliest:
      return RD_KAFKA_OFFSET_BEGINNING;
    case from::latest:
      return RD_KAFKA_OFFSET_END;
    case from::group_offsets:
      return RD_KAFKA_OFFSET_STORED;
    case from::timestamp:
      break;
  }
  partitions_ptr list;
  const auto code = patiently([&] {
    list = new_partitions(1);
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), number)->offset = start_ms_;
    const auto asked = rd_kafka_offsets_for_times(consumer_.get(), list.get(), ask_timeout_ms);
    return asked ? asked : list->elems[0].err;
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw weir::external_failure{"the offset of the start time in " + split_id(topic, number) +
                                 " cannot be found: " + rd_kafka_err2str(code)};
  return list->elems[0].offset;
}

void source::open_split(std::uint32_t split, std::string_view id, std::string_view position) {
  const auto slash = id.rfind('/');
  partition p;
  p.split = split;
  p.topic = std::string{id.substr(0, slash)};
  std::from_chars(id.data() + slash + 1, id.data() + id.size(), p.number);
  if (!position.empty()) {
    const auto [end, bad] = std::from_chars(position.data(), position.data() + position.size(), p.next);
    if (bad != std::errc{} || end != position.data() + position.size())
      throw weir::plugin_error{"position '" + std::string{position} + "' of split " + std::string{id} +
                               " is not an offset"};
  } else {
    p.next = start_offset(p.topic, p.number);
  }
  if (bounded_) {
    const auto [low, high] = watermarks(p.topic, p.number);
    p.end = high;
    // Nothing to read: no end-of-partition event would come behind the bound.
    if (high <= low || (p.next >= 0 && p.next >= high) || p.next == RD_KAFKA_OFFSET_END) {
      p.done = true;
      split_end(split);
    }
  }
  partitions_.push_back(std::move(p));
  reassign_ = true;
}

void source::close_split(std::uint32_t split) {
  std::erase_if(partitions_, [&](const partition& p) { return p.split == split; });
  reassign_ = true;
}

void source::assign() {
  reassign_ = false;
  last_found_ = 0;
  auto list = new_partitions(static_cast<int>(partitions_.size()));
  for (const auto& p : partitions_)
    if (!p.done) rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.number)->offset = p.next;
  if (const auto code = rd_kafka_assign(consumer_.get(), list.get()))
    throw weir::external_failure{std::string{"the partitions cannot be assigned: "} + rd_kafka_err2str(code)};
}

source::partition* source::find(const rd_kafka_message_t& m) {
  const char* topic = rd_kafka_topic_name(m.rkt);
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const std::size_t at = (last_found_ + i) % partitions_.size();
    partition& p = partitions_[at];
    if (p.number == m.partition && p.topic == topic) {
      last_found_ = at;
      return &p;
    }
  }
  return nullptr;
}

void source::end_if_bounded(partition& p) {
  if (p.done || p.end < 0 || p.next < p.end) return;
  p.done = true;
  split_end(p.split);
}

void source::take(rd_kafka_message_t* m) {
  partition* p = find(*m);
  if (!p || p->done) return;
  if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (p->end >= 0 && m->offset >= p->end) return;  // behind the bound
    p->batch.push_back(m);
    return;
  }
  if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // The end of the log: transaction markers and aborted records may lie between it and the last record.
    p->log_end = m->offset;
    split_idle(p->split);
    split_pending(p->split, 0);
    return;
  }
  const std::string why =
      "partition " + split_id(p->topic, p->number) + " cannot be read: " + rd_kafka_message_errstr(m);
  if (!passes_by(m->err)) throw weir::external_failure{why};
  log(weir::log_level::warn, why + "; the client goes on trying");
}

void source::tell_news() {
  for (const auto& line : news_.take_lines())
    log(line.level <= 3 ? weir::log_level::error : weir::log_level::warn, "Kafka client: " + line.text);
  if (auto why = news_.fatal(); !why.empty()) throw weir::external_failure{"the Kafka consumer has failed: " + why};
}

weir::polled source::poll(weir::duration wait, weir::batch_output& out) {
  if (reassign_) assign();
  tell_news();
  if (bounded_ && std::all_of(partitions_.begin(), partitions_.end(), [](const partition& p) { return p.done; }))
    return weir::polled::end;
  messages_.resize(messages_per_poll);
  const auto wait_ms = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count());
  const auto count = rd_kafka_consume_batch_queue(queue_.get(), wait_ms, messages_.data(), messages_.size());
  messages_.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  // All of them are given back, whatever is thrown in between.
  struct giver {
    std::vector<rd_kafka_message_t*>& all;
    std::vector<partition>& partitions;
    ~giver() {
      for (auto& p : partitions) p.batch.clear();
      for (auto* m : all) rd_kafka_message_destroy(m);
    }
  } give_back{messages_, partitions_};
  for (auto* m : messages_) take(m);
  bool any = false;
  for (auto& p : partitions_) {
    if (!p.batch.empty()) {
      emit(p, out);
      any = true;
    }
    // Without one `next` may be one of librdkafka's names for an offset, which are negative too.
    if (p.log_end >= 0 && p.log_end > p.next) p.next = p.log_end;
    p.log_end = -1;
    end_if_bounded(p);
  }
  return any ? weir::polled::emitted : weir::polled::idle;
}

void source::emit(partition& p, weir::batch_output& out) {
  const std::size_t most = std::max<std::uint32_t>(where().batch_rows, 1);
  for (std::size_t begin = 0; begin < p.batch.size(); begin += most) {
    const std::size_t rows = std::min(most, p.batch.size() - begin);
    auto b = out.build(0, static_cast<std::int64_t>(rows));
    b.from(p.split);
    std::int64_t* offsets = b.offsets();
    std::int64_t* times = b.times();
    for (std::size_t i = 0; i < rows; ++i) {
      const rd_kafka_message_t& m = *p.batch[begin + i];
      rd_kafka_timestamp_type_t kind{};
      const std::int64_t ms = rd_kafka_message_timestamp(&m, &kind);
      const bool timed = kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
      offsets[i] = m.offset;
      times[i] = timed ? ms * 1000 : WEIR_TIME_MIN;
      if (m.key)
        b[0].append(std::string_view{static_cast<const char*>(m.key), m.key_len});
      else
        b[0].append_null();
      if (m.payload)
        b[1].append(std::string_view{static_cast<const char*>(m.payload), m.len});
      else
        b[1].append_null();  // a tombstone
      if (at_.topic >= 0) b[static_cast<std::size_t>(at_.topic)].append(std::string_view{p.topic});
      if (at_.partition >= 0) b[static_cast<std::size_t>(at_.partition)].append(p.number);
      if (at_.offset >= 0) b[static_cast<std::size_t>(at_.offset)].append(m.offset);
      if (at_.timestamp >= 0) {
        auto& to = b[static_cast<std::size_t>(at_.timestamp)];
        timed ? to.append(ms * 1000) : to.append_null();
      }
      if (at_.headers >= 0) {
        auto& to = b[static_cast<std::size_t>(at_.headers)];
        rd_kafka_headers_t* headers = nullptr;
        if (rd_kafka_message_headers(&m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
          const char* name = nullptr;
          const void* value = nullptr;
          std::size_t size = 0;
          for (std::size_t h = 0;
               rd_kafka_header_get_all(headers, h, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++h) {
            to.item()[0].append(std::string_view{name});
            value ? to.item()[1].append(std::string_view{static_cast<const char*>(value), size})
                  : to.item()[1].append_null();
            to.item().end_record();
          }
        }
        to.end_list();
      }
    }
    p.next = p.batch[begin + rows - 1]->offset + 1;
    b.emit();
  }
  std::int64_t low = 0, high = -1;
  if (rd_kafka_get_watermark_offsets(consumer_.get(), p.topic.c_str(), p.number, &low, &high) ==
          RD_KAFKA_RESP_ERR_NO_ERROR &&
      high >= p.next)
    split_pending(p.split, high - p.next);
}

void source::position(std::uint32_t split, std::string& to) {
  for (const auto& p : partitions_)
    if (p.split == split && p.next >= 0) to += std::to_string(p.next);
}

void source::on_committed(std::uint32_t split, std::string_view position) {
  if (!commit_ || group_.empty() || position.empty()) return;
  for (const auto& p : partitions_) {
    if (p.split != split) continue;
    auto list = new_partitions(1);
    auto* one = rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.number);
    std::from_chars(position.data(), position.data() + position.size(), one->offset);
    rd_kafka_commit(consumer_.get(), list.get(), 1);  // for people who watch the group; weir has its own positions
  }
}

}  // namespace kafka
