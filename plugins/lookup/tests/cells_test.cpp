#include "lookup/cells.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "lookup/key_index.hpp"
#include "lookup/keys.hpp"

namespace {

using lookup::cells;
using lookup::key_index;

TEST(LookupCells, GiveBackWhatTheySave) {
  cells text{weir::field{.name = "t", .kind = weir::type::utf8}},
      number{weir::field{.name = "n", .kind = weir::type::int32}};
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    text.at(slot);
    number.at(slot);
    slot % 7 == 0 ? text.append_null() : text.append(std::string(slot, 'x'));
    slot % 5 == 0 ? number.append_null() : number.append(static_cast<std::int32_t>(slot));
  }
  std::string saved;
  for (std::uint32_t slot = 0; slot < 100; ++slot) text.save(saved, slot), number.save(saved, slot);
  cells again{text.of()}, numbers{number.of()};
  std::string_view rest = saved;
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    again.at(slot);
    numbers.at(slot);
    ASSERT_TRUE(again.restore(rest));
    ASSERT_TRUE(numbers.restore(rest));
    EXPECT_EQ(again.null(slot), slot % 7 == 0);
    EXPECT_EQ(again.bytes(slot), slot % 7 == 0 ? "" : std::string(slot, 'x'));
    EXPECT_EQ(numbers.null(slot), slot % 5 == 0);
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(again.text_bytes(), text.text_bytes());
  std::string_view cut = std::string_view{saved}.substr(0, saved.size() - 1);
  bool good = true;
  for (std::uint32_t slot = 0; slot < 100 && good; ++slot) good = again.restore(cut) && numbers.restore(cut);
  EXPECT_FALSE(good);
}

TEST(LookupIndex, HoldsWhatAMapHolds) {
  for (const bool numbers : {false, true}) {
    key_index index{numbers};
    std::map<std::string, std::uint32_t> model;
    std::mt19937_64 random{7};
    for (int step = 0; step < 200'000; ++step) {
      const std::uint64_t n = random() % 3000;
      const std::string key = numbers ? std::string(reinterpret_cast<const char*>(&n), 8) : "key" + std::to_string(n);
      const auto hash = lookup::hash_of(key);
      const auto known = model.find(key);
      ASSERT_EQ(index.find(key, hash), known == model.end() ? lookup::no_slot : known->second);
      if (random() % 2) {
        const auto [slot, fresh] = index.insert(key, hash);
        ASSERT_EQ(fresh, known == model.end());
        if (fresh)
          model[key] = slot;
        else
          ASSERT_EQ(slot, known->second);
        ASSERT_EQ(index.key(slot), key);
      } else if (known != model.end()) {
        index.erase(known->second);
        model.erase(known);
      }
      ASSERT_EQ(index.size(), model.size());
    }
    ASSERT_LE(index.slot_count(), 3000u) << "slots are used again";
  }
}

TEST(LookupIndex, DifferentNumbersHaveDifferentHashes) {
  std::map<std::uint64_t, std::int64_t> seen;
  for (std::int64_t n = -50'000; n < 50'000; ++n) {
    const auto hash = lookup::hash_of({reinterpret_cast<const char*>(&n), sizeof n});
    ASSERT_TRUE(seen.emplace(hash, n).second) << n << " and " << seen[hash];
  }
}

}  // namespace
