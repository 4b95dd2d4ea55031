// Operators on whole columns, with schemas that are known at run time only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/batch_operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using weir::test::harness;

namespace {
struct trade {
  std::int64_t id;
  std::optional<double> price;
  std::string desk;
  friend bool operator==(const trade&, const trade&) = default;
};
WEIR_RECORD(trade, id, price, desk)
std::vector<trade> some(std::int64_t n) {
  std::vector<trade> out;
  for (std::int64_t i = 0; i < n; ++i)
    out.push_back({i, i % 5 ? std::optional{i * 0.5} : std::nullopt, "desk" + std::to_string(i % 3)});
  return out;
}

// Splits by price into two ports that pass everything, nulls to the dead letters.
class split : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr bool stateless = true;
  void bind(weir::binder& b) override {
    price_ = static_cast<std::size_t>(b.input().require("price"));
    if (b.input()[price_].kind != weir::type::float64) b.error(WEIR_E_SCHEMA, "", "price must be float64");
    b.output_like_input("");
    b.output_like_input("low");
  }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    const auto price = batch.column<double>(price_);
    auto* high = out.row_buffer(batch.row_count());
    auto* low = out.row_buffer(batch.row_count());
    std::int64_t highs = 0, lows = 0;
    for (const auto row : batch.rows()) {
      if (price.null(row))
        out.dead_letter(batch, row, "no price");
      else
        (price[row] > 2 ? high[highs++] : low[lows++]) = row;
    }
    out.emit_rows(0, batch, high, highs);
    out.emit_rows(1, batch, low, lows);
  }

 private:
  std::size_t price_ = 0;
};

TEST(BatchOperator, SharesRowsOnSeveralPorts) {
  for (const bool sparse : {false, true}) {
    harness<split, trade, trade> h;
    h.sparse = sparse;
    h.push_all(some(10));
    EXPECT_THAT(h.take(), SizeIs(4));
    EXPECT_THAT(h.take("low"), SizeIs(4));
    EXPECT_THAT(h.take_dead_letters(), SizeIs(2));
  }
}
TEST(BatchOperator, NamesAColumnThatIsNotThere) {
  struct other;
  EXPECT_THAT((weir::test::bind_errors<split, trade>()), IsEmpty());
}

struct no_price {
  std::int64_t id;
  std::string pryce;
};
WEIR_RECORD(no_price, id, pryce)
TEST(BatchOperator, GivesTheNearestNameOfAMissingColumn) {
  EXPECT_THAT((weir::test::bind_errors<split, no_price>()),
              ElementsAre(HasSubstr("no column 'price'; did you mean 'pryce'?")));
}

struct part {
  std::string key;
  std::optional<std::int32_t> n;
  friend bool operator==(const part&, const part&) = default;
};
WEIR_RECORD(part, key, n)
struct built {
  bool flag;
  std::optional<std::string> text;
  std::vector<std::int64_t> numbers;
  std::optional<part> one;
  std::vector<part> many;
  std::array<std::byte, 3> fixed;
  weir::decimal<12, 2> money;
  friend bool operator==(const built&, const built&) = default;
};
WEIR_RECORD(built, flag, text, numbers, one, many, fixed, money)

built expected(std::int64_t i) {
  built b{};
  b.flag = i % 2;
  if (i % 3) b.text = std::string(static_cast<std::size_t>(i), 't');
  for (std::int64_t k = 0; k < i % 4; ++k) b.numbers.push_back(i * 10 + k);
  if (i % 5)
    b.one =
        part{"k" + std::to_string(i), i % 2 ? std::optional<std::int32_t>{static_cast<std::int32_t>(i)} : std::nullopt};
  for (std::int64_t k = 0; k < i % 3; ++k) b.many.push_back({"m", k ? std::optional<std::int32_t>{1} : std::nullopt});
  b.fixed = {std::byte{1}, std::byte{2}, static_cast<std::byte>(i)};
  b.money.unscaled = i * 100;
  return b;
}

