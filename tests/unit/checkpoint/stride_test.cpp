#include "checkpoint/stride.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace weir::checkpoint {
namespace {

std::string packed(const std::string& raw, std::size_t length) {
  std::string out(stride::bound(raw.size()), '\xcc');
  const std::size_t n = stride::compress(raw, length, out.data());
  EXPECT_LE(n, stride::bound(raw.size()) - 16);
  out.resize(n);
  return out;
}

/// Memory of exactly the sizes that are told, so that a sanitizer sees a byte beyond.
bool unpacks(const std::string& stored, std::string& raw, std::size_t size) {
  const std::vector<char> in(stored.begin(), stored.end());
  std::vector<char> out(size);
  const bool done = stride::decompress({in.data(), in.size()}, out.data(), size);
  raw.assign(out.begin(), out.end());
  return done;
}

/// Records of a byte, two counting numbers and a random one.
std::string records(std::size_t count) {
  std::mt19937_64 dice(7);
  std::string out;
  for (std::uint64_t i = 0; i < count; ++i) {
    out.push_back(2);
    for (const std::uint64_t v : {1000 + i / 3, 1'700'000'000'000 + i, dice() % 100'000})
      out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  return out;
}

TEST(Stride, FindsTheLengthOfRecordsAndMakesThemAThirdAsLong) {
  const std::string raw = "a head of some bytes" + records(10'000);
  EXPECT_EQ(stride::find(raw), 25u);
  const std::string stored = packed(raw, 25);
  EXPECT_LT(stored.size() * 3, raw.size());
  std::string back;
  ASSERT_TRUE(unpacks(stored, back, raw.size()));
  EXPECT_EQ(back, raw);
}

TEST(Stride, LeavesWhatHasNoRecordsOfOneLengthToOthers) {
  std::mt19937_64 dice(1);
  std::string noise;
  for (int i = 0; i < 10'000; ++i) noise.push_back(static_cast<char>(dice()));
  EXPECT_EQ(stride::find(noise), 0u);
  EXPECT_EQ(stride::find(""), 0u);
  EXPECT_EQ(stride::find(records(20)), 0u) << "too short to tell";
}

TEST(Stride, GivesBackWhateverItWasGiven) {
  std::mt19937_64 dice(2);
  for (int turn = 0; turn < 20'000; ++turn) {
    const std::size_t length = 1 + dice() % 255;
    std::string raw;
    const bool sparse = dice() % 2 == 0;
    for (std::size_t n = length + dice() % 300; n > 0; --n)
      raw.push_back(static_cast<char>(!sparse || dice() % 4 == 0 ? dice() : 0));
    const std::string stored = packed(raw, length);
    std::string back;
    ASSERT_TRUE(unpacks(stored, back, raw.size())) << turn;
    ASSERT_EQ(back, raw) << turn;
    // Whatever is cut off, too long or another size is refused.
    EXPECT_FALSE(unpacks(stored.substr(0, dice() % stored.size()), back, raw.size())) << turn;
    EXPECT_FALSE(unpacks(stored + '\0', back, raw.size())) << turn;
  }
}

TEST(Stride, SurvivesBytesThatAreNone) {
  std::mt19937_64 dice(3);
  std::string back;
  for (int turn = 0; turn < 50'000; ++turn) {
    std::string stored;
    for (std::size_t n = dice() % 64; n > 0; --n) stored.push_back(static_cast<char>(dice() % (turn % 2 ? 256 : 16)));
    unpacks(stored, back, dice() % 300);  // must not read or write anything beyond
  }
  EXPECT_FALSE(unpacks("", back, 0));
  EXPECT_FALSE(unpacks(std::string(1, '\0'), back, 8));
}

}  // namespace
}  // namespace weir::checkpoint
