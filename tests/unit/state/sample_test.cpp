// Stored values are taken out of blocks as they are, and tried.
#include "state/sample.hpp"

#include <gmock/gmock.h>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Accepts all; refuses to migrate one value.
struct picky : model::state_migration {
  base::result<void> migrate(std::string_view stored, std::string& to) override {
    if (stored == std::string_view("\x01\0\0\0x", 5)) return base::plugin_error("no x");
    to.assign(8, '\0');
    return {};
  }
};
base::result<std::unique_ptr<model::state_migration>> ask_picky(const model::state_change& /*what*/) {
  return std::unique_ptr<model::state_migration>(std::make_unique<picky>());
}

class Sample : public ::testing::Test {
 protected:
  key_maker keys{"id: int64", false};
  model::state_shape was = shape_of(keys, {value_of_longs("n", 2), texts_of("t", WEIR_STATE_BYTES),
                                           texts_of("l", WEIR_STATE_LIST), texts_of("m", WEIR_STATE_MAP)});
  static std::string bytes(std::string_view text) {
    const auto n = static_cast<std::uint32_t>(text.size());
    return std::string(reinterpret_cast<const char*>(&n), 4) + std::string(text);
  }
  std::vector<std::string> blocks(std::int64_t count) {
    store s(was, base::real_env());
    for (std::int64_t key = 0; key < count; ++key) {
      weir_slot* n = slot_of(s, 0, keys, key);
      n->flags |= WEIR_SLOT_PRESENT;
      long_in(n) = key;
      EXPECT_EQ(s.bytes_put(1, slot_of(s, 1, keys, key), view(bytes(key == 3 ? "x" : "text"))), WEIR_OK);
      EXPECT_EQ(s.list_add(2, slot_of(s, 2, keys, key), view(bytes("a"))), WEIR_OK);
      EXPECT_EQ(s.list_add(2, slot_of(s, 2, keys, key), view(bytes("b"))), WEIR_OK);
      EXPECT_EQ(s.map_put(3, slot_of(s, 3, keys, key), view("\x80\0\0\0\0\0\0\x07"), view(bytes("m"))), WEIR_OK);
    }
    s.cut();
    return capture_all(s);
  }
  std::vector<value_sample> sampled(const model::state_shape& of, std::int64_t count, std::size_t most, bool enough) {
    sampler from(of, most);
    for (const auto& block : blocks(count)) EXPECT_TRUE(from.look(block));
    EXPECT_EQ(from.enough(), enough);
    return from.take();
  }
};

TEST_F(Sample, HasSomeValuesOfEachState) {
  const auto all = sampled(was, 50, 10, true);
  ASSERT_THAT(all, SizeIs(4));
  for (const auto& one : all) EXPECT_THAT(one.values, SizeIs(10)) << one.state;
  EXPECT_THAT(all[3].map_keys, SizeIs(10));
  EXPECT_EQ(all[0].values[0].size(), 16u);
  EXPECT_EQ(all[1].values[0], bytes("text"));
}

TEST_F(Sample, ValuesOfAnotherFormArePassedOver) {
  auto other = was;
  other.states[0] = value_of_longs("n", 3);
  const auto all = sampled(other, 50, 10, false);
  EXPECT_THAT(all[0].values, SizeIs(0));
  EXPECT_THAT(all[1].values, SizeIs(10));
}

TEST_F(Sample, IsConvertedAndSaysWhichStateFails) {
  auto now = was;
  now.states[1].value = model::schema::of({{"text", model::type_id::int64, false, {}}});
  EXPECT_EQ(try_conversion(was, now, sampled(was, 3, 10, false), ask_picky).value_or(99), 3u);
  const auto failed = try_conversion(was, now, sampled(was, 50, 50, true), ask_picky);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.why().text(), HasSubstr("state t: no x"));
  EXPECT_EQ(try_conversion(was, was, sampled(was, 50, 50, true), ask_picky).value_or(99), 0u) << "nothing to do";
}

}  // namespace
}  // namespace weir::state