// Writes rows through column writers of a schema that it only knows as a value; takes every seventh row back.
class writer : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  void bind(weir::binder& b) override { b.output("", weir::schema_of<built>()); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    const auto id = batch.column<std::int64_t>("id");
    auto b = out.build(0, 1);
    std::vector<std::uint32_t> parents;
    for (const auto row : batch.rows()) {
      const auto before = b[0].size();
      if (id[row] % 14 == 13)
        append_half(b);
      else
        append(b, expected(id[row]));
      if (id[row] % 7 == 6)
        b.truncate(before);
      else
        parents.push_back(row);
    }
    std::copy(parents.begin(), parents.end(), b.parents());
    b.emit();
  }

 private:
  static void append(weir::column_writer& to, const part& p) {
    to[0].append(p.key);
    if (p.n)
      to[1].append(*p.n);
    else
      to[1].append_null();
    to.end_record();
  }
  // A row whose lists and records have not ended.
  static void append_half(weir::batch_builder& b) {
    b[0].append(true);
    b[2].item().append(std::int64_t{1});
    b[3][0].append("half");
    append(b[4].item(), {"whole", 1});
    b[4].item()[0].append("half");
  }
  static void append(weir::batch_builder& b, const built& v) {
    b[0].append(v.flag);
    if (v.text) {
      auto* room = b[1].text_room(static_cast<std::int64_t>(v.text->size()) + 10);
      std::copy(v.text->begin(), v.text->end(), room);
      b[1].commit_text(static_cast<std::int64_t>(v.text->size()));
    } else {
      b[1].append_null();
    }
    for (const auto n : v.numbers) b[2].item().append(n);
    b[2].end_list();
    if (v.one)
      append(b[3], *v.one);
    else
      b[3].append_null();
    for (const auto& p : v.many) append(b[4].item(), p);
    b[4].end_list();
    b[5].append_fixed(v.fixed.data());
    b[6].append(v.money.unscaled);
  }
};

TEST(ColumnWriter, WritesEveryTypeAndTakesRowsBack) {
  harness<writer, trade, built> h;
  h.batch_size = 40;
  h.sparse = true;
  h.push_all(some(40));
  std::vector<built> all;
  for (std::int64_t i = 0; i < 40; ++i)
    if (i % 7 != 6) all.push_back(expected(i));
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(rows[i].value, all[i]) << i;
  EXPECT_EQ(rows.back().offset, 39);
}

// Adds the length of the desk's name, by column; leaves rows out that are not selected.
struct with_length {
  std::int64_t id;
  std::string desk;
  std::int64_t length;
  std::optional<std::string> shout;
  friend bool operator==(const with_length&, const with_length&) = default;
};
WEIR_RECORD(with_length, id, desk, length, shout)
class beside : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  void bind(weir::binder& b) override {
    auto out = b.input();
    std::vector<std::int32_t> passes;
    for (std::size_t i = 0; i < out.size(); ++i) passes.push_back(static_cast<std::int32_t>(i));
    out.fields.push_back({.name = "length", .kind = weir::type::int64, .nullable = false});
    out.fields.push_back({.name = "shout", .kind = weir::type::utf8});
    passes.insert(passes.end(), {-1, -1});
    b.output("", std::move(out), std::move(passes));
  }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    auto b = out.build_beside(0, batch);
    const auto desk = batch.column<std::string_view>("desk");
    for (const auto row : batch.rows()) {
      b[0].skip_to(row);
      b[1].skip_to(row);
      b[0].append(static_cast<std::int64_t>(desk[row].size()));
      if (desk[row].size() > 2)
        b[1].append(std::string{desk[row]} + "!");
      else
        b[1].append_null();
    }
    out.emit_all(0, batch, std::move(b));
  }
};
struct id_desk {
  std::int64_t id;
  std::string desk;
};
WEIR_RECORD(id_desk, id, desk)
TEST(BatchOutput, AddsColumnsBesideThoseThatPass) {
  for (const bool sparse : {false, true}) {
    harness<beside, id_desk, with_length> h;
    h.sparse = sparse;
    h.push_all<id_desk>({{1, "fx"}, {2, "equity"}, {3, ""}});
    EXPECT_THAT(h.take(), ElementsAre(with_length{1, "fx", 2, std::nullopt}, with_length{2, "equity", 6, "equity!"},
                                      with_length{3, "", 0, std::nullopt}));
  }
}

