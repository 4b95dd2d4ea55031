#include "model/import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;
using testing::HasSubstr;

/// An array as a plugin would hand it over, with a count of its releases.
struct foreign {
  ArrowArray array;
  int releases = 0;

  explicit foreign(const batch_ref& b) {
    export_batch(b, &array);
    inner_ = array.release;
    held_ = array.private_data;
    array.release = [](ArrowArray* a) {
      auto* self = static_cast<foreign*>(a->private_data);
      ++self->releases;
      a->private_data = self->held_;
      self->inner_(a);
    };
    array.private_data = this;
  }
  foreign(const foreign&) = delete;

 private:
  void (*inner_)(ArrowArray*);
  void* held_;
};

std::vector<std::string> all_rows(const batch& b) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < b.row_count(); ++i) {
    out.emplace_back();
    row_json(b.schema()).append(out.back(), b, b.row(i));
  }
  return out;
}

TEST(Import, GivesTheRowsThatWereExported) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    const batch_ref b = random_batch(r, s, pick(r, 0, 100), false);
    foreign f(b);
    auto image = std::make_shared<int>(1);
    {
      const auto made = import_batch(&f.array, s, image, nullptr, nullptr, WEIR_TIME_MIN, {.check_utf8 = true});
      ASSERT_TRUE(made) << made.why().text() << " seed " << seed << " " << s->text();
      ASSERT_EQ(f.array.release, nullptr);
      ASSERT_EQ(all_rows(**made), all_rows(*b)) << "seed " << seed;
      // Either something points into the plugin's memory and the image is held, or nothing does and it is gone.
      ASSERT_EQ(image.use_count(), f.releases == 0 ? 2 : 1);
    }
    ASSERT_EQ(f.releases, 1);
    ASSERT_EQ(image.use_count(), 1);
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(Import, SharesWholeBuffersAndHoldsTheImageUntilTheLastColumnIsGone) {
  // Whole pages of the plugin's, so that there is room behind 100 values.
  alignas(4096) static std::int64_t memory[2][512];
  random r(1);
  const schema_ref s = parse_schema("a: int64, b: int64").take();
  foreign f(random_batch(r, s, 100, false));
  const void* buffers[2][2] = {{nullptr, memory[0]}, {nullptr, memory[1]}};
  for (int i = 0; i < 2; ++i) f.array.children[i]->buffers = buffers[i];
  auto image = std::make_shared<int>(1);
  auto made = import_batch(&f.array, s, image, nullptr, nullptr).take();
  EXPECT_EQ(made->column_at(0).values<std::int64_t>(), memory[0]);
  EXPECT_TRUE(made->column_at(0).is_foreign());
  column_ref last = made->share_column(1);
  made.reset();
  EXPECT_EQ(f.releases, 0);
  EXPECT_EQ(image.use_count(), 2);
  last.reset();
  EXPECT_EQ(f.releases, 1);
  EXPECT_EQ(image.use_count(), 1);
}

void slice(random& r, ArrowArray* a, const batch& b, std::int64_t& begin, std::int64_t& count) {
  begin = pick(r, 0, b.length());
  count = pick(r, 0, b.length() - begin);
  const std::int64_t outer = pick(r, 0, begin);  // a part of the offset at the struct, the rest at each child
  a->offset = outer;
  a->length = count;
  a->null_count = 0;
  for (std::int64_t i = 0; i < a->n_children; ++i) {
    a->children[i]->offset = begin - outer;
    a->children[i]->length = outer + count;
    a->children[i]->null_count = -1;
  }
}

TEST(Import, NormalisesOffsets) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    const batch_ref b = random_batch(r, s, pick(r, 0, 100), false);
    foreign f(b);
    std::int64_t begin = 0, count = 0;
    slice(r, &f.array, *b, begin, count);
    const auto made = import_batch(&f.array, s, nullptr, nullptr, nullptr);
    ASSERT_TRUE(made) << made.why().text() << " seed " << seed << " " << s->text();
    const auto whole = all_rows(*b);
    ASSERT_EQ(all_rows(**made), std::vector<std::string>(whole.begin() + begin, whole.begin() + begin + count))
        << "seed " << seed << " " << s->text();
    for (std::size_t c = 0; c < s->size(); ++c) ASSERT_EQ((*made)->view().columns[c]->offset, 0);
  }
}

TEST(Import, CopiesABufferThatEndsWhereReadingOnMayFault) {
  const auto page = static_cast<std::size_t>(4096);
  auto* memory =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
  random r(1);
  const schema_ref s = parse_schema("a: int64").take();
  foreign f(random_batch(r, s, 4, false));
  auto* at = reinterpret_cast<std::int64_t*>(memory + page) - 4;
  for (int i = 0; i < 4; ++i) at[i] = i;
  const void** buffers = f.array.children[0]->buffers;
  const void* own[] = {nullptr, at};
  f.array.children[0]->buffers = own;
  const auto made = import_batch(&f.array, s, nullptr, nullptr, nullptr);
  (void)buffers;
  ASSERT_TRUE(made);
  EXPECT_FALSE((*made)->column_at(0).is_foreign());
  const auto* values = (*made)->column_at(0).values<char>();
  volatile char sum = 0;
  for (std::size_t i = 0; i < 32 + buffer_padding; ++i) sum = static_cast<char>(sum + values[i]);
  munmap(memory, 2 * page);
}

