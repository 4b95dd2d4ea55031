#include "state/store.hpp"

#include <set>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;

class Store : public ::testing::Test {
 protected:
  key_maker keys{"k: int64", false};
};

TEST_F(Store, GivesEqualKeysOneSlotAndOthersTheirOwn) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  const auto b = keys.batch({5, 6, 5, 7, 6});
  weir_slot* out[5];
  ASSERT_EQ(s.slots(0, *b, keys.key(), nullptr, 5, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, out), WEIR_OK);
  EXPECT_EQ(out[0], out[2]);
  EXPECT_EQ(out[1], out[4]);
  EXPECT_EQ((std::set<weir_slot*>(out, out + 5).size()), 3u);
  EXPECT_EQ(out[0]->flags & WEIR_SLOT_PRESENT, 0u);
  EXPECT_EQ(long_in(out[0]), 0);
  EXPECT_EQ(out[0]->epoch, s.epoch());
}

TEST_F(Store, WithoutCreateAKeyThatIsNotThereHasNoSlot) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(slot_of(s, 0, keys, 1, 0, 0), nullptr);
  slot_of(s, 0, keys, 1)->flags |= WEIR_SLOT_PRESENT;
  EXPECT_NE(slot_of(s, 0, keys, 1, 0, 0), nullptr);
  EXPECT_EQ(slot_of(s, 0, keys, 1, 9, 0), nullptr) << "another name space";
}

TEST_F(Store, TakesRowsByNumberInAnyOrder) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  const auto b = keys.batch({10, 11, 12});
  const std::uint32_t rows[] = {2, 0, 2};
  weir_slot* out[3];
  ASSERT_EQ(s.slots(0, *b, keys.key(), rows, 3, nullptr, WEIR_SLOTS_CREATE, out), WEIR_OK);
  EXPECT_EQ(out[0], slot_of(s, 0, keys, 12));
  EXPECT_EQ(out[1], slot_of(s, 0, keys, 10));
  EXPECT_EQ(out[2], out[0]);
  const std::uint32_t beyond[] = {3};
  EXPECT_EQ(s.slots(0, *b, keys.key(), beyond, 1, nullptr, 0, out), WEIR_E_CONTRACT);
  EXPECT_EQ(s.slots(7, *b, keys.key(), nullptr, 3, nullptr, 0, out), WEIR_E_CONTRACT);
  weir_slot stranger{};
  EXPECT_EQ(s.touch(0, &stranger), WEIR_E_CONTRACT);
}

TEST_F(Store, KeepsEveryKeyWhileItGrows) {
  for (const char* schema : {"k: int64", "k: utf8?", "k: int64, l: int64"}) {
    const key_maker of(schema, true);
    store s(shape_of(of, {value_of_longs("n")}), base::real_env());
    constexpr std::int64_t count = 40'000;
    std::vector<weir_slot*> first;
    for (std::int64_t n = 0; n < count; n += 1000) {
      std::vector<std::int64_t> numbers;
      for (std::int64_t i = n; i < n + 1000; ++i) numbers.push_back(i);
      std::vector<weir_slot*> out(1000);
      ASSERT_EQ(s.slots(0, *of.batch(numbers), of.key(), nullptr, 1000, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                        out.data()),
                WEIR_OK);
      for (std::int64_t i = 0; i < 1000; ++i) {
        out[static_cast<std::size_t>(i)]->flags |= WEIR_SLOT_PRESENT;
        long_in(out[static_cast<std::size_t>(i)]) += n + i;
      }
      first.insert(first.end(), out.begin(), out.end());
    }
    std::vector<std::int64_t> again;
    for (std::int64_t n = 0; n < count; n += 97) again.push_back(n);
    std::vector<weir_slot*> out(again.size());
    ASSERT_EQ(s.slots(0, *of.batch(again), of.key(), nullptr, static_cast<std::int64_t>(again.size()), nullptr, 0,
                      out.data()),
              WEIR_OK);
    for (std::size_t i = 0; i < again.size(); ++i)
      ASSERT_EQ(out[i], first[static_cast<std::size_t>(again[i])]) << schema << " " << again[i];
  }
}

TEST_F(Store, NullIsAKeyLikeAnother) {
  const key_maker of("k: int64?", true);
  store s(shape_of(of, {value_of_longs("n")}), base::real_env());
  weir_slot* null = slot_of(s, 0, of, 0);
  EXPECT_EQ(slot_of(s, 0, of, 7), null);
  EXPECT_NE(slot_of(s, 0, of, 1), null);
}

TEST_F(Store, RowsOfAPortWithoutAKeyShareTheStateOfOneEmptyKey) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  const auto b = keys.batch({1, 2});
  weir_slot* out[2];
  ASSERT_EQ(s.slots(0, *b, {}, nullptr, 2, nullptr, WEIR_SLOTS_CREATE, out), WEIR_OK);
  EXPECT_EQ(out[0], out[1]);
  EXPECT_NE(out[0], slot_of(s, 0, keys, 1));
}

