// The contract checker: one small breach each, written against the C tables, and the side that it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <weir/batch.hpp>
#include <weir/test/bench.hpp>
#include <weir/test/harness.hpp>

#include "../../../sdk/testing/check_columns.hpp"

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using weir::test::finding;
using weir::test::side;
using weir::test::to_string;

namespace {

// An operator in C whose process is a function of the test. One column "n" int64 and one "s" utf8 in; the same out on
// port 0, and port 1 passes "n" and writes "s".
struct script {
  std::function<weir_code(const weir_host&, weir_context*, const weir_batch&)> process = [](auto&&...) {
    return WEIR_OK;
  };
  std::function<weir_code(const weir_host&, weir_bind*)> bind;
  std::function<weir_code(const weir_host&, weir_context*)> flush = [](auto&&...) { return WEIR_OK; };
  std::function<weir_code(const weir_host&, weir_context*)> create = [](auto&&...) { return WEIR_OK; };
};
script now;
const weir_host* the_host = nullptr;
weir_context* the_context = nullptr;

weir_view view(std::string_view s) { return {s.data(), s.size()}; }
const weir::schema columns{
    {{.name = "n", .kind = weir::type::int64, .nullable = false}, {.name = "s", .kind = weir::type::utf8}}};

const weir_option options[] = {{.name = "known", .type = "int", .fallback = "1", .doc = "d"}, {.name = nullptr}};

weir_operator scripted(std::uint32_t flags) {
  weir_operator op{};
  op.struct_size = sizeof op;
  op.kind = WEIR_KIND_OPERATOR;
  op.flags = flags;
  op.input_count = 1;
  op.type = "scripted";
  op.summary = "";
  op.options = options;
  op.option_size = sizeof(weir_option);
  op.bind = [](const weir_host* host, weir_bind* b, void** plan) {
    *plan = nullptr;
    if (now.bind) return now.bind(*host, b);
    const weir::detail::arrow_schema raw{columns};
    const std::int32_t passes[] = {0, -1};
    host->bind_output(b, view(""), raw.get(), nullptr);
    return host->bind_output(b, view("beside"), raw.get(), passes);
  };
  op.unbind = [](void*) {};
  op.create = [](const weir_host* host, weir_context* c, const void*, void** self) {
    the_host = host;
    the_context = c;
    *self = &now;
    return now.create(*host, c);
  };
  op.destroy = [](void*) {};
  op.process = [](void*, weir_context* c, const weir_batch* b) { return now.process(*the_host, c, *b); };
  op.on_watermark = [](void*, weir_context* c, std::int64_t) {
    return static_cast<void>(the_host->watermark(c)), WEIR_OK;
  };
  op.end_of_port = [](void*, weir_context*, std::uint32_t) { return WEIR_OK; };
  op.flush = [](void*, weir_context* c) { return now.flush(*the_host, c); };
  return op;
}

class Checker : public testing::Test {
 protected:
  void SetUp() override { now = {}; }
  // A batch of four rows, two of them selected when asked for.
  static weir::test::owned_batch batch(bool selected = false) {
    weir::test::owned_builder b{columns.fields, 4, false};
    weir::column_writer n{{&weir::test::fake_host(), nullptr}, &b.raw(), b.raw().columns, columns.fields[0]};
    weir::column_writer s{{&weir::test::fake_host(), nullptr}, &b.raw(), b.raw().columns + 1, columns.fields[1]};
    for (std::int64_t i = 0; i < 4; ++i) n.append(i), s.append("row");
    weir::test::owned_batch out;
    out.columns_of = columns;
    for (std::size_t i = 0; i < 2; ++i)
      out.columns.push_back(weir::test::owned_column::freeze(columns.fields[i], b.raw().columns[i], 4));
    out.length = 4;
    if (selected) out.all = false, out.rows = {1, 3};
    return out;
  }
  using bench = weir::test::bench<weir_operator>;
  // What is found while one batch is processed.
  static std::vector<std::string> found(bool selected = false, const std::function<void(bench&)>& more = {}) {
    static weir_operator op;
    op = scripted(WEIR_SELECTIONS);
    bench b{op, {}, {{columns}}};
    b.collect_findings();
    try {
      auto rows = batch(selected);
      const auto raw = rows.raw();
      b.task().batch = &rows;
      b.call("process", [&] { return b.ops().process(b.self(), b.task().raw(), &raw); });
    } catch (const weir::test::call_failed&) {
    }
    if (more) more(b);
    std::vector<std::string> out;
    for (const auto& f : b.findings()) out.push_back(to_string(f));
    return out;
  }
  static std::vector<std::string> found_by(decltype(script::process) process, bool selected = false) {
    now.process = std::move(process);
    return found(selected);
  }
};
// A builder of port 0 with one good row.
weir_builder* one_row(const weir_host& h, weir_context* c) {
  auto* b = h.build(c, 0, 1);
  static_cast<std::int64_t*>(b->columns[0].values)[0] = 5;
  static_cast<std::int32_t*>(b->columns[1].values)[1] = 1;
  b->columns[1].data[0] = 'x';
  b->length = 1;
  return b;
}

TEST_F(Checker, FindsNothingInAGoodPlugin) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) { return h.emit(c, one_row(h, c), 0); }), IsEmpty());
  EXPECT_THAT(
      found_by([](auto& h, auto* c, auto& b) { return h.dead_letter(c, &b, 3, WEIR_E_DATA, view("why"), view("")); },
               true),
      IsEmpty());
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) { return h.fail(c, WEIR_E_DATA, view("why")); }), IsEmpty());
}
TEST_F(Checker, ACallFromAnotherThread) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                std::thread{[&] { h.log(c, WEIR_LOG_INFO, view("hello")); }}.join();
                return WEIR_OK;
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'thread' in scripted: log")));
}
TEST_F(Checker, ACallAfterTheReturn) {
  EXPECT_THAT(found(false, [](auto&) { (void)the_host->now(the_context); }),
              ElementsAre(HasSubstr("plugin breaks rule 'call' in scripted: now")));
}
TEST_F(Checker, AContextOfADestroyedInstance) {
  now.process = [](auto&&...) { return WEIR_OK; };
  static weir_operator op;
  op = scripted(0);
  std::vector<finding> all;
  const weir::test::checked<weir_operator> safe{op, [&](const finding& f) { all.push_back(f); }};
  weir::test::fake_bind node;
  node.inputs.push_back({columns, "", {}, std::make_unique<weir::detail::arrow_schema>(columns)});
  void *plan = nullptr, *self = nullptr;
  ASSERT_EQ(safe.table()->bind(&weir::test::fake_host(), node.raw(), &plan), WEIR_OK);
  weir::test::fake_task task;
  ASSERT_EQ(safe.table()->create(&weir::test::fake_host(), task.raw(), plan, &self), WEIR_OK);
  safe.table()->destroy(self);
  the_host->log(the_context, WEIR_LOG_INFO, view("still here"));
  safe.table()->destroy(self);
  safe.table()->unbind(plan);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(to_string(all[0]),
              HasSubstr("plugin breaks rule 'call' in scripted: log: the context of a destroyed instance"));
  EXPECT_THAT(to_string(all[1]),
              HasSubstr("host breaks rule 'call' in scripted: destroy: the instance is destroyed twice"));
}
TEST_F(Checker, ABuilderThatIsEmittedTwiceOrUsedAfterwards) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                h.emit(c, b, 0);
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'builder' in scripted: emit")));
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                h.discard(c, b);
                return h.grow(c, b, 10);
              }),
              ElementsAre(HasSubstr("rule 'builder' in scripted: grow")));
}
TEST_F(Checker, ABuilderThatHoldsMoreThanFits) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                b->length = b->capacity + 1;
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'builder'")));
}
TEST_F(Checker, OffsetsThatGoBackOrOut) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                static_cast<std::int32_t*>(b->columns[1].values)[1] = -1;
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'offsets'")));
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                static_cast<std::int32_t*>(b->columns[1].values)[1] = 100000;
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'offsets'")));
}
TEST_F(Checker, TextThatIsNoUtf8) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                b->columns[1].data[0] = '\xff';
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'utf8'")));
}
TEST_F(Checker, ANullInAColumnThatIsDeclaredWithoutNulls) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                auto* b = one_row(h, c);
                h.column_validity(c, &b->columns[0]);
                b->columns[0].validity[0] = 0;
                return h.emit(c, b, 0);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'schema'")));
}
TEST_F(Checker, ParentsThatTheBatchDoesNotHave) {
  const auto with_parent = [](std::uint32_t p) {
    return [p](auto& h, auto* c, auto&) {
      auto* b = one_row(h, c);
      b->parent[0] = p;
      return h.emit(c, b, WEIR_EMIT_PARENTS);
    };
  };
  EXPECT_THAT(found_by(with_parent(4)), ElementsAre(HasSubstr("plugin breaks rule 'parents'")));
  EXPECT_THAT(found_by(with_parent(2), true), ElementsAre(HasSubstr("not one of the batch's selected rows")));
  EXPECT_THAT(found_by(with_parent(3), true), IsEmpty());
}
TEST_F(Checker, RowsOutOfRangeUnorderedOrUnselected) {
  const auto rows = [](std::vector<std::uint32_t> which) {
    return [which](auto& h, auto* c, auto& batch) {
      auto* beside = h.build_beside(c, 1, &batch);
      for (int i = 0; i < 4; ++i) static_cast<std::int32_t*>(beside->columns[0].values)[i + 1] = 0;
      return h.emit_rows(c, 1, &batch, which.data(), static_cast<std::int64_t>(which.size()), beside, 0);
    };
  };
  EXPECT_THAT(found_by(rows({0, 4})), ElementsAre(HasSubstr("row 4 is out of range")));
  EXPECT_THAT(found_by(rows({2, 1})), ElementsAre(HasSubstr("must ascend")));
  EXPECT_THAT(found_by(rows({1, 2}), true), ElementsAre(HasSubstr("row 2 is not one of the batch's selected rows")));
  EXPECT_THAT(found_by(rows({1, 3}), true), IsEmpty());
}
TEST_F(Checker, RowsWithoutTheColumnsThatDoNotPass) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto& b) { return h.emit_rows(c, 1, &b, nullptr, 4, nullptr, 0); }),
              ElementsAre(HasSubstr("plugin breaks rule 'schema'")));
}
TEST_F(Checker, ADeadLetterOfABadRow) {
  EXPECT_THAT(
      found_by([](auto& h, auto* c, auto& b) { return h.dead_letter(c, &b, 4, WEIR_E_DATA, view("why"), view("")); }),
      ElementsAre(HasSubstr("plugin breaks rule 'dead_letter'")));
  EXPECT_THAT(
      found_by([](auto& h, auto* c, auto& b) { return h.dead_letter(c, &b, 0, WEIR_E_DATA, view("why"), view("")); },
               true),
      ElementsAre(HasSubstr("plugin breaks rule 'dead_letter'")));
  EXPECT_THAT(
      found_by([](auto& h, auto* c, auto& b) { return h.dead_letter(c, &b, 0, WEIR_E_DATA, view(""), view("")); }),
      ElementsAre(HasSubstr("plugin breaks rule 'text'")));
}
TEST_F(Checker, AnErrorWithoutAText) {
  EXPECT_THAT(found_by([](auto&&...) { return WEIR_E_DATA; }), ElementsAre(HasSubstr("plugin breaks rule 'text'")));
}
TEST_F(Checker, ACodeThatTheCallMayNotReturn) {
  EXPECT_THAT(found_by([](auto&&...) { return WEIR_IDLE; }), ElementsAre(HasSubstr("plugin breaks rule 'code'")));
  EXPECT_THAT(found_by([](auto&&...) { return weir_code{-99}; }), ElementsAre(HasSubstr("plugin breaks rule 'code'")));
}
TEST_F(Checker, AnErrorOfTheHostThatIsLost) {
  now.process = [](auto& h, auto* c, auto&) { return static_cast<void>(h.emit(c, one_row(h, c), 0)), WEIR_OK; };
  static weir_operator op;
  op = scripted(WEIR_SELECTIONS);
  bench b{op, {}, {{columns}}};
  b.task().emit_answer = WEIR_E_STOPPED;
  auto rows = batch();
  const auto raw = rows.raw();
  b.task().batch = &rows;
  try {
    b.call("process", [&] { return b.ops().process(b.self(), b.task().raw(), &raw); });
    FAIL();
  } catch (const weir::test::contract_broken& e) {
    EXPECT_THAT(e.what(), HasSubstr("emit returned the error -11, and it is not passed on"));
  }
}
TEST_F(Checker, AnInputColumnThatIsReleased) {
  EXPECT_THAT(
      found_by([](auto&, auto*, auto& b) {
        auto* a = const_cast<ArrowArray*>(b.columns[0]);
        a->release(a);
        return WEIR_OK;
      }),
      ElementsAre(HasSubstr("plugin breaks rule 'array' in scripted: process: it released a column of the input")));
}
TEST_F(Checker, AnArrayThatIsGivenAwayReleased) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                ArrowArray a{};
                return h.emit_array(c, 0, &a, nullptr);
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'array'")));
}
TEST_F(Checker, AnArrayThatIsNotAsDeclared) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                ArrowArray a{};
                a.release = [](ArrowArray* x) { x->release = nullptr; };
                return h.emit_array(c, 0, &a, nullptr);
              }),
              ElementsAre(HasSubstr(
                  "plugin breaks rule 'schema' in scripted: emit_array: the array has 0 columns, the port 2")));
}
TEST_F(Checker, APortThatWasNotDeclared) {
  EXPECT_THAT(found_by([](auto& h, auto* c, auto&) {
                return h.build(c, 2, 1) ? WEIR_OK : h.fail(c, WEIR_E_PLUGIN, view("none"));
              }),
              ElementsAre(HasSubstr("plugin breaks rule 'schema' in scripted: build: output port 2 was not declared")));
}
TEST_F(Checker, AViewIntoABatchIsRubbishAfterTheCall) {
  // The copy that the plugin sees is overwritten before it is freed; here it is looked at just before process returns
  // and the text that a later call would read differs. (An address sanitizer stops at the read itself.)
  const char* kept = nullptr;
  std::string seen;
  now.process = [&](auto&, auto*, auto& b) {
    kept = static_cast<const char*>(b.columns[1]->buffers[2]);
    seen.assign(kept, 3);
    return WEIR_OK;
  };
  auto rows = batch();
  const void* original = rows.columns[1]->array().buffers[2];
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(seen, "row");
  EXPECT_NE(kept, original);
}

