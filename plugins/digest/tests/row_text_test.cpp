#include "digest/row_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <weir/column_writer.hpp>
#include <weir/test/fake_host.hpp>

namespace digest {
namespace {

using weir::type;

// A batch of columns that a test fills through writers.
class table {
 public:
  explicit table(std::vector<weir::field> fields) : fields_(std::move(fields)), builder_(fields_, 1024, false) {
    const weir::detail::writing w{&weir::test::fake_host(), nullptr};
    for (std::size_t i = 0; i < fields_.size(); ++i)
      columns_.emplace_back(w, &builder_.raw(), builder_.raw().columns + i, fields_[i]);
  }
  weir::column_writer& operator[](std::size_t i) { return columns_[i]; }
  weir::test::owned_batch batch() {
    weir::test::owned_batch b;
    b.columns_of.fields = fields_;
    b.length = columns_[0].size();
    for (std::size_t i = 0; i < fields_.size(); ++i)
      b.columns.push_back(weir::test::owned_column::freeze(fields_[i], builder_.raw().columns[i], b.length));
    return b;
  }
  weir::schema schema() const { return {fields_}; }

 private:
  std::vector<weir::field> fields_;
  weir::test::owned_builder builder_;
  std::vector<weir::column_writer> columns_;
};

std::vector<std::uint32_t> all_of(const weir::schema& s) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < s.size(); ++i) out.push_back(i);
  return out;
}

// The text of every selected row, after its digest was compared with the hash of that text, by every way to do it.
std::vector<std::string> check(const weir::schema& s, weir::test::owned_batch& b) {
  const weir_batch raw = b.raw();
  row_text best(s, all_of(s)), portable(s, all_of(s));
  portable.use(portable_numbers, sum_fnv_lockstep);
  std::vector<std::string> out;
  std::uint64_t sum = 0;
  for (std::int64_t k = 0; k < raw.row_count; ++k) {
    out.push_back(best.text(raw, raw.rows ? raw.rows[k] : static_cast<std::uint32_t>(k)));
    sum += fnv1a(out.back().data(), out.back().size());
  }
  EXPECT_EQ(best.sum(raw), sum);
  EXPECT_EQ(best.sum(raw), sum) << "a second time, with used buffers";
  EXPECT_EQ(portable.sum(raw), sum);
  return out;
}