class whole : public weir::batch_operator {
 public:
  void bind(weir::binder& b) override { b.output_like_input(""); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    EXPECT_FALSE(batch.selected());
    out.emit_all(0, batch);
  }
};
TEST(BatchOperator, GetsNoSelectionsUnlessItSaysSo) {
  harness<whole, trade, trade> h;
  h.sparse = true;
  h.push_all(some(7));
  EXPECT_EQ(h.take(), some(7));
}
TEST(BatchView, RefusesAColumnAsAnotherType) {
  class asks : public weir::batch_operator {
   public:
    void bind(weir::binder& b) override { b.output_like_input(""); }
    void process(const weir::batch_view& batch, weir::batch_output&) override { (void)batch.column<double>("desk"); }
  };
  harness<asks, trade, trade> h;
  try {
    h.push({1, 2, "x"});
    FAIL();
  } catch (const weir::test::call_failed& e) {
    EXPECT_EQ(e.code, WEIR_E_PLUGIN);
    EXPECT_THAT(e.what(), HasSubstr("column 'desk' is utf8, it was asked for as float64"));
  }
}

class counting_sink : public weir::batch_sink {
 public:
  void process(const weir::batch_view& batch) override {
    const auto id = batch.column<std::int64_t>("id");
    for (const auto row : batch.rows())
      if (id.values()[row] == 3) dead_letter(batch, row, "three");
    rows_ += static_cast<std::uint64_t>(batch.row_count());
  }
  void report(weir::figures& f) { f.add("rows", rows_); }

 private:
  std::uint64_t rows_ = 0;
};
TEST(BatchSink, SeesBatches) {
  harness<counting_sink, trade, void> h;
  h.push_all(some(10));
  EXPECT_EQ(h.figures().at("rows"), 10u);
  EXPECT_THAT(h.take_dead_letters(), SizeIs(1));
}

// Makes its own array and gives it away.
class own_array : public weir::batch_operator {
 public:
  void bind(weir::binder& b) override { b.output("", weir::schema{{{.name = "n", .kind = weir::type::int64}}}); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    struct owned {
      std::vector<std::int64_t> values;
      ArrowArray child{};
      const void* child_buffers[2]{};
      const void* buffers[1]{};
      ArrowArray* children[1]{};
    };
    auto* o = new owned;
    for (const auto row : batch.rows()) o->values.push_back(batch.column<std::int64_t>("id")[row] * 2);
    const auto length = static_cast<std::int64_t>(o->values.size());
    o->child_buffers[1] = o->values.data();
    o->child = {length, 0, 0, 2, 0, o->child_buffers, nullptr, nullptr, [](ArrowArray* a) { a->release = nullptr; },
                nullptr};
    o->children[0] = &o->child;
    ArrowArray all{length,
                   0,
                   0,
                   1,
                   1,
                   o->buffers,
                   o->children,
                   nullptr,
                   [](ArrowArray* a) {
                     delete static_cast<owned*>(a->private_data);
                     a->release = nullptr;
                   },
                   o};
    std::vector<std::uint32_t> parents;
    for (const auto row : batch.rows()) parents.push_back(row);
    out.emit_array(0, &all, parents.data());
    EXPECT_EQ(all.release, nullptr);
  }
};
struct number {
  std::int64_t n;
  friend bool operator==(const number&, const number&) = default;
};
WEIR_RECORD(number, n)
TEST(BatchOutput, TakesAnArrayThatThePluginMade) {
  harness<own_array, trade, number> h;
  h.push_all(some(3), 1s, 1s);
  const auto rows = h.take_rows();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[2].value, number{4});
  EXPECT_EQ(rows[2].at, weir::time{3s});
}
}  // namespace