// ---- bind
std::vector<std::string> bind_findings(decltype(script::bind) bind) {
  now.bind = std::move(bind);
  static weir_operator op;
  op = scripted(0);
  std::vector<std::string> out;
  const weir::test::checked<weir_operator> safe{op, [&](const finding& f) { out.push_back(to_string(f)); }};
  weir::test::fake_bind node;
  node.config = weir::test::value{weir::test::table{{"known", 1}}};
  node.inputs.push_back({columns, "", {}, std::make_unique<weir::detail::arrow_schema>(columns)});
  void* plan = nullptr;
  if (safe.table()->bind(&weir::test::fake_host(), node.raw(), &plan) == WEIR_OK) safe.table()->unbind(plan);
  return out;
}
TEST_F(Checker, AnOptionThatIsNotDeclared) {
  const auto asks = [](const char* name) {
    return [name](auto& h, auto* b) {
      weir_value v;
      h.config_get(h.bind_config(b), view(name), &v);
      return WEIR_OK;
    };
  };
  EXPECT_THAT(
      bind_findings(asks("unknown")),
      ElementsAre(HasSubstr("plugin breaks rule 'option' in scripted: bind: it asks for the option 'unknown'")));
  EXPECT_THAT(bind_findings(asks("known")), IsEmpty());
}
TEST_F(Checker, OutputsThatCannotBe) {
  const auto declares = [](weir::schema s, std::vector<std::int32_t> passes, int times = 1) {
    return [s, passes, times](auto& h, auto* b) {
      const weir::detail::arrow_schema raw{s};
      weir_code code = WEIR_OK;
      for (int i = 0; i < times; ++i)
        code = h.bind_output(b, view("x"), raw.get(), passes.empty() ? nullptr : passes.data());
      return code;
    };
  };
  EXPECT_THAT(bind_findings(declares(columns, {}, 2)),
              ElementsAre(HasSubstr("output 'x': there are two of this name")));
  EXPECT_THAT(bind_findings(declares({{{.name = "a"}, {.name = "a"}}}, {})),
              ElementsAre(HasSubstr("two columns are called 'a'")));
  EXPECT_THAT(bind_findings(declares(columns, {1, -1})),
              ElementsAre(HasSubstr("column 'n' passes input column 1, which is no column of this type")));
  EXPECT_THAT(bind_findings(declares(columns, {7, -1})), ElementsAre(HasSubstr("passes input column 7")));
  EXPECT_THAT(bind_findings(declares(columns, {0, 1})), IsEmpty());
}
TEST_F(Checker, BindErrorsAndCodesThatDoNotFit) {
  EXPECT_THAT(bind_findings([](auto&, auto*) { return WEIR_E_CONFIG; }),
              ElementsAre(HasSubstr("plugin breaks rule 'text' in scripted: bind")));
  EXPECT_THAT(bind_findings(
                  [](auto& h, auto* b) { return h.bind_error(b, WEIR_E_CONFIG, view(""), -1, view("why")), WEIR_OK; }),
              ElementsAre(HasSubstr("plugin breaks rule 'code' in scripted: bind")));
}

