#include "model/batch_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;
using testing::HasSubstr;

schema_ref make_schema(std::string_view text) { return parse_schema(text).take(); }

template <class T>
T* values(weir_column& c) {
  return static_cast<T*>(c.values);
}

void put_text(weir_column& c, std::int64_t row, std::string_view text) {
  auto* offsets = values<std::int32_t>(c);
  const auto end = offsets[row] + static_cast<std::int32_t>(text.size());
  ASSERT_EQ(batch_builder::grow_data(&c, end), WEIR_OK);
  std::memcpy(c.data + offsets[row], text.data(), text.size());
  offsets[row + 1] = end;
}

std::string json(const batch& b, std::uint32_t row) {
  std::string out;
  row_json(b.schema()).append(out, b, row);
  return out;
}

/// A dense batch of one int64 column 0, 10, 20, ... with event times 100, 101, ... and a change kind for each row.
batch_ref make_parent(std::int64_t rows) {
  batch_builder b(builder_layout::make(make_schema("v: int64")));
  weir_builder* v = b.open(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    values<std::int64_t>(v->columns[0])[i] = 10 * i;
    v->event_time[i] = 100 + i;
    v->change[i] = static_cast<std::uint8_t>(i % 4);
  }
  v->length = rows;
  batch_ref made = b.finish(WEIR_EMIT_TIMES | WEIR_EMIT_CHANGES, nullptr).take();
  facts f = made->facts();
  f.first_offset = 1000;
  f.split = 7;
  return with_facts(*made, f);
}

TEST(BatchBuilder, MakesABatchOfWhatWasWrittenIntoItsColumns) {
  batch_builder b(builder_layout::make(
      make_schema("n: int32?, ok: bool, name: utf8, tags: list<utf8>, who: struct<id: int64, nick: utf8?>")));
  weir_builder* v = b.open(2);
  ASSERT_NE(v, nullptr);
  ASSERT_EQ(v->column_count, 5u);
  weir_column* c = v->columns;
  ASSERT_EQ(batch_builder::column_validity(&c[0]), WEIR_OK);
  values<std::int32_t>(c[0])[0] = -5;
  set_bit(c[0].validity, 1, false);
  set_bit(values<std::uint8_t>(c[1]), 0, true);
  put_text(c[2], 0, "first");
  put_text(c[2], 1, "");
  values<std::int32_t>(c[3])[1] = 2;
  values<std::int32_t>(c[3])[2] = 3;
  put_text(c[3].children[0], 0, "x");
  put_text(c[3].children[0], 1, "y");
  put_text(c[3].children[0], 2, "z");
  values<std::int64_t>(c[4].children[0])[0] = 1;
  values<std::int64_t>(c[4].children[0])[1] = 2;
  ASSERT_EQ(batch_builder::column_validity(&c[4].children[1]), WEIR_OK);
  put_text(c[4].children[1], 0, "neo");
  put_text(c[4].children[1], 1, "");
  set_bit(c[4].children[1].validity, 1, false);
  v->length = 2;
  const auto made = b.finish(0, nullptr);
  ASSERT_TRUE(made) << made.why().text();
  EXPECT_EQ(json(**made, 0), R"({"n":-5,"ok":true,"name":"first","tags":["x","y"],"who":{"id":1,"nick":"neo"}})");
  EXPECT_EQ(json(**made, 1), R"({"n":null,"ok":false,"name":"","tags":["z"],"who":{"id":2,"nick":null}})");
  EXPECT_FALSE(b.is_open());
}

TEST(BatchBuilder, DropsABitmapWithoutNulls) {
  batch_builder b(builder_layout::make(make_schema("n: int32?")));
  weir_builder* v = b.open(100);
  ASSERT_EQ(batch_builder::column_validity(&v->columns[0]), WEIR_OK);
  v->length = 100;
  const auto made = b.finish(0, nullptr);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->column_at(0).null_count(), 0);
  EXPECT_EQ((*made)->view().columns[0]->buffers[0], nullptr);
}

