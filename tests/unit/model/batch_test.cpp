#include "model/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/message.hpp"
#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;

selection rows_of(std::vector<std::uint32_t> rows) {
  selection s{.rows = buffer_pool::must_allocate(rows.size() * 4), .count = static_cast<std::int64_t>(rows.size())};
  std::copy(rows.begin(), rows.end(), s.rows->as<std::uint32_t>());
  return s;
}

batch_ref make(std::int64_t rows, std::string_view schema_text = "a: int64, b: utf8") {
  random r(7);
  return random_batch(r, parse_schema(schema_text).take(), rows, false);
}

TEST(Batch, ShowsItsColumnsAndFactsAsTheContractSays) {
  const batch_ref b = make(10);
  const weir_batch& v = b->view();
  EXPECT_EQ(v.struct_size, sizeof(weir_batch));
  EXPECT_EQ(v.column_count, 2u);
  EXPECT_EQ(v.length, 10);
  EXPECT_EQ(v.row_count, 10);
  EXPECT_EQ(v.rows, nullptr);
  EXPECT_EQ(v.columns[1]->length, 10);
  EXPECT_EQ(v.columns[1]->offset, 0);
  EXPECT_EQ(v.columns[1]->n_buffers, 3);
  EXPECT_EQ(batch::of(&v), b.get());
  const weir_batch other = b->view_at(3);
  EXPECT_EQ(other.port, 3u);
  EXPECT_EQ(batch::of(&other), b.get());
}

TEST(Batch, SharesColumnsAndFactsWithItsSelections) {
  const batch_ref b = make(10);
  const batch_ref odd = select_rows(*b, rows_of({1, 3, 5}));
  const batch_ref some = select_rows(*odd, rows_of({3, 5}));
  EXPECT_EQ(some->row_count(), 2);
  EXPECT_EQ(some->row(1), 5u);
  EXPECT_EQ(some->schema(), b->schema());
  EXPECT_EQ(&some->column_at(0), &b->column_at(0));
  EXPECT_EQ(&some->facts(), &b->facts());
  EXPECT_TRUE(select_rows(*b, rows_of({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))->dense());
}

TEST(Batch, LivesOnInWhatWasDerivedFromIt) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  {
    batch_ref b = make(100);
    const std::string wanted = row_text(*b, 42);
    batch_ref derived = select_rows(*b, rows_of({7, 42}));
    b.reset();
    derived = with_key_hash(*derived, buffer_pool::must_allocate(800));
    derived = select_rows(*derived, rows_of({42}));
    derived = with_schema(*derived, parse_schema("a: int64, b: utf8").take());
    derived = select_rows(*derived, rows_of({42}));
    EXPECT_NE(derived->view().key_hash, nullptr);
    EXPECT_EQ(row_text(*derived, derived->row(0)), wanted);
    facts none;
    derived = with_facts(*derived, none);
    EXPECT_EQ(derived->view().event_time, nullptr);
    EXPECT_EQ(derived->view().key_hash, nullptr);
    EXPECT_EQ(derived->row(0), 42u);
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(Batch, PassesColumnsThroughBesideNewOnes) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  {
    random r(3);
    batch_ref b = make(20);
    const schema_ref out = parse_schema("b: utf8, new: int8, a: int64").take();
    column_ref beside[] = {random_column(r, type_id::int8, false, 20)};
    const column* made = beside[0].get();
    const std::int32_t passes[] = {1, -1, 0};
    const batch_ref wider = pass_through(*b, out, passes, beside, b->facts(), {});
    EXPECT_EQ(&wider->column_at(0), &b->column_at(1));
    EXPECT_EQ(&wider->column_at(1), made);
    b.reset();
    EXPECT_EQ(wider->column_at(2).length(), 20);
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(Batch, CountsBytesSoThatThePartsOfAPartitionAddUp) {
  const batch_ref b = make(1000);
  std::int64_t sum = 0;
  std::int64_t rows_bytes = 0;
  for (std::uint32_t part = 0; part < 4; ++part) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = part; i < 1000; i += 4) rows.push_back(i);
    const selection s = rows_of(rows);
    rows_bytes += static_cast<std::int64_t>(s.rows->footprint());
    const batch_ref p = select_rows(*b, s);
    sum += p->bytes();
    EXPECT_GE(p->held_bytes(), b->held_bytes());
  }
  EXPECT_NEAR(static_cast<double>(sum - rows_bytes), static_cast<double>(b->bytes()), 4);
}

TEST(Batch, CanBeEmpty) {
  const batch_ref b = make(0);
  EXPECT_EQ(b->row_count(), 0);
  EXPECT_EQ(select_rows(*b, rows_of({}))->row_count(), 0);
  const batch_ref bare = make_batch(schema::of({}), {}, 5);
  EXPECT_EQ(select_rows(*bare, rows_of({2}))->row_count(), 1);
}

TEST(Batch, BorrowedArraysCannotBeReleased) {
  const batch_ref b = make(5);
  auto* array = const_cast<ArrowArray*>(b->view().columns[0]);
  ArrowArray copy = *array;
  copy.release(&copy);
  EXPECT_EQ(copy.release, nullptr);
  array->release(array);
  EXPECT_NE(array->release, nullptr);
}

TEST(Export, HandsOutColumnsThatOutliveTheBatch) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    random r(seed);
    batch_ref b = random_batch(r, random_schema(r), 13, false);
    ArrowArray out;
    export_batch(b, &out);
    EXPECT_EQ(out.length, 13);
    ArrowArray moved = *out.children[0];  // a consumer may move a child out
    out.children[0]->release = nullptr;
    b.reset();
    out.release(&out);
    EXPECT_EQ(out.release, nullptr);
    EXPECT_EQ(moved.length, 13);
    moved.release(&moved);
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(Message, HoldsWhatFlowsThroughAChannel) {
  const batch_ref b = make(4);
  message m = b;
  EXPECT_EQ(m.kind(), message_kind::batch);
  EXPECT_EQ(m.batch(), b);
  EXPECT_GT(m.bytes(), b->bytes());
  message moved = std::move(m);
  EXPECT_EQ(moved.take_batch(), b);

  m = watermark{.time = -5, .status = activity::idle};
  EXPECT_EQ(m.kind(), message_kind::watermark);
  EXPECT_EQ(m.watermark(), (watermark{.time = -5, .status = activity::idle}));
  m = barrier{.cut = 12, .kind = cut_kind::swap};
  EXPECT_EQ(m.kind(), message_kind::barrier);
  EXPECT_EQ(m.barrier(), (barrier{.cut = 12, .kind = cut_kind::swap}));
  EXPECT_EQ(message::end().kind(), message_kind::end);
  EXPECT_FALSE(message());
  EXPECT_LE(sizeof(message), 32u);
}

}  // namespace
}  // namespace weir::model