// ---- the host's side
TEST_F(Checker, AWatermarkThatGoesBack) {
  EXPECT_THAT(found(false,
                    [](bench& b) {
                      b.task().watermark = weir::time{weir::duration{10}};
                      b.call("on_watermark", [&] { return b.ops().on_watermark(b.self(), b.task().raw(), 10); });
                      b.task().watermark = weir::time{weir::duration{5}};
                      b.call("on_watermark", [&] { return b.ops().on_watermark(b.self(), b.task().raw(), 5); });
                    }),
              UnorderedElementsAre(
                  HasSubstr("host breaks rule 'watermark' in scripted: on_watermark: it goes back from 10 to 5"),
                  HasSubstr("host breaks rule 'watermark' in scripted: watermark")));
}
TEST_F(Checker, ABatchThatBreaksTheHostsGuarantees) {
  const auto after = [](const std::function<void(weir_batch&, weir::test::owned_batch&)>& spoil) {
    return found(false, [&](bench& b) {
      auto rows = batch();
      auto raw = rows.raw();
      spoil(raw, rows);
      b.task().batch = &rows;
      b.collect_findings();
      try {
        b.call("process", [&] { return b.ops().process(b.self(), b.task().raw(), &raw); });
      } catch (const weir::test::call_failed&) {
      }
    });
  };
  EXPECT_THAT(after([](auto& raw, auto&) { raw.port = 3; }), ElementsAre(HasSubstr("host breaks rule 'batch'")));
  EXPECT_THAT(after([](auto& raw, auto&) { raw.row_count = 2; }), ElementsAre(HasSubstr("host breaks rule 'batch'")));
  EXPECT_THAT(after([](auto& raw, auto&) { raw.column_count = 1; }),
              ElementsAre(HasSubstr("host breaks rule 'batch'")));
  EXPECT_THAT(after([](auto& raw, auto& rows) {
                rows.rows = {3, 1}, raw.rows = rows.rows.data(), raw.row_count = 2;
              }),
              ElementsAre(HasSubstr("host breaks rule 'batch'")));
  EXPECT_THAT(after([](auto&, auto& rows) { const_cast<ArrowArray&>(rows.columns[0]->array()).offset = 1; }),
              ElementsAre(HasSubstr("has an offset of 1")));
  EXPECT_THAT(after([](auto&, auto& rows) { const_cast<ArrowArray&>(rows.columns[0]->array()).null_count = 1; }),
              ElementsAre(HasSubstr("null_count of 1")));
  EXPECT_THAT(after([](auto& raw, auto&) { raw.length = raw.row_count = 5; }),
              ElementsAre(HasSubstr("is 4 rows long, the batch has 5")));
}
TEST_F(Checker, ACallOfTheHostOnAnotherThread) {
  EXPECT_THAT(
      found(false,
            [](bench& b) {
              std::thread{[&] { b.call("flush", [&] { return b.ops().flush(b.self(), b.task().raw()); }); }}.join();
            }),
      ElementsAre(HasSubstr("host breaks rule 'thread' in scripted: flush")));
}
TEST_F(Checker, InstancesThatAreLeft) {
  static weir_operator op;
  op = scripted(0);
  std::vector<std::string> all;
  {
    weir::test::checked<weir_operator> safe{op, [&](const finding& f) { all.push_back(to_string(f)); }};
    weir::test::fake_bind node;
    node.inputs.push_back({columns, "", {}, std::make_unique<weir::detail::arrow_schema>(columns)});
    void *plan = nullptr, *self = nullptr;
    safe.table()->bind(&weir::test::fake_host(), node.raw(), &plan);
    weir::test::fake_task task;
    safe.table()->create(&weir::test::fake_host(), task.raw(), plan, &self);
    safe.table()->unbind(plan);
  }
  EXPECT_THAT(all, ElementsAre(HasSubstr("host breaks rule 'call' in scripted: unbind: 1 instances"),
                               HasSubstr("host breaks rule 'call' in scripted: end: an instance")));
}
TEST_F(Checker, GivesItsTablesBack) {
  static weir_operator op;
  op = scripted(0);
  for (int round = 0; round < 200; ++round) {
    const weir::test::checked<weir_operator> one{op, {}}, two{op, {}};
    EXPECT_NE(one.table()->bind, two.table()->bind);
  }
}

TEST(Utf8, IsJudgedByItsRules) {
  using weir::test::check::is_utf8;
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf8\x88\x80\x80\x80", "a\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}
}  // namespace
