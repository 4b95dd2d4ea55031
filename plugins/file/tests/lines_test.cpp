#include "file/lines.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace file {
namespace {

TEST(Lines, AreFoundWhereverTheirNewlinesStand) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t size = random() % 400, gap = 1 + random() % 100, from = random() % (size + 1);
    std::string text(size, 'x');
    for (char& c : text)
      if (random() % gap == 0) c = '\n';
    const auto most = static_cast<std::int64_t>(random() % 50);
    std::vector<std::int32_t> want, got(static_cast<std::size_t>(most) + 1, -1);
    for (std::size_t i = from; i < size && static_cast<std::int64_t>(want.size()) < most; ++i)
      if (text[i] == '\n') want.push_back(static_cast<std::int32_t>(i + 1));
    const line_ends found = find_lines(text.data(), from, size, got.data(), most);
    ASSERT_EQ(got.back(), -1) << "wrote behind the end";
    got.resize(static_cast<std::size_t>(found.count));
    ASSERT_EQ(got, want);
    ASSERT_EQ(found.end, want.empty() ? 0u : static_cast<std::size_t>(want.back()));
    ASSERT_TRUE(found.count == most || found.scanned == size);
  }
}

}  // namespace
}  // namespace file