TEST(BatchBuilder, KeepsWhatWasWrittenWhenItGrows) {
  batch_builder b(builder_layout::make(make_schema("n: int64?, ok: bool, name: utf8, l: list<struct<i: int32?>>")));
  for (int round = 0; round < 3; ++round) {
    weir_builder* v = b.open(1);
    weir_column* c = v->columns;
    ASSERT_EQ(batch_builder::column_validity(&c[0]), WEIR_OK);
    constexpr std::int64_t rows = 3000;
    for (std::int64_t i = 0; i < rows; ++i) {
      ASSERT_EQ(b.grow(i + 1), WEIR_OK);
      values<std::int64_t>(c[0])[i] = i;
      set_bit(c[0].validity, i, i % 3 != 0);
      set_bit(values<std::uint8_t>(c[1]), i, i % 5 == 0);
      put_text(c[2], i, std::to_string(i));
      auto* offsets = values<std::int32_t>(c[3]);
      offsets[i + 1] = offsets[i] + static_cast<std::int32_t>(i % 3);
      weir_column& element = c[3].children[0];
      ASSERT_EQ(batch_builder::grow_column(&element, offsets[i + 1]), WEIR_OK);
      ASSERT_EQ(batch_builder::column_validity(&element.children[0]), WEIR_OK);
      for (std::int32_t k = offsets[i]; k < offsets[i + 1]; ++k) {
        values<std::int32_t>(element.children[0])[k] = k;
        set_bit(element.children[0].validity, k, k % 7 != 0);
      }
      v->event_time[i] = 5 * i;
    }
    v->length = rows;
    const auto made = b.finish(WEIR_EMIT_TIMES, nullptr);
    ASSERT_TRUE(made) << made.why().text();
    std::int32_t k = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::string list;
      for (std::int64_t e = i % 3; e > 0; --e, ++k)
        list += (list.empty() ? "" : ",") + std::string("{\"i\":") + (k % 7 ? std::to_string(k) : "null") + "}";
      ASSERT_EQ(json(**made, static_cast<std::uint32_t>(i)),
                "{\"n\":" + (i % 3 ? std::to_string(i) : "null") + ",\"ok\":" + (i % 5 ? "false" : "true") +
                    ",\"name\":\"" + std::to_string(i) + "\",\"l\":[" + list + "]}");
      ASSERT_EQ((*made)->view().event_time[i], 5 * i);
    }
  }
}

