// The sink without a broker: what it refuses before it runs.
#include "kafka/sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/harness.hpp>

namespace kafka {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::setting;
using weir::test::table;

struct row {
  weir::bytes value;
};
WEIR_RECORD(row, value)

std::vector<std::string> errors(table options, const setting& at = {.checkpoint_interval = 10s, .restart_pause = 60s}) {
  options.set("brokers", "127.0.0.1:1");
  options.set("topic", "out");
  try {
    weir::test::harness<sink, row, void> h{options, {}, at};
  } catch (const weir::test::bind_refused& e) {
    return e.errors;
  }
  return {};
}

TEST(KafkaSink, NeedsAPrefixForExactlyOnce) {
  EXPECT_THAT(errors({{"delivery", "exactly-once"}}),
              ElementsAre(AllOf(HasSubstr("transactional_id_prefix"), HasSubstr("no other pipeline"))));
  EXPECT_THAT(errors({{"delivery", "exactly-once"}, {"transactional_id_prefix", "p"}}), IsEmpty());
  EXPECT_THAT(errors({}), IsEmpty());
}

TEST(KafkaSink, NeedsCheckpointsForExactlyOnce) {
  EXPECT_THAT(errors({{"delivery", "exactly-once"}, {"transactional_id_prefix", "p"}}, {}),
              ElementsAre(HasSubstr("add [checkpoint]")));
}

TEST(KafkaSink, NeedsATimeoutThatOutlivesACheckpointAndARestart) {
  const auto with = [](std::chrono::seconds timeout) {
    return errors({{"delivery", "exactly-once"}, {"transactional_id_prefix", "p"}, {"transaction_timeout", timeout}});
  };
  EXPECT_THAT(with(69s), ElementsAre(AllOf(HasSubstr("transaction_timeout"), HasSubstr("70000 ms"))));
  EXPECT_THAT(with(70s), IsEmpty());
}

TEST(KafkaSink, NeedsAProgressTopicOfItsOwn) {
  EXPECT_THAT(errors({{"delivery", "exactly-once"}, {"transactional_id_prefix", "p"}, {"progress_topic", "out"}}),
              ElementsAre(HasSubstr("another one")));
}

}  // namespace
}  // namespace kafka