TEST_F(Store, ClearTakesTheValueAndTheSlotStays) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  weir_slot* slot = slot_of(s, 0, keys, 1);
  slot->flags |= WEIR_SLOT_PRESENT;
  long_in(slot) = 12;
  ASSERT_EQ(s.clear(0, slot), WEIR_OK);
  EXPECT_EQ(slot->flags & WEIR_SLOT_PRESENT, 0u);
  EXPECT_EQ(long_in(slot), 0);
  EXPECT_EQ(slot_of(s, 0, keys, 1), slot);
}

TEST_F(Store, ScanGivesAllPresentKeysOfTheNameSpaceInParts) {
  for (const char* schema : {"k: int64", "k: utf8?, l: int32"}) {
    const key_maker of(schema, true);
    store s(shape_of(of, {value_of_longs("n")}), base::real_env());
    std::multiset<std::string> expected;
    for (std::int64_t n = 0; n < 3000; ++n) {
      weir_slot* slot = slot_of(s, 0, of, n, n % 2);
      if (n % 5 == 0) continue;
      slot->flags |= WEIR_SLOT_PRESENT;
      long_in(slot) = n;
      if (n % 2 == 1) expected.insert(of.text(n));
    }
    std::multiset<std::string> found;
    std::uint64_t cursor = 0;
    int parts = 0;
    do {
      model::batch_ref keys_of;
      weir_slot** slots = nullptr;
      ASSERT_EQ(s.scan(0, 1, &cursor, &keys_of, &slots), WEIR_OK);
      ++parts;
      for (std::uint32_t i = 0; i < keys_of->length(); ++i) {
        std::string text;
        model::row_json(keys_of->schema()).append(text, *keys_of, i);
        found.insert(text);
        EXPECT_EQ(text, of.text(long_in(slots[i])));
      }
      std::vector<weir_slot*> same(static_cast<std::size_t>(keys_of->length()));
      const std::vector<std::int64_t> ones(same.size(), 1);
      ASSERT_EQ(s.slots(0, *keys_of, of.key(), nullptr, keys_of->length(), ones.data(), 0, same.data()), WEIR_OK);
      for (std::size_t i = 0; i < same.size(); ++i) EXPECT_EQ(same[i], slots[i]);
    } while (cursor != 0);
    EXPECT_EQ(found, expected);
    EXPECT_GE(parts, 2);
  }
}

TEST_F(Store, DropTakesOneNameSpaceAndItsMemoryIsUsedAgain) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env(), false);
  std::vector<std::int64_t> numbers(1000);
  for (std::int64_t i = 0; i < 1000; ++i) numbers[static_cast<std::size_t>(i)] = i;
  const auto b = keys.batch(numbers);
  std::uint64_t held = 0;
  for (std::int64_t window = 0; window < 50; ++window) {
    const std::vector<std::int64_t> ns(1000, window);
    std::vector<weir_slot*> out(1000);
    ASSERT_EQ(s.slots(0, *b, keys.key(), nullptr, 1000, ns.data(), WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, out.data()),
              WEIR_OK);
    for (weir_slot* slot : out) slot->flags |= WEIR_SLOT_PRESENT;
    std::int64_t first = -1;
    ASSERT_EQ(s.next_name_space(0, INT64_MIN, &first), WEIR_OK);
    EXPECT_EQ(first, window == 0 ? 0 : window - 1);
    if (window > 0) {
      ASSERT_EQ(s.drop(0, window - 1), WEIR_OK);
    }
    EXPECT_EQ(s.entries(), 1000u);
    if (window == 3) held = s.memory_bytes();
    if (window > 3) {
      EXPECT_LE(s.memory_bytes(), held);
    }
  }
  ASSERT_EQ(s.drop(0, 49), WEIR_OK);
  std::int64_t none = 0;
  EXPECT_EQ(s.next_name_space(0, INT64_MIN, &none), WEIR_IDLE);
}

TEST_F(Store, ClearedKeysGiveTheirMemoryBack) {
  for (const bool cuts : {false, true}) {
    store s(shape_of(keys, {value_of_longs("n")}), base::real_env(), cuts);
    for (std::int64_t n = 0; n < 20'000; ++n) {
      slot_of(s, 0, keys, n)->flags |= WEIR_SLOT_PRESENT;
      if (n >= 10) {
        ASSERT_EQ(s.clear(0, slot_of(s, 0, keys, n - 10)), WEIR_OK);
      }
      s.set_time(0, 0);
      if (cuts && n % 500 == 0) {
        s.cut();
        capture_all(s);
      }
      ASSERT_LT(s.entries(), 1100u) << n;
    }
    s.set_time(0, 0);
    if (!cuts) {
      EXPECT_EQ(s.entries(), 10u);
    }
  }
}

