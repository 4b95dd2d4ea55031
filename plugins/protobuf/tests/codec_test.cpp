#include "protobuf/codec.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/record.hpp>
#include <weir/test/harness.hpp>

#include "sample.pb.h"

namespace protobuf {
namespace {

struct raw {
  weir::bytes value;
};
WEIR_RECORD(raw, value)
struct leg {
  std::string instrument;
  std::int64_t quantity = 0;
  std::vector<double> fills;
};
WEIR_RECORD(leg, instrument, quantity, fills)
struct limit {
  std::string key;
  std::int64_t value = 0;
};
WEIR_RECORD(limit, key, value)
struct trade {
  std::string desk;
  std::int64_t id = 0;
  std::optional<double> price;
  std::string side;
  std::optional<weir::time> at;
  std::vector<leg> legs;
  std::vector<std::int32_t> codes;
  std::vector<std::string> tags;
  weir::bytes blob;
  std::optional<leg> main;
  bool live = false;
  std::uint32_t small = 0;
  std::uint64_t big = 0;
  std::int32_t offset = 0;
  float ratio = 0;
  std::vector<limit> limits;
};
WEIR_RECORD(trade, desk, id, price, side, at, legs, codes, tags, blob, main, live, small, big, offset, ratio, limits)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

weir::test::table options(const char* message = "sample.Trade") {
  return {{"descriptor_set", DESCRIPTOR_SET}, {"message", message}};
}
using reader = weir::test::harness<decoder, raw, trade>;
using writer = weir::test::harness<encoder, trade, raw>;

raw text(std::string t) {
  raw r;
  r.value.value = std::move(t);
  return r;
}

void fill(sample::Leg& to, std::mt19937_64& random) {
  if (random() % 2) to.set_instrument("i" + std::to_string(random() % 100));
  to.set_quantity(static_cast<std::int64_t>(random()));
  for (auto n = random() % 4; n > 0; --n) to.add_fills(static_cast<double>(random() % 1000) / 8);
}

sample::Trade random_trade(std::mt19937_64& random) {
  sample::Trade t;
  if (random() % 2) t.set_desk("fx\xc3\xa4" + std::to_string(random() % 1000));
  if (random() % 4) t.set_id(static_cast<std::int64_t>(random()));
  if (random() % 2) t.set_price(random() % 3 ? static_cast<double>(random() % 1000) : 0.0);
  t.set_side(static_cast<sample::Side>(random() % 3));
  if (random() % 2) {
    t.mutable_at()->set_seconds(static_cast<std::int64_t>(random() % 4'000'000'000u) - 2'000'000'000);
    t.mutable_at()->set_nanos(static_cast<std::int32_t>(random() % 1'000'000) * 1000);
  }
  for (auto n = random() % 4; n > 0; --n) fill(*t.add_legs(), random);
  for (auto n = random() % 5; n > 0; --n) t.add_codes(static_cast<std::int32_t>(random()));
  for (auto n = random() % 3; n > 0; --n) t.add_tags(std::string(random() % 20, 't'));
  t.set_blob(std::string(random() % 5, '\xfe'));
  if (random() % 2) fill(*t.mutable_main(), random);
  t.set_live(random() % 2);
  t.set_small(static_cast<std::uint32_t>(random()));
  t.set_big(random());
  t.set_offset(static_cast<std::int32_t>(random()));
  t.set_ratio(static_cast<float>(random() % 1000) / 16);
  for (auto n = random() % 3; n > 0; --n)
    (*t.mutable_limits())["k" + std::to_string(n)] = static_cast<std::int64_t>(random());
  return t;
}

TEST(ProtobufCodec, RandomMessagesOfTheReferenceComeBackTheSame) {
  std::mt19937_64 random(9);
  reader r{options()};
  writer w{options()};
  for (int round = 0; round < 500; ++round) {
    const auto t = random_trade(random);
    r.push(text(t.SerializeAsString()));
    const auto rows = r.take();
    ASSERT_THAT(rows, SizeIs(1)) << t.DebugString();
    EXPECT_EQ(rows[0].desk, t.desk());
    EXPECT_EQ(rows[0].side, sample::Side_Name(t.side()));
    EXPECT_EQ(rows[0].price.has_value(), t.has_price());
    w.push(rows[0]);
    const auto back = w.take();
    ASSERT_THAT(back, SizeIs(1));
    sample::Trade again;
    ASSERT_TRUE(again.ParseFromString(back[0].value.value));
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equivalent(t, again))
        << t.DebugString() << again.DebugString();
  }
}

TEST(ProtobufDecoder, SkipsFieldsItDoesNotKnowAndJoinsPiecesOfAMessage) {
  sample::Trade a, b;
  a.mutable_main()->set_instrument("one");
  b.mutable_main()->set_quantity(5);
  std::string bytes = a.SerializeAsString() + b.SerializeAsString();
  bytes += std::string("\xb8\x3e\x01", 3);              // field 999, varint
  bytes += std::string("\xc3\x3e\x08\x01\xc4\x3e", 6);  // field 1000, a group
  reader r{options()};
  r.push(text(bytes));
  const auto rows = r.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].main->instrument, "one");
  EXPECT_EQ(rows[0].main->quantity, 5);
}

TEST(ProtobufDecoder, LosesNoRecordHoweverItIsDamaged) {
  std::mt19937_64 random(13);
  reader r{options()};
  std::size_t given = 0, rows = 0, letters = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<raw> batch;
    for (int i = 0; i < 50; ++i) {
      std::string bytes = random_trade(random).SerializeAsString();
      for (auto damage = random() % 3; damage > 0 && !bytes.empty(); --damage) {
        if (random() % 3)
          bytes[random() % bytes.size()] = static_cast<char>(random());
        else
          bytes.resize(random() % bytes.size());
      }
      batch.push_back(text(bytes));
    }
    given += batch.size();
    r.push_all(batch);
    rows += r.take().size();
    letters += r.take_dead_letters().size();
  }
  EXPECT_EQ(rows + letters, given);
  EXPECT_GT(rows, given / 10);
  EXPECT_GT(letters, given / 10);
}

TEST(ProtobufDecoder, NamesTheNearestMessage) {
  EXPECT_THAT((weir::test::bind_errors<decoder, raw>(options("sample.Trad"))),
              ElementsAre(HasSubstr("did you mean 'sample.Trade'")));
}

}  // namespace
}  // namespace protobuf