TEST(RowText, WritesEveryTypeInItsCanonicalForm) {
  table t({{.name = "i", .kind = type::int64},
           {.name = "s", .kind = type::utf8},
           {.name = "b", .kind = type::boolean},
           {.name = "f", .kind = type::float64},
           {.name = "g", .kind = type::float32},
           {.name = "t", .kind = type::timestamp},
           {.name = "d", .kind = type::date32},
           {.name = "m", .kind = type::decimal128, .precision = 10, .scale = 2},
           {.name = "x", .kind = type::binary},
           {.name = "w", .kind = type::fixed_binary, .width = 2},
           {.name = "u", .kind = type::uint64},
           {.name = "l", .kind = type::list, .children = {{.name = "item", .kind = type::int32}}},
           {.name = "r",
            .kind = type::record,
            .children = {{.name = "a", .kind = type::int8}, {.name = "b", .kind = type::utf8}}}});
  t[0].append(std::int64_t{-42});
  t[1].append("fx|desk");
  t[2].append(true);
  t[3].append(0.1);
  t[4].append(1.5f);
  t[5].append(std::int64_t{1'700'000'000'000'000});
  t[6].append(std::int32_t{19'675});
  t[7].append(weir::int128{-1205});
  t[8].append(std::string_view("\x00\xff", 2));
  t[9].append_fixed("\x01\xab");
  t[10].append(std::numeric_limits<std::uint64_t>::max());
  for (const std::int32_t v : {1, 2, 3}) t[11].item().append(v);
  t[11].end_list();
  t[12][0].append(std::int8_t{-7});
  t[12][1].append("y");
  t[12].end_record();
  for (std::size_t i = 0; i < 13; ++i) t[i].append_null();
  auto b = t.batch();
  EXPECT_EQ(check(t.schema(), b),
            (std::vector<std::string>{
                "-42|fx|desk|true|0.1|1.5|1700000000000000|19675|-12.05|00ff|01ab|18446744073709551615|[1,2,3]|{-7,y}",
                "||||||||||||"}));
}

TEST(RowText, WritesSmallDecimalsWithTheirZeros) {
  table t({{.name = "m", .kind = type::decimal128, .precision = 38, .scale = 3}});
  for (const int v : {0, 5, -5, 1000, -123456}) t[0].append(weir::int128{v});
  auto b = t.batch();
  EXPECT_EQ(check(t.schema(), b), (std::vector<std::string>{"0.000", "0.005", "-0.005", "1.000", "-123.456"}));
}

TEST(RowText, HoldsForIntegersOfEveryWidthAndSize) {
  std::mt19937_64 random(3);
  const std::vector<type> kinds = {type::int8,   type::int16,  type::int32,  type::int64,     type::uint8,
                                   type::uint16, type::uint32, type::uint64, type::timestamp, type::date32};
  for (int round = 0; round < 60; ++round) {
    std::vector<weir::field> fields;
    for (const type k : kinds) fields.push_back({.name = "c", .kind = k});
    table t(fields);
    const auto rows = 1 + random() % 300, shift = random() % 64, base = random() >> (random() % 64);
    for (std::uint64_t i = 0; i < rows; ++i) {
      const std::uint64_t v = base + (random() >> shift);
      for (std::size_t c = 0; c < kinds.size(); ++c) {
        if (random() % 17 == 0 && round % 2 == 0) {
          t[c].append_null();
          continue;
        }
        switch (weir::test::width_of(fields[c])) {
          case 1:
            t[c].append(static_cast<std::int8_t>(v));
            break;
          case 2:
            t[c].append(static_cast<std::int16_t>(v));
            break;
          case 4:
            t[c].append(static_cast<std::int32_t>(v));
            break;
          default:
            t[c].append(static_cast<std::int64_t>(v));
            break;
        }
      }
    }
    auto b = t.batch();
    check(t.schema(), b);
    if (HasFailure()) return;
  }
}

TEST(RowText, ReadsOnlySelectedRows) {
  table t(
      {{.name = "i", .kind = type::int64}, {.name = "s", .kind = type::utf8}, {.name = "f", .kind = type::float64}});
  for (std::int64_t i = 0; i < 1000; ++i) {
    t[0].append(i * i);
    if (i % 5 == 0)
      t[1].append_null();
    else
      t[1].append(std::string_view(std::string(static_cast<std::size_t>(i % 40), 'q')));
    t[2].append(static_cast<double>(i) / 8);
  }
  auto b = t.batch();
  b.all = false;
  for (std::uint32_t i = 1; i < 1000; i += 3) b.rows.push_back(i);
  const auto rows = check(t.schema(), b);
  ASSERT_EQ(rows.size(), 333u);
  EXPECT_EQ(rows[1], "16|qqqq|0.5");
  EXPECT_EQ(rows[3], "100||1.25");
}

TEST(RowText, TakesLongTexts) {
  table t({{.name = "a", .kind = type::utf8}, {.name = "b", .kind = type::utf8}});
  for (int i = 0; i < 40; ++i) {
    t[0].append(std::string_view(std::string(i == 17 ? 300'000 : 3, 'z')));
    t[1].append("");
  }
  auto b = t.batch();
  check(t.schema(), b);
}

TEST(RowText, IsEmptyForABatchWithoutRows) {
  table t({{.name = "a", .kind = type::int64}});
  auto b = t.batch();
  EXPECT_TRUE(check(t.schema(), b).empty());
}

}  // namespace
}  // namespace digest
