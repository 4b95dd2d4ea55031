// Random schemas, random changes of them, random values: moves against a slow conversion of JSON by names.
#include <gtest/gtest.h>

#include <algorithm>

#include "packed.hpp"
#include "state/moves.hpp"
#include "state/packing.hpp"

namespace weir::state {
namespace {

using namespace test;
using model::data_type;
using model::field;
using model::type_id;

/// What the slow way is told of the change, per declared field.
struct recipe {
  std::string name, from;       // from empty: it is new
  std::string fresh{};          // its JSON when it is new
  std::vector<recipe> inner{};  // of a struct, or of a list's elements
  bool list = false;
};

class changes {
 public:
  changes(std::uint64_t seed, packing from, packing to) : r_(seed), from_(from), to_(to) {}

  std::vector<field> fields(int depth, const std::string& prefix) {
    std::vector<field> all;
    for (std::int64_t n = pick(r_, 1, depth == 0 ? 7 : 3); n > 0; --n)
      all.push_back({prefix + std::to_string(names_++),
                     type(depth),
                     from_ != packing::in_place && to_ != packing::in_place && pick(r_, 0, 2) == 0,
                     {}});
    return all;
  }
  /// The declared fields, and how each came about.
  std::vector<field> changed(const std::vector<field>& stored, std::vector<recipe>& how) {
    std::vector<std::pair<field, recipe>> all;
    for (const field& f : stored) {
      if (from_ != packing::ordered && pick(r_, 0, 4) == 0) continue;
      recipe one{.name = f.name, .from = f.name};
      field now{f.name, wider(f.type, one), f.nullable || (to_ != packing::in_place && pick(r_, 0, 3) == 0), {}};
      if (pick(r_, 0, 4) == 0) {
        now.name = one.name = "new" + std::to_string(names_++);
        now.metadata = {{"note", "of the user"}, {"weir.was", "never"}, {"weir.was", f.name}};
      }
      all.emplace_back(now, one);
    }
    for (std::int64_t n = pick(r_, all.empty() ? 1 : 0, 2); n > 0; --n) {
      field now{"n" + std::to_string(names_++), type(1), to_ != packing::in_place && pick(r_, 0, 1) == 0, {}};
      recipe one{.name = now.name, .from = {}};
      packer value{r_, packing::plain, true};
      if (pick(r_, 0, 1) == 0) {
        value.zero = false;
        value.fields({now});
        now.metadata = {{"weir.default", value.out}};
      } else {
        value.fields({now});
      }
      one.fresh = json::parse(json_of(model::schema::of({now}), packing::plain, value.out)).members[0].second.text();
      all.emplace_back(now, one);
    }
    std::shuffle(all.begin(), all.end(), r_);
    std::vector<field> out;
    for (auto& [f, one] : all) {
      out.push_back(f);
      how.push_back(one);
    }
    return out;
  }
  std::string bytes(const std::vector<field>& of) {
    packer p{r_, from_};
    p.fields(of);
    return p.out;
  }

