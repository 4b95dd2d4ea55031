// Who converts what, what is refused and in which words, and stores that load what an older declaration wrote.
#include "state/convert.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "declared.hpp"

namespace weir::state {
namespace {

using namespace test;
using model::state_declaration;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// "host: what happens" or "refused: why".
std::string fate(const state_declaration& was, const state_declaration& now, const model::state_migrations& ask = {}) {
  const auto all =
      can_convert({.key = {}, .states = {was}, .timers = {}}, {.key = {}, .states = {now}, .timers = {}}, false, ask);
  EXPECT_EQ(all.size(), 1u);
  const char* names[] = {"same", "host", "plugin", "empty", "dropped", "refused"};
  return names[static_cast<int>(all[0].what)] + std::string(all[0].why.empty() ? "" : ": ") + all[0].why;
}
std::string value_fate(const std::string& was, const std::string& now, const model::state_migrations& ask = {}) {
  return fate(declared("total", WEIR_STATE_BYTES, was), declared("total", WEIR_STATE_BYTES, now), ask);
}
std::string key_fate(const std::string& was, const std::string& now) {
  return fate(declared("by", WEIR_STATE_MAP, "v: int64", was), declared("by", WEIR_STATE_MAP, "v: int64", now));
}

TEST(Convert, SaysWhatHappensWithTheFields) {
  EXPECT_EQ(value_fate("a: int64, b: utf8?", "a: int64, b: utf8?"), "same");
  EXPECT_EQ(value_fate("a: int32", "a: int64, b: utf8?"), "host: a: int32 -> int64; b is new");
  EXPECT_EQ(value_fate("a: int32, b: utf8", "b: utf8?"), "host: b can be null; a goes");
  EXPECT_EQ(value_fate("amount: float32", "sum(was amount): float64"), "host: sum: float32 -> float64; sum was amount");
  EXPECT_EQ(value_fate("a: int32, b: int32", "b: int32, a: int32"), "host: another order");
  EXPECT_EQ(value_fate("s: struct<a: int8, b: int8>", "s: struct<b: int16>"), "host: s.b: int8 -> int16; s.a goes");
  EXPECT_EQ(value_fate("l: list<uint8>", "l: list<int32?>"), "host: l[]: uint8 -> int32; l[] can be null");
}

TEST(Convert, RefusesTheFieldThatHasNoRoomAndNamesBothTypes) {
  EXPECT_THAT(value_fate("a: int64", "a: int32"),
              HasSubstr("refused: field a is int64 in the checkpoint, but int32 now"));
  EXPECT_THAT(value_fate("x: int8, s: struct<a: utf8>", "x: int8, s: struct<a: int32>"),
              HasSubstr("field s.a is utf8 in the checkpoint, but int32 now"));
  EXPECT_THAT(value_fate("l: list<int64>", "l: list<utf8>"), HasSubstr("field l[] is int64"));
  EXPECT_THAT(value_fate("a: int64?", "a: int64"),
              AllOf(HasSubstr("field a is int64? in the checkpoint, but int64 now"), HasSubstr("null")));
  for (const auto& [was, now] : std::vector<std::pair<std::string, std::string>>{{"int32", "uint64"},
                                                                                 {"uint32", "int32"},
                                                                                 {"int32", "float64"},
                                                                                 {"float64", "float32"},
                                                                                 {"decimal(10,2)", "decimal(12,3)"},
                                                                                 {"decimal(10,2)", "decimal(9,2)"},
                                                                                 {"date", "timestamp"},
                                                                                 {"timestamp", "int64"},
                                                                                 {"int64", "timestamp"},
                                                                                 {"bool", "int8"},
                                                                                 {"utf8", "binary"},
                                                                                 {"fixed_binary(4)", "fixed_binary(8)"},
                                                                                 {"int64", "list<int64>"}})
    EXPECT_THAT(value_fate("a: " + was, "a: " + now),
                AllOf(HasSubstr("refused: field a is "), HasSubstr("weir.migrate/1")))
        << was << now;
}

TEST(Convert, AKeyOfAMapLosesNothing) {
  EXPECT_EQ(key_fate("k: int32", "k: int64"), "host: keys of the map: k: int32 -> int64");
  EXPECT_EQ(key_fate("k: int32", "k: int32, more: utf8"), "host: keys of the map: more is new");
  EXPECT_THAT(key_fate("k: int32, l: utf8", "k: int32"),
              AllOf(HasSubstr("refused: keys of the map: field l"), HasSubstr("two keys")));
}

TEST(Convert, ARenamedFieldIsFoundUnderTheNamesItHad) {
  auto twice = declared("total", WEIR_STATE_BYTES, "c: int32");
  auto fields = twice.value->fields();
  fields[0].metadata = {{"weir.was", "a"}, {"weir.was", "b"}};
  twice.value = model::schema::of(fields);
  EXPECT_EQ(fate(declared("total", WEIR_STATE_BYTES, "a: int32"), twice), "host: c was a");
  EXPECT_EQ(fate(declared("total", WEIR_STATE_BYTES, "b: int32"), twice), "host: c was b");
  EXPECT_EQ(fate(declared("total", WEIR_STATE_BYTES, "c: int32, a: utf8"), twice), "host: a goes");
  // A free name may be used again for something else.
  EXPECT_EQ(value_fate("a: int32", "b(was a): int32, a: utf8"), "host: b was a; a is new");
  EXPECT_THAT(value_fate("a: int32", "b(was a): int32, c(was a): int32"),
              HasSubstr("fields b and c both say that they were a"));
}

TEST(Convert, KindsAndPlaces) {
  const auto in_place = declared("total", WEIR_STATE_VALUE, "a: int8, b: int64");
  EXPECT_EQ(fate(in_place, declared("total", WEIR_STATE_BYTES, "a: int8, b: int64")),
            "host: the same fields, kept another way");
  EXPECT_EQ(fate(in_place, declared("total", WEIR_STATE_BYTES, "a: int8, b: int64, c: utf8?")), "host: c is new");
  EXPECT_EQ(
      fate(declared("total", WEIR_STATE_BYTES, "a: int8, c: utf8"), declared("total", WEIR_STATE_VALUE, "a: int16")),
      "host: a: int8 -> int16; c goes");
  EXPECT_EQ(fate(in_place, declared("total", WEIR_STATE_LIST, "a: int8, b: int64")),
            "refused: it is a value in the checkpoint, but a list now; give the new one another name");
  auto odd = in_place;
  odd.value_size = 24;
  EXPECT_THAT(fate(odd, in_place),
              AllOf(HasSubstr("refused: a value has 24 bytes in the checkpoint"), HasSubstr("a: int8, b: int64")));
}

TEST(Convert, TheDefaultOfANewFieldMustBeOneOfItsType) {
  auto now = declared("total", WEIR_STATE_BYTES, "a: int32");
  now.value = model::schema::of({{"a", model::type_id::int32, false, {{"weir.default", "abc"}}}});
  EXPECT_THAT(fate(declared("total", WEIR_STATE_BYTES, "b: int32"), now),
              HasSubstr("the default of field a is not the bytes of a int32"));
}

TEST(Convert, FloatsKeepNanAndZeroOfEitherSign) {
  const auto stored = schema_of("f: float32"), wide = schema_of("f: float64");
  const auto made =
      moves::compile(stored->fields(), packing::plain, wide->fields(), packing::plain, moves::stored_fields::may_go);
  ASSERT_TRUE(made);
  for (const float v : {-0.0f, 1e-44f, -INFINITY, std::nanf("5")}) {
    std::string out;
    ASSERT_TRUE(made->apply({reinterpret_cast<const char*>(&v), sizeof v}, out));
    double d = 0;
    std::memcpy(&d, out.data(), sizeof d);
    EXPECT_EQ(std::signbit(d), std::signbit(v));
    EXPECT_TRUE(std::isnan(v) ? std::isnan(d) : d == static_cast<double>(v));
  }
}

TEST(Convert, ThePluginIsAskedWhereTheHostCannot) {
  EXPECT_EQ(value_fate("text: utf8", "text: int64", ask_by_length), "plugin: migrated by the plugin");
  EXPECT_EQ(value_fate("text: utf8", "text: utf8, b: int64", ask_by_length), "host: b is new");
  // A text that would go is the plugin's, who knows what becomes of it; other fields that go are not.
  EXPECT_EQ(value_fate("text: utf8", "length: int64", ask_by_length), "plugin: migrated by the plugin");
  EXPECT_EQ(value_fate("text: binary", "length: int64", ask_by_length), "host: length is new; text goes");
  EXPECT_THAT(value_fate("text: binary", "text: int64", ask_by_length),
              AllOf(HasSubstr("field text is binary"), HasSubstr("the plugin does not migrate it: only texts")));
  EXPECT_THAT(value_fate("text: utf8", "text: int64"), HasSubstr("weir.migrate/1"));
}

TEST(CanConvert, TellsOfEveryStateAndTimer) {
  const model::field id{"id", model::type_id::int64, false, {}};
  const model::state_shape was{
      .key = {id},
      .states = {declared("a", WEIR_STATE_BYTES, "x: int32"), declared("gone", WEIR_STATE_BYTES, "x: int32"),
                 declared("same", WEIR_STATE_BYTES, "x: int32")},
      .timers = {{"t", 0}, {"old", 0}, {"other", 0}}};
  model::state_shape now{
      .key = {{"renamed", model::type_id::int64, true, {}}},
      .states = {declared("same", WEIR_STATE_BYTES, "x: int32"), declared("a", WEIR_STATE_BYTES, "x: int64"),
                 declared("fresh", WEIR_STATE_BYTES, "x: int32")},
      .timers = {{"t", 0}, {"other", 1}}};
  now.states[0].ttl_us = 5;
  const auto told = [&](bool allow_dropped) {
    std::vector<std::string> out;
    const char* names[] = {"same", "host", "plugin", "empty", "dropped", "refused"};
    for (const auto& one : can_convert(was, now, allow_dropped, {}))
      out.push_back((one.timers ? "timers " : "") + one.name + " " + names[static_cast<int>(one.what)]);
    return out;
  };
  EXPECT_THAT(told(false), ElementsAre("same same", "a host", "fresh empty", "timers t same", "timers other refused",
                                       "gone refused", "timers old refused"));
  EXPECT_THAT(told(true), ElementsAre("same same", "a host", "fresh empty", "timers t same", "timers other refused",
                                      "gone dropped", "timers old dropped"));
  now.key[0].type = model::type_id::utf8;
  EXPECT_THAT(told(true), ElementsAre("same refused", "a refused", "fresh empty", "timers t refused",
                                      "timers other refused", "gone dropped", "timers old dropped"));
}

}  // namespace
}  // namespace weir::state