TEST(Import, TakesFactsFromTheParents) {
  random r(5);
  const schema_ref s = parse_schema("a: int64").take();
  batch_ref parent = random_batch(r, s, 5, false);
  facts pf;
  pf.event_time = buffer_pool::must_allocate(40);
  for (int i = 0; i < 5; ++i) pf.event_time->as<std::int64_t>()[i] = 100 + i;
  parent = with_facts(*parent, pf);
  const std::uint32_t parents[] = {3, 3, 0};
  const batch_ref rows = random_batch(r, s, 3, false);
  foreign f(rows);
  const auto made = import_batch(&f.array, s, nullptr, parent.get(), parents);
  ASSERT_TRUE(made);
  const std::int64_t* t = (*made)->view().event_time;
  EXPECT_THAT(std::vector(t, t + 3), testing::ElementsAre(103, 103, 100));

  const std::uint32_t wrong[] = {0, 5, 0};
  foreign g(rows);
  EXPECT_THAT(import_batch(&g.array, s, nullptr, parent.get(), wrong).why().text(), HasSubstr("parent 5"));
  EXPECT_EQ(g.releases, 1);
}

TEST(Import, BelievesNothing) {
  random r(11);
  const schema_ref s = parse_schema("n: int64?, name: utf8, l: list<struct<x: int8>>").take();
  const batch_ref b = random_batch(r, s, 50, false);
  auto why = [&](auto spoil) {
    foreign f(b);
    auto image = std::make_shared<int>(1);
    std::vector<std::shared_ptr<void>> kept;
    spoil(f.array);
    const auto made = import_batch(&f.array, s, image, nullptr, nullptr, WEIR_TIME_MIN, {.check_utf8 = true});
    EXPECT_EQ(f.array.release, nullptr);
    if (made) return std::string("no error");
    EXPECT_EQ(made.why().by, base::blame::plugin);
    EXPECT_EQ(f.releases, 1);
    EXPECT_EQ(image.use_count(), 1);
    return made.why().text();
  };
  EXPECT_EQ(why([](ArrowArray&) {}), "no error");
  EXPECT_THAT(why([](ArrowArray& a) { a.n_children = 2; }), HasSubstr("2 columns and 3 are declared"));
  EXPECT_THAT(why([](ArrowArray& a) { a.length = -1; }), HasSubstr("length is -1"));
  EXPECT_THAT(why([](ArrowArray& a) { a.length = 51; }),
              HasSubstr("column n of an array that a plugin emitted: it has 50 rows"));
  EXPECT_THAT(why([](ArrowArray& a) { a.offset = INT64_MAX; }), HasSubstr("offset"));
  EXPECT_THAT(why([](ArrowArray& a) { a.n_buffers = 0; }), HasSubstr("not a struct"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[1]->n_buffers = 2; }), HasSubstr("column name of an array"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[1]->length = 49; }), HasSubstr("49 rows and 50 are needed"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[0]->offset = -1; }), HasSubstr("its offset is -1"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[0]->null_count = 51; }), HasSubstr("its null count is 51"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[0]->dictionary = &a; }), HasSubstr("dictionary"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[2]->children = nullptr; }), HasSubstr("list of children is null"));
  EXPECT_THAT(why([](ArrowArray& a) { a.children[2]->children[0]->length = 1; }), HasSubstr("column l[]"));
  // A list of buffers is the plugin's own memory: give each array one to spoil.
  static const void* own[3];
  auto with_buffers = [&](int child, auto spoil) {
    return why([&](ArrowArray& a) {
      ArrowArray& c = *a.children[child];
      std::copy_n(c.buffers, c.n_buffers, own);
      c.buffers = own;
      spoil(c);
    });
  };
  EXPECT_THAT(with_buffers(0,
                           [](ArrowArray& c) {
                             own[0] = nullptr;
                             c.null_count = 3;
                           }),
              HasSubstr("3 but it has no bitmap"));
  static const std::vector<std::uint8_t> all_ones(128, 0xff);
  EXPECT_THAT(with_buffers(0,
                           [](ArrowArray& c) {
                             own[0] = all_ones.data();
                             c.null_count = 3;
                           }),
              HasSubstr("3 but its bitmap has 0 nulls"));
  static const std::vector<std::uint8_t> all_zero(128, 0);
  EXPECT_THAT(with_buffers(1,
                           [](ArrowArray& c) {
                             own[0] = all_zero.data();
                             c.null_count = -1;
                           }),
              HasSubstr("50 nulls but is declared without null"));
  EXPECT_THAT(with_buffers(1, [](ArrowArray&) { own[1] = nullptr; }), HasSubstr("no offsets buffer"));
  EXPECT_THAT(with_buffers(1, [](ArrowArray&) { own[2] = nullptr; }), HasSubstr("no data buffer"));
  EXPECT_THAT(with_buffers(0, [](ArrowArray&) { own[1] = nullptr; }), HasSubstr("no values buffer"));
  static std::vector<std::int32_t> offsets(80, 7);
  offsets[5] = 3;
  EXPECT_THAT(with_buffers(1, [](ArrowArray&) { own[1] = offsets.data(); }),
              HasSubstr("column name of an array that a plugin emitted: offset 5 is 3, less than the 7"));
  static std::vector<std::int32_t> negative(80, -1);
  EXPECT_THAT(with_buffers(1, [](ArrowArray&) { own[1] = negative.data(); }), HasSubstr("offset 0 is -1"));
  static const std::vector<char> not_text(1000, '\xff');
  EXPECT_THAT(with_buffers(1, [](ArrowArray&) { own[2] = not_text.data(); }), HasSubstr("is not UTF-8"));

  EXPECT_FALSE(import_batch(nullptr, s, nullptr, nullptr, nullptr));
  ArrowArray released{};
  EXPECT_THAT(import_batch(&released, s, nullptr, nullptr, nullptr).why().text(), HasSubstr("already released"));
}

}  // namespace
}  // namespace weir::model