 private:
  data_type type(int depth) {
    const bool fixed = from_ == packing::in_place || to_ == packing::in_place;
    const std::int64_t which = pick(r_, 0, depth < 3 ? 20 : 16);
    if (which == 14) return data_type::fixed_binary_of(static_cast<std::int32_t>(pick(r_, 1, 9)));
    if (which == 15) return data_type::decimal_of(static_cast<std::int32_t>(pick(r_, 3, 20)), 2);
    if (which <= 13) {
      static constexpr type_id plain[] = {type_id::boolean,   type_id::int8,    type_id::int16,   type_id::int32,
                                          type_id::int64,     type_id::uint8,   type_id::uint16,  type_id::uint32,
                                          type_id::uint64,    type_id::float32, type_id::float64, type_id::date,
                                          type_id::timestamp, type_id::float32};
      return plain[which];
    }
    if (which >= 19) return data_type::struct_of(fields(depth + 1, "s"));
    if (fixed) return type_id::int16;
    if (which == 16) return type_id::utf8;
    if (which == 17) return type_id::binary;
    return data_type::list_of(type(depth + 1), pick(r_, 0, 1) == 0);
  }
  data_type wider(const data_type& t, recipe& how) {
    switch (t.id) {
      case type_id::int8:
      case type_id::int16:
      case type_id::int32:
        return static_cast<type_id>(pick(r_, static_cast<int>(t.id), static_cast<int>(type_id::int64)));
      case type_id::uint8:
      case type_id::uint16:
      case type_id::uint32: {
        const int steps = static_cast<int>(t.id) - static_cast<int>(type_id::uint8);
        const auto up = static_cast<int>(pick(r_, 0, 3 - steps));
        if (up > 0 && pick(r_, 0, 1) == 0) return static_cast<type_id>(static_cast<int>(type_id::int8) + steps + up);
        return static_cast<type_id>(static_cast<int>(t.id) + up);
      }
      case type_id::float32:
        return pick(r_, 0, 1) == 0 ? type_id::float32 : type_id::float64;
      case type_id::decimal128:
        return data_type::decimal_of(t.precision + static_cast<std::int32_t>(pick(r_, 0, 5)), t.scale);
      case type_id::structure:
        return data_type::struct_of(changed(t.children, how.inner));
      case type_id::list: {
        recipe element{.name = "", .from = "item"};
        const data_type inner = wider(t.children[0].type, element);
        how.list = true;
        how.inner = {element};
        return data_type::list_of(inner, t.children[0].nullable || pick(r_, 0, 2) == 0);
      }
      default:
        return t;
    }
  }
  random r_;
  packing from_, to_;
  int names_ = 0;
};

json by_hand(const json& was, const std::vector<recipe>& how);
json one_by_hand(const json& was, const recipe& how) {
  if (was.scalar == "null" || how.inner.empty()) return was;
  if (!how.list) return by_hand(was, how.inner);
  json out{.kind = '['};
  for (const auto& [none, element] : was.members) out.members.emplace_back("", one_by_hand(element, how.inner[0]));
  return out;
}
json by_hand(const json& was, const std::vector<recipe>& how) {
  json out{.kind = '{'};
  for (const recipe& one : how) {
    if (one.from.empty()) {
      out.members.emplace_back(one.name, json::parse(one.fresh));
      continue;
    }
    const json* found = was.find(one.from);
    EXPECT_NE(found, nullptr) << one.from;
    if (found) out.members.emplace_back(one.name, one_by_hand(*found, one));
  }
  return out;
}

struct pair {
  packing from, to;
};
class Moves : public ::testing::TestWithParam<pair> {};

TEST_P(Moves, DoWhatAConversionOfTheTextDoes) {
  const auto [from, to] = GetParam();
  int lists = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    changes c(seed, from, to);
    const auto stored = model::schema::of(c.fields(0, "f"));
    std::vector<recipe> how;
    const auto declared = model::schema::of(c.changed(stored->fields(), how));
    SCOPED_TRACE(stored->text() + "  =>  " + declared->text());
    const auto made =
        moves::compile(stored->fields(), from, declared->fields(), to,
                       from == packing::ordered ? moves::stored_fields::all_stay : moves::stored_fields::may_go);
    ASSERT_TRUE(made) << made.why().text();
    for (int i = 0; i < 20; ++i) {
      const std::string bytes = c.bytes(stored->fields());
      const std::string was = json_of(stored, from, bytes);
      ASSERT_FALSE(was.starts_with("{\"bytes\"")) << "the test packs what is not the schema: " << was;
      std::string now = "kept";
      ASSERT_TRUE(made->apply(bytes, now));
      ASSERT_TRUE(now.starts_with("kept"));
      now = now.substr(4);
      ASSERT_EQ(json_of(declared, to, now), by_hand(json::parse(was), how).text()) << was;
      if (to == packing::in_place) {
        ASSERT_EQ(now.size(), struct_bytes(declared->fields()));
      }
      lists += was.find("[{") != std::string::npos;
      // Bytes that end early or late are noticed; others never lead outside of them.
      std::string out;
      if (!bytes.empty()) {
        ASSERT_FALSE(made->apply(std::string_view(bytes).substr(0, bytes.size() - 1), out));
      }
      ASSERT_FALSE(made->apply(bytes + "x", out));
      if (!bytes.empty()) {
        std::string flipped = bytes;
        flipped[static_cast<std::size_t>(i) % flipped.size()] ^= static_cast<char>(1 << i % 8);
        const std::string copy(flipped);  // an allocation of its own size: a sanitizer sees a read beyond it
        std::ignore = made->apply(copy, out);
      }
    }
  }
  if (from == packing::plain && to == packing::plain) {
    EXPECT_GT(lists, 100);
  }
}

INSTANTIATE_TEST_SUITE_P(Packings, Moves,
                         ::testing::Values(pair{packing::plain, packing::plain},
                                           pair{packing::in_place, packing::in_place},
                                           pair{packing::in_place, packing::plain},
                                           pair{packing::plain, packing::in_place},
                                           pair{packing::ordered, packing::ordered}),
                         [](const auto& of) { return std::to_string(of.index); });

TEST(MovesOfKeys, KeepTheOrderOfWhatOnlyGetsWider) {
  random r(5);
  const auto stored = model::parse_schema("a: int16, b: float32, c: uint8?, d: decimal(10,2)").take();
  const auto wide = model::parse_schema("a: int64, b: float64, c: int32?, d: decimal(20,2)").take();
  const auto made = moves::compile(stored->fields(), packing::ordered, wide->fields(), packing::ordered,
                                   moves::stored_fields::all_stay);
  ASSERT_TRUE(made) << made.why().text();
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < 500; ++i) {
    packer p{r, packing::ordered};
    p.fields(stored->fields());
    std::string now;
    ASSERT_TRUE(made->apply(p.out, now));
    all.emplace_back(p.out, now);
  }
  std::sort(all.begin(), all.end());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace
}  // namespace weir::state