TEST(BatchBuilder, LeavesNoMemoryBehind) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  {
    batch_builder b(builder_layout::make(make_schema("n: int64?, name: utf8, l: list<utf8>")));
    for (int i = 0; i < 10; ++i) {
      weir_builder* v = b.open(100);
      v->length = 0;
      if (i % 2) {
        ASSERT_TRUE(b.finish(0, nullptr));
      } else {
        b.discard();
      }
    }
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(BatchBuilder, DoesNotMakeEveryBatchAsLargeAsOneLargeRow) {
  batch_builder b(builder_layout::make(make_schema("name: utf8")));
  weir_builder* v = b.open(1);
  put_text(v->columns[0], 0, std::string(4 << 20, 'x'));
  v->length = 1;
  ASSERT_TRUE(b.finish(0, nullptr));
  const std::int64_t before = buffer_pool::bytes_in_use();
  v = b.open(10'000);
  EXPECT_LT(buffer_pool::bytes_in_use() - before, 20 << 20);
  for (int round = 0; round < 100; ++round) {
    std::memset(v->columns[0].values, 0, 10'001 * 4);
    v->length = 10'000;
    ASSERT_TRUE(b.finish(0, nullptr));
    v = b.open(10'000);
  }
  EXPECT_LE(v->columns[0].data_capacity, 128 << 10);
}

TEST(BatchBuilder, TakesTimesChangesAndOffsetsFromTheListedParents) {
  const batch_ref parent = make_parent(5);
  batch_builder b(builder_layout::make(make_schema("x: int32")));
  weir_builder* v = b.open(3);
  v->parent[0] = 4;
  v->parent[1] = 0;
  v->parent[2] = 4;
  v->length = 3;
  const auto made = b.finish(WEIR_EMIT_PARENTS, parent.get());
  ASSERT_TRUE(made);
  const weir_batch& out = (*made)->view();
  EXPECT_THAT(std::vector(out.event_time, out.event_time + 3), testing::ElementsAre(104, 100, 104));
  EXPECT_THAT(std::vector(out.change, out.change + 3), testing::ElementsAre(0, 0, 0));
  EXPECT_THAT(std::vector(out.offset, out.offset + 3), testing::ElementsAre(1004, 1000, 1004));
  EXPECT_EQ(out.split, 7u);
}

TEST(BatchBuilder, SharesTheFactsOfTheSameParents) {
  const batch_ref parent = make_parent(5);
  batch_builder b(builder_layout::make(make_schema("x: int32")));
  b.open(5)->length = 5;
  const auto made = b.finish(WEIR_EMIT_PARENTS_SAME, parent.get());
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->view().event_time, parent->view().event_time);
  EXPECT_EQ((*made)->view().change, parent->view().change);
  EXPECT_EQ((*made)->view().first_offset, 1000);
  EXPECT_EQ((*made)->view().split, 7u);
}

TEST(BatchBuilder, GivesRowsWithoutParentsTheTimeOfTheNewestRow) {
  const batch_ref parent = make_parent(5);
  const batch_ref some = select_rows(*parent, [] {
    selection s{.rows = buffer_pool::must_allocate(8), .count = 2};
    s.rows->as<std::uint32_t>()[0] = 1;
    s.rows->as<std::uint32_t>()[1] = 3;
    return s;
  }());
  batch_builder b(builder_layout::make(make_schema("x: int32")));
  auto times = [&](std::uint32_t flags, const batch* from, std::int64_t fallback) {
    weir_builder* v = b.open(2);
    v->length = 2;
    v->event_time[0] = WEIR_TIME_MIN;
    v->event_time[1] = 42;
    const auto made = b.finish(flags, from, fallback);
    const std::int64_t* t = (*made)->view().event_time;
    return t ? std::vector(t, t + 2) : std::vector<std::int64_t>();
  };
  EXPECT_THAT(times(0, parent.get(), WEIR_TIME_MIN), testing::ElementsAre(104, 104));
  EXPECT_THAT(times(0, some.get(), WEIR_TIME_MIN), testing::ElementsAre(103, 103));
  EXPECT_THAT(times(0, nullptr, 9), testing::ElementsAre(9, 9));
  EXPECT_THAT(times(0, nullptr, WEIR_TIME_MIN), testing::ElementsAre());
  EXPECT_THAT(times(WEIR_EMIT_TIMES, some.get(), WEIR_TIME_MIN), testing::ElementsAre(103, 42));
  EXPECT_THAT(times(WEIR_EMIT_TIMES | WEIR_EMIT_PARENTS_SAME, parent.get(), WEIR_TIME_MIN),
              testing::ElementsAre(100, 42));
}

TEST(BatchBuilder, GivesASourcesRowsTheirSplitOffsetsAndTraces) {
  batch_builder b(builder_layout::make(make_schema("x: int32")), {.tracing = true, .source = true});
  weir_builder* v = b.open(2);
  ASSERT_NE(v->offset, nullptr);
  ASSERT_NE(v->trace_id, nullptr);
  v->offset[0] = 5;
  v->offset[1] = 9;
  std::memset(v->trace_id, 0xab, 32);
  v->source_id[0] = v->source_id[1] = 3;
  v->split = 2;
  v->length = 2;
  const auto made = b.finish(WEIR_EMIT_OFFSETS | WEIR_EMIT_TRACES, nullptr);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->view().offset[1], 9);
  EXPECT_EQ((*made)->view().split, 2u);
  EXPECT_EQ((*made)->view().trace_id[31], 0xab);
  EXPECT_EQ((*made)->view().source_id[1], 3u);

  v = b.open(2);
  v->split = 4;
  v->first_offset = 77;
  v->length = 2;
  const auto next = b.finish(0, nullptr);
  EXPECT_EQ((*next)->view().first_offset, 77);
  EXPECT_EQ((*next)->view().trace_id, nullptr);
}

TEST(BatchBuilder, ExtendsABatchBesideColumnsThatItShares) {
  const batch_ref parent = make_parent(4);
  const schema_ref out = make_schema("twice: int64, v: int64");
  const std::int32_t passes[] = {-1, 0};
  batch_builder b(builder_layout::make_beside(out, passes));
  weir_builder* v = b.open_beside(*parent);
  ASSERT_NE(v, nullptr);
  EXPECT_EQ(v->length, 4);
  ASSERT_EQ(v->column_count, 1u);
  for (int i = 0; i < 4; ++i) values<std::int64_t>(v->columns[0])[i] = 20 * i;
  selection some{.rows = buffer_pool::must_allocate(8), .count = 2};
  some.rows->as<std::uint32_t>()[0] = 1;
  some.rows->as<std::uint32_t>()[1] = 3;
  const auto made = b.finish_beside(0, *parent, some);
  ASSERT_TRUE(made) << made.why().text();
  EXPECT_EQ((*made)->row_count(), 2);
  EXPECT_EQ(json(**made, (*made)->row(1)), R"({"twice":60,"v":30})");
  EXPECT_EQ(&(*made)->column_at(1), &parent->column_at(0));
  EXPECT_EQ((*made)->view().event_time, parent->view().event_time);
}

TEST(BatchBuilder, NamesTheColumnThatIsWrong) {
  const batch_ref parent = make_parent(4);
  batch_builder b(builder_layout::make(make_schema("n: int32, name: utf8, who: struct<l: list<int8>>")),
                  {.checks = check_level::full});
  auto why = [&](auto spoil, std::uint32_t flags = 0) {
    weir_builder* v = b.open(2);
    for (int i = 0; i < 3; ++i)
      values<std::int32_t>(v->columns[1])[i] = values<std::int32_t>(v->columns[2].children[0])[i] = 0;
    v->length = 2;
    spoil(*v);
    const auto made = b.finish(flags, parent.get());
    EXPECT_FALSE(b.is_open());
    return made ? std::string("no error") : made.why().text();
  };
  EXPECT_EQ(why([](weir_builder&) {}), "no error");
  EXPECT_THAT(why([](weir_builder& v) {
                batch_builder::column_validity(&v.columns[0]);
                set_bit(v.columns[0].validity, 1, false);
              }),
              HasSubstr("column n has 1 nulls"));
  EXPECT_THAT(why([](weir_builder& v) {
                values<std::int32_t>(v.columns[1])[1] = 5;
                values<std::int32_t>(v.columns[1])[2] = 3;
              }),
              HasSubstr("column name offset 2 is 3, less than the 5"));
  EXPECT_THAT(why([](weir_builder& v) { values<std::int32_t>(v.columns[1])[2] = 1 << 30; }), HasSubstr("column name"));
  EXPECT_THAT(why([](weir_builder& v) { values<std::int32_t>(v.columns[2].children[0])[2] = 1 << 30; }),
              HasSubstr("column who.l its last offset"));
  EXPECT_THAT(why([](weir_builder& v) {
                v.columns[1].data[0] = '\xff';
                values<std::int32_t>(v.columns[1])[1] = values<std::int32_t>(v.columns[1])[2] = 1;
              }),
              HasSubstr("row 0 is not UTF-8"));
  static std::uint8_t own[256];
  EXPECT_THAT(why([](weir_builder& v) { v.columns[0].validity = own; }), HasSubstr("column n has other pointers"));
  EXPECT_THAT(why([](weir_builder& v) { v.columns[0].values = own; }), HasSubstr("column n has other pointers"));
  EXPECT_THAT(why([](weir_builder& v) { v.columns[1].data = reinterpret_cast<char*>(own); }),
              HasSubstr("column name has other pointers"));
  EXPECT_THAT(why([](weir_builder& v) { v.length = 1 << 20; }), HasSubstr("length 1048576"));
  EXPECT_THAT(why([](weir_builder& v) { v.length = -1; }), HasSubstr("length -1"));
  EXPECT_THAT(why([](weir_builder& v) { v.parent[0] = 0, v.parent[1] = 4; }, WEIR_EMIT_PARENTS), HasSubstr("parent 4"));
  EXPECT_THAT(why([](weir_builder& v) { v.change[0] = 0, v.change[1] = 4; }, WEIR_EMIT_CHANGES),
              HasSubstr("change kind 4"));
  EXPECT_THAT(why([](weir_builder&) {}, WEIR_EMIT_OFFSETS), HasSubstr("OFFSETS"));
  EXPECT_THAT(why([](weir_builder&) {}, 1u << 20), HasSubstr("unknown flags"));
}

TEST(BatchBuilder, RefusesGrowthThatMakesNoSense) {
  batch_builder b(builder_layout::make(make_schema("n: int32, name: utf8, l: list<int8>")));
  EXPECT_EQ(b.open(-1), nullptr);
  EXPECT_EQ(b.open(std::int64_t{1} << 40), nullptr);
  EXPECT_EQ(b.grow(1), WEIR_E_CONTRACT);  // not open
  weir_builder* v = b.open(1);
  EXPECT_EQ(b.grow(-1), WEIR_E_CONTRACT);
  EXPECT_EQ(b.grow(std::int64_t{1} << 40), WEIR_E_MEMORY);
  EXPECT_EQ(batch_builder::grow_column(&v->columns[0], 10), WEIR_E_CONTRACT);  // no list's child
  EXPECT_EQ(batch_builder::grow_data(&v->columns[0], 10), WEIR_E_CONTRACT);
  EXPECT_EQ(batch_builder::grow_data(&v->columns[1], std::int64_t{1} << 31), WEIR_E_MEMORY);
  EXPECT_EQ(batch_builder::grow_column(&v->columns[2].children[0], 1000), WEIR_OK);
  EXPECT_GE(v->columns[2].children[0].capacity, 1000);
}

TEST(EmitPassed, SharesEverythingAndForgetsTheInputsKey) {
  const batch_ref parent = with_key_hash(*make_parent(4), buffer_pool::must_allocate(32));
  selection some{.rows = buffer_pool::must_allocate(8), .count = 2};
  some.rows->as<std::uint32_t>()[0] = 0;
  some.rows->as<std::uint32_t>()[1] = 2;
  const auto same = emit_passed(*parent, parent->schema(), {}, some);
  ASSERT_TRUE(same);
  EXPECT_EQ((*same)->row_count(), 2);
  EXPECT_EQ((*same)->view().key_hash, nullptr);
  EXPECT_EQ(&(*same)->column_at(0), &parent->column_at(0));

  const std::int32_t twice[] = {0, 0};
  const auto doubled = emit_passed(*parent, make_schema("a: int64, b: int64"), twice, {});
  ASSERT_TRUE(doubled);
  EXPECT_EQ(json(**doubled, 3), R"({"a":30,"b":30})");

  const auto renamed = emit_passed(*parent, make_schema("w: int64"), {}, {});
  EXPECT_EQ(json(**renamed, 1), R"({"w":10})");

  some.rows->as<std::uint32_t>()[1] = 4;
  EXPECT_FALSE(emit_passed(*parent, parent->schema(), {}, some));
  some.rows->as<std::uint32_t>()[0] = 2;
  some.rows->as<std::uint32_t>()[1] = 1;
  const auto unsorted = emit_passed(*parent, parent->schema(), {}, some, check_level::full);
  ASSERT_FALSE(unsorted);
  EXPECT_THAT(unsorted.why().text(), HasSubstr("rows must ascend"));
}

TEST(BuilderStock, ReusesBuildersAndDiscardsWhatACallLeftOpen) {
  builder_stock stock(builder_layout::make(make_schema("n: int32")));
  batch_builder& first = stock.take();
  ASSERT_NE(first.open(1), nullptr);
  batch_builder& second = stock.take();
  EXPECT_NE(&first, &second);
  first.discard();
  stock.give_back(first);
  EXPECT_EQ(&stock.take(), &first);
  ASSERT_NE(second.open(1), nullptr);
  EXPECT_EQ(stock.discard_open(), 1);
  EXPECT_FALSE(second.is_open());
}

}  // namespace
}  // namespace weir::model
