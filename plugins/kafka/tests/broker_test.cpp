// Source and sink on a real broker: exactly once through crashes, restarts and rescales, and positions that go on where they were taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <weir/test/source_harness.hpp>
#include <weir/test/two_phase.hpp>

#include "kafka/sink.hpp"
#include "kafka/source.hpp"

namespace kafka {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using weir::test::setting;
using weir::test::table;

std::string address() {
  static const std::string found = [] {
    const char* folder = std::getenv("WEIR_KAFKA_DIR");
    std::ifstream in(std::string{folder ? folder : "."} + "/address");
    std::string line;
    std::getline(in, line);
    return line;
  }();
  if (found.empty()) throw std::runtime_error{"no broker: WEIR_KAFKA_DIR names no folder with an address"};
  return found;
}

struct client {
  explicit client(rd_kafka_type_t type, std::initializer_list<std::pair<const char*, const char*>> settings = {}) {
    conf_ptr conf{rd_kafka_conf_new()};
    set(conf.get(), "bootstrap.servers", address(), "brokers");
    for (const auto& [name, value] : settings) set(conf.get(), name, value, name);
    handle = make_handle(type, std::move(conf));
  }
  handle_ptr handle;
};

std::string new_topic(int partitions = 1) {
  static int count = 0;
  const std::string name =
      "t" + std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-" + std::to_string(count++);
  client admin(RD_KAFKA_PRODUCER);
  char why[512];
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why, sizeof why);
  rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(admin.handle.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_operation_timeout(options, 60'000, why, sizeof why);
  rd_kafka_AdminOptions_set_request_timeout(options, 120'000, why, sizeof why);
  const queue_ptr answers{rd_kafka_queue_new(admin.handle.get())};
  rd_kafka_CreateTopics(admin.handle.get(), &topic, 1, options, answers.get());
  rd_kafka_event_t* answer = rd_kafka_queue_poll(answers.get(), 120'000);
  if (!answer || rd_kafka_event_error(answer)) throw std::runtime_error{"no topic"};
  rd_kafka_event_destroy(answer);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_NewTopic_destroy(topic);
  return name;
}

// What a read_committed reader sees of a topic of one partition. Waits until no transaction is open in it.
class committed_reader {
 public:
  explicit committed_reader(std::string topic)
      : topic_(std::move(topic)),
        reader_(RD_KAFKA_CONSUMER, {{"group.id", "test"},
                                    {"isolation.level", "read_committed"},
                                    {"enable.partition.eof", "true"},
                                    {"auto.offset.reset", "earliest"},
                                    {"fetch.wait.max.ms", "10"}}) {
    rd_kafka_poll_set_consumer(reader_.handle.get());
    assign(0);
  }
  ~committed_reader() { rd_kafka_consumer_close(reader_.handle.get()); }
  const std::vector<std::string>& rows() {
    assign(next_);
    for (const auto until = std::chrono::steady_clock::now() + 120s;;) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error{"the end of the topic does not come"};
      rd_kafka_message_t* m = rd_kafka_consumer_poll(reader_.handle.get(), 100);
      if (!m) continue;
      const auto code = m->err;
      const std::int64_t offset = m->offset;
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rows_.emplace_back(static_cast<const char*>(m->payload), m->len);
        next_ = offset + 1;
      }
      rd_kafka_message_destroy(m);
      if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
      next_ = offset;
      std::int64_t low = 0, high = 0;
      rd_kafka_get_watermark_offsets(reader_.handle.get(), topic_.c_str(), 0, &low, &high);
      if (offset >= high) return rows_;
      assign(next_);
    }
  }

 private:
  void assign(std::int64_t offset) {
    const auto place = new_partitions(1);
    rd_kafka_topic_partition_list_add(place.get(), topic_.c_str(), 0)->offset = offset;
    rd_kafka_assign(reader_.handle.get(), place.get());
  }
  std::string topic_;
  client reader_;
  std::int64_t next_ = 0;
  std::vector<std::string> rows_;
};

table options_for(const std::string& topic) {
  return {{"brokers", address()},       {"topic", topic},
          {"delivery", "exactly-once"}, {"transactional_id_prefix", topic},
          {"transaction_timeout", 60s}, {"progress_topic", "progress"}};
}

template <class Sink>
std::string play(int seed, int steps) {
  const std::string topic = new_topic();
  committed_reader reader(topic);
  weir::test::two_phase_subject s;
  s.options = options_for(topic);
  s.parallelism_max = 3;
  s.visible = [&] { return std::vector<std::vector<std::string>>{reader.rows()}; };
  return weir::test::check_two_phase<Sink>(s, {.seed = static_cast<std::uint64_t>(seed), .steps = steps});
}

TEST(KafkaSinkOnABroker, ConformsThroughCrashesAndRescales) {
  for (int seed = 1; seed <= 6; ++seed) ASSERT_EQ(play<sink>(seed, 30), "");
}

// Mistakes that only the progress record and the fence keep away.
struct writes_again_whatever_the_progress_says : sink {
  using sink::sink;
  void recover(std::uint64_t cut, std::string_view prepared) {
    sink::recover(cut, {});
    if (!prepared.empty()) sink::commit(cut, prepared);
  }
};
struct trusts_that_it_was_written : sink {
  using sink::sink;
  void recover(std::uint64_t cut, std::string_view) { sink::recover(cut, {}); }
};

template <class Sink>
std::string finding_of() {
  std::string found;
  for (int seed = 1; seed <= 10 && found.empty(); ++seed) found = play<Sink>(seed, 30);
  return found;
}

TEST(KafkaSinkOnABroker, ThePlayNoticesMistakes) {
  EXPECT_THAT(finding_of<writes_again_whatever_the_progress_says>(), HasSubstr("is there twice"));
  EXPECT_THAT(finding_of<trusts_that_it_was_written>(),
              testing::AnyOf(HasSubstr("are committed"), HasSubstr("but not row")));
}

struct row {
  std::string key;
  weir::bytes value;
};
WEIR_RECORD(row, key, value)
using harness = weir::test::harness<sink, row, void>;
const setting checkpoints{.checkpoint_interval = 1s};

TEST(KafkaSinkOnABroker, FencesTheWorkerThatItReplaces) {
  const std::string topic = new_topic();
  harness old{options_for(topic), {}, checkpoints};
  old.recover();
  old.push({"k", {"one"}});
  const auto cut = old.cut();
  harness fresh{options_for(topic), {}, checkpoints};
  fresh.restore(cut);
  try {
    old.commit(cut);
    ADD_FAILURE() << "the old worker has written";
  } catch (const weir::test::call_failed& e) {
    EXPECT_THAT(e.what(), HasSubstr(topic));
  }
  EXPECT_THAT(committed_reader(topic).rows(), testing::ElementsAre("one"));
}

TEST(KafkaSinkOnABroker, IsRecoveredInFrontOfASinkThatDiedInItsTransaction) {
  const std::string topic = new_topic();
  harness old{options_for(topic), {}, checkpoints};
  old.recover();
  old.push({"k", {"one"}});
  const auto cut = old.cut();
  // The other sink: its transaction stays open until it is recovered itself, by the same thread.
  client other(RD_KAFKA_PRODUCER, {{"transactional.id", topic.c_str()}, {"transaction.timeout.ms", "60000"}});
  ASSERT_EQ(rd_kafka_init_transactions(other.handle.get(), 60'000), nullptr);
  ASSERT_EQ(rd_kafka_begin_transaction(other.handle.get()), nullptr);
  char text[] = "1";
  ASSERT_EQ(rd_kafka_producev(other.handle.get(), RD_KAFKA_V_TOPIC("progress"), RD_KAFKA_V_KEY(text, 1),
                              RD_KAFKA_V_VALUE(text, 1), RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_EQ(rd_kafka_flush(other.handle.get(), 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);

  harness fresh{options_for(topic), {}, checkpoints};
  fresh.restore(cut);
  committed_reader seen(topic);
  EXPECT_THAT(seen.rows(), testing::IsEmpty()) << "nobody can know whether it was written";
  ASSERT_EQ(rd_kafka_init_transactions(
                client(RD_KAFKA_PRODUCER, {{"transactional.id", topic.c_str()}, {"transaction.timeout.ms", "60000"}})
                    .handle.get(),
                60'000),
            nullptr);
  fresh.push({"k", {"two"}});
  EXPECT_THAT(seen.rows(), testing::ElementsAre("one"));
  fresh.commit(fresh.cut());
  EXPECT_THAT(seen.rows(), testing::ElementsAre("one", "two"));
}

TEST(KafkaSinkOnABroker, AnotherVersionGoesOnBehindTheCutThatTheOldOneCommits) {
  const std::string topic = new_topic();
  harness before{options_for(topic), {}, checkpoints}, next{options_for(topic), {}, checkpoints},
      again{options_for(topic), {}, checkpoints};
  committed_reader seen(topic);
  before.recover();
  before.push({"k", {"one"}});
  const auto cut = before.cut();
  next.take_over(cut);
  next.push({"k", {"two"}});
  const auto second = next.cut();
  before.commit(cut);  // not fenced: the next one has committed nothing yet
  EXPECT_THAT(seen.rows(), testing::ElementsAre("one"));
  next.commit(second);
  EXPECT_THAT(seen.rows(), testing::ElementsAre("one", "two"));
  // It was wrong, and the worker died behind the cut of the old one, or behind its own.
  next.push({"k", {"wrong"}});
  next.cut();
  again.restore(second);
  again.push({"k", {"three"}});
  again.commit(again.cut());
  EXPECT_THAT(seen.rows(), testing::ElementsAre("one", "two", "three"));
  next.push({"k", {"late"}});
  EXPECT_THROW(next.commit(next.cut()), weir::test::call_failed) << "it is fenced";
}

TEST(KafkaSinkOnABroker, SaysThatTheBrokerAllowsNoSuchTimeout) {
  table options = options_for(new_topic());
  table longer;
  for (const auto& [key, v] : options.entries())
    if (key != "transaction_timeout") longer.set(key, v);
  longer.set("transaction_timeout", std::chrono::hours{1});
  harness h{longer, {}, checkpoints};
  try {
    h.recover();
    ADD_FAILURE() << "it was allowed";
  } catch (const weir::test::call_failed& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("transaction_timeout"), HasSubstr("transaction.max.timeout.ms")));
  }
}

using reader = weir::test::source_harness<source>;

std::vector<std::string> values(reader& h) {
  std::vector<std::string> out;
  for (auto& batches : h.under().task().emitted)
    for (auto& b : batches) {
      const auto raw = b.raw();
      const auto* ends = static_cast<const std::int32_t*>(raw.columns[1]->buffers[1]);
      const auto* data = static_cast<const char*>(raw.columns[1]->buffers[2]);
      for (std::int64_t i = 0; i < b.length; ++i)
        out.emplace_back(data + ends[i], static_cast<std::size_t>(ends[i + 1] - ends[i]));
    }
  return out;
}

void read_to_end(reader& h) {
  for (const auto until = std::chrono::steady_clock::now() + 120s; h.poll(100ms) != weir::polled::end;)
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error{"the end does not come"};
}

TEST(KafkaSourceOnABroker, GoesOnWhereItsPositionsWereTaken) {
  const std::string topic = new_topic(2);
  table options = options_for(topic);
  harness writer{options, {}, checkpoints};
  writer.recover();
  std::vector<std::string> want;
  for (int i = 0; i < 4000; ++i) {
    want.push_back(std::to_string(i));
    writer.push({"k" + std::to_string(i % 17), {want.back()}});
    if (i % 500 == 499) writer.commit(writer.cut());  // between transactions there are offsets without records
  }
  const table config{{"brokers", address()},
                     {"topic", weir::test::value::list({topic})},
                     {"start", "earliest"},
                     {"bounded", "latest"}};
  std::sort(want.begin(), want.end());
  for (int cut = 0; cut < 8; ++cut) {
    reader first{config};
    first.under().task().batch_rows = 64;
    first.open_all();
    for (int i = 0; i < cut; ++i) first.poll(50ms);
    auto got = values(first);
    reader second{config};
    for (std::uint32_t p = 0; p < 2; ++p) second.open(p, topic + "/" + std::to_string(p), first.position(p));
    read_to_end(second);
    const auto rest = values(second);
    got.insert(got.end(), rest.begin(), rest.end());
    std::sort(got.begin(), got.end());
    ASSERT_EQ(got, want) << "cut " << cut;
  }
}

TEST(KafkaSourceOnABroker, BeginsAtItsStartWhenAnotherSplitComesBeforeTheFirstRecord) {
  const std::string topic = new_topic(2);
  harness writer{options_for(topic), {}, checkpoints};
  writer.recover();
  std::vector<std::string> want;
  for (int i = 0; i < 400; ++i) {
    want.push_back(std::to_string(i));
    writer.push({"k" + std::to_string(i % 17), {want.back()}});
  }
  writer.commit(writer.cut());
  for (const char* start : {"earliest", "group-offsets"}) {
    reader h{table{{"brokers", address()},
                   {"topic", weir::test::value::list({topic})},
                   {"group", topic},
                   {"start", start},
                   {"bounded", "latest"}}};
    h.open(0, topic + "/0");
    h.poll();  // no record can be there so soon
    EXPECT_EQ(h.position(0), "");
    h.open(1, topic + "/1");
    read_to_end(h);
    auto got = values(h);
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    EXPECT_EQ(got, want) << start;
  }
}

}  // namespace
}  // namespace kafka