TEST_F(Store, ManyNameSpacesOfFewKeysStaySmall) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  for (std::int64_t n = 0; n < 10'000; ++n) slot_of(s, 0, keys, n, n)->flags |= WEIR_SLOT_PRESENT;
  EXPECT_LT(s.memory_bytes(), 10'000u * 1024u);
}

TEST_F(Store, ALargeDroppedNameSpaceOfLongValuesIsFreedBitByBit) {
  store s(shape_of(keys, {texts_of("b", WEIR_STATE_BYTES)}), base::real_env());
  const std::string value(1000, 'x');
  for (std::int64_t n = 0; n < 10'000; ++n) ASSERT_EQ(s.bytes_put(0, slot_of(s, 0, keys, n, 1), view(value)), WEIR_OK);
  const std::uint64_t before = s.memory_bytes();
  ASSERT_GT(before, 10'000u * 1000u);
  ASSERT_EQ(s.drop(0, 1), WEIR_OK);
  EXPECT_EQ(s.entries(), 0u);
  s.set_time(0, 0);
  EXPECT_GT(s.memory_bytes(), before / 2);
  for (int i = 0; i < 10; ++i) s.set_time(0, 0);
  EXPECT_LT(s.memory_bytes(), before / 4);
}

TEST_F(Store, AKeyThatIsTooLongIsRefusedByName) {
  const key_maker of("k: binary", false);
  store s(shape_of(of, {value_of_longs("n")}), base::real_env());
  model::batch_builder b(model::builder_layout::make(of.schema()));
  for (const std::uint32_t size : {key_bytes_max, key_bytes_max + 1}) {
    weir_builder* v = b.open(1);
    ASSERT_EQ(model::batch_builder::grow_data(&v->columns[0], size), WEIR_OK);
    std::memset(v->columns[0].data, 'k', size);
    static_cast<std::int32_t*>(v->columns[0].values)[1] = static_cast<std::int32_t>(size);
    v->length = 1;
    const auto batch = b.finish(0, nullptr).take();
    weir_slot* slot = nullptr;
    const weir_code code = s.slots(0, *batch, of.key(), nullptr, 1, nullptr, WEIR_SLOTS_CREATE, &slot);
    EXPECT_EQ(code, size <= key_bytes_max ? WEIR_OK : WEIR_E_STATE);
    if (code != WEIR_OK) {
      EXPECT_NE(s.why().find("state n"), std::string::npos) << s.why();
    }
  }
}

TEST_F(Store, BytesListsAndMaps) {
  store s(
      shape_of(keys, {texts_of("b", WEIR_STATE_BYTES), texts_of("l", WEIR_STATE_LIST), texts_of("m", WEIR_STATE_MAP)}),
      base::real_env());
  weir_view out{};
  weir_slot* b = slot_of(s, 0, keys, 1);
  ASSERT_EQ(s.bytes_get(0, b, &out), WEIR_OK);
  EXPECT_EQ(out.data, nullptr);
  for (const std::string v : {"", "some", "a longer value that needs more room than the one before", "x"}) {
    ASSERT_EQ(s.bytes_put(0, b, view(v)), WEIR_OK);
    ASSERT_EQ(s.bytes_get(0, b, &out), WEIR_OK);
    EXPECT_EQ(text(out), v);
    EXPECT_EQ(b->flags & WEIR_SLOT_PRESENT, WEIR_SLOT_PRESENT);
  }
  weir_slot* l = slot_of(s, 1, keys, 1);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(s.list_add(1, l, view(std::to_string(i))), WEIR_OK);
  std::uint64_t size = 0;
  ASSERT_EQ(s.list_trim(1, l, 30), WEIR_OK);
  ASSERT_EQ(s.list_trim(1, l, 30), WEIR_OK);
  ASSERT_EQ(s.list_size(1, l, &size), WEIR_OK);
  EXPECT_EQ(size, 40u);
  for (std::uint64_t i = 0; i < size; ++i) {
    ASSERT_EQ(s.list_at(1, l, i, &out), WEIR_OK);
    EXPECT_EQ(text(out), std::to_string(60 + i));
  }
  EXPECT_EQ(s.list_at(1, l, size, &out), WEIR_E_CONTRACT);
  ASSERT_EQ(s.list_trim(1, l, 40), WEIR_OK);
  EXPECT_EQ(l->flags & WEIR_SLOT_PRESENT, 0u);
  weir_slot* m = slot_of(s, 2, keys, 1);
  for (const char* k : {"b", "a", "c", "b"}) ASSERT_EQ(s.map_put(2, m, view(k), view(std::string("v") + k)), WEIR_OK);
  weir_view key{nullptr, 0}, value{};
  std::string all;
  for (;;) {
    weir_view next{};
    ASSERT_EQ(s.map_next(2, m, key, &next, &value), WEIR_OK);
    if (!next.data) break;
    all += text(next) + "=" + text(value) + " ";
    key = next;
  }
  EXPECT_EQ(all, "a=va b=vb c=vc ");
  ASSERT_EQ(s.map_remove(2, m, view("b")), WEIR_OK);
  ASSERT_EQ(s.map_get(2, m, view("b"), &out), WEIR_OK);
  EXPECT_EQ(out.data, nullptr);
  ASSERT_EQ(s.map_get(2, m, view("c"), &out), WEIR_OK);
  EXPECT_EQ(text(out), "vc");
  EXPECT_EQ(s.map_put(1, l, view("k"), view("v")), WEIR_E_CONTRACT) << "a list is no map";
}

}  // namespace
}  // namespace weir::state
