#include "shared/aggregate/sketch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "weir/failure.hpp"

namespace {

using testing::HasSubstr;
using weir::aggregate::sketch;

constexpr double inf = std::numeric_limits<double>::infinity();
const std::vector<double> shares{0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};

sketch of(const std::vector<double>& values, unsigned bits = sketch::default_bits) {
  sketch out{bits};
  for (const double v : values) out.add(v);
  return out;
}
double exact(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}
std::vector<double> drawn(std::size_t count, unsigned seed, const std::function<double(std::mt19937_64&)>& draw) {
  std::mt19937_64 random{seed};
  std::vector<double> out(count);
  for (double& v : out) v = draw(random);
  return out;
}
std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    for (const int half : {(c >> 4) & 15, c & 15}) out += "0123456789abcdef"[half];
  return out;
}

TEST(Sketch, IsNeverFurtherFromThePercentileThanItsError) {
  const std::vector<std::function<double(std::mt19937_64&)>> kinds{
      [](auto& r) {
        return std::uniform_real_distribution<>{0, 1000}(r);
      },
      [](auto& r) {
        return std::normal_distribution<>{0, 50}(r);
      },
      [](auto& r) {
        return std::lognormal_distribution<>{3, 4}(r);
      },
      [](auto& r) {
        return std::exp(std::uniform_real_distribution<>{-20, 20}(r));
      },
      [](auto& r) { return static_cast<double>(std::geometric_distribution<>{0.01}(r)); },
      [](auto& r) { return static_cast<double>(static_cast<std::int64_t>(r()) >> (r() % 64)); },  // all sizes of int64
  };
  for (const unsigned bits : {3u, 6u, 9u})
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
      for (const std::size_t count : {1u, 2u, 3u, 100u, 70'000u}) {
        const auto values = drawn(count, static_cast<unsigned>(kind + count), kinds[kind]);
        const auto s = of(values, bits);
        ASSERT_EQ(s.count(), count);
        for (const double share : shares) {
          const double is = exact(values, share);
          // The last bit of both roundings.
          EXPECT_LE(std::fabs(s.percentile(share) - is), std::fabs(is) * (sketch::error_of(bits) + 1e-15))
              << "kind " << kind << ", " << count << " values, share " << share << ", bits " << bits;
        }
      }
}

TEST(Sketch, TakesAsFewBitsAsAnErrorNeeds) {
  EXPECT_EQ(sketch::bits_for(0.01), 6u);
  EXPECT_EQ(sketch::bits_for(0.1), 3u);
  EXPECT_EQ(sketch::bits_for(0.001), 9u);
  EXPECT_LT(sketch::error_of(6), 0.00776);
}

TEST(Sketch, HasTheSameBytesInWhateverOrderAndHoweverMerged) {
  for (const std::size_t count : {20u, 26u, 27u, 40u, 3000u})
    for (const double spread : {1.0, 60.0}) {  // with 60 the smallest ones share bins
      auto values = drawn(count, 5, [&](auto& r) {
        return std::lognormal_distribution<>{0, spread}(r) * (r() % 2 ? 1 : -1);
      });
      values.insert(values.end(), {0.0, -0.0, inf, -inf, std::nan(""), 1e-310});
      const auto whole = of(values);
      for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937 random{seed};
        std::shuffle(values.begin(), values.end(), random);
        EXPECT_EQ(of(values).bytes(), whole.bytes());
        std::vector<sketch> parts(1 + seed * 3);
        for (const double v : values) parts[random() % parts.size()].add(v);
        while (parts.size() > 1) {
          const std::size_t into = random() % (parts.size() - 1);
          parts[into].merge(parts.back());
          parts.pop_back();
        }
        EXPECT_EQ(parts[0].bytes(), whole.bytes());
      }
    }
}

TEST(Sketch, IsExactOfFewValues) {
  const auto values = drawn(sketch::few, 9, [](auto& r) { return std::normal_distribution<>{0, 50}(r); });
  for (const double share : shares) EXPECT_EQ(of(values).percentile(share), exact(values, share));
}

TEST(Sketch, KnowsTheSmallestTheLargestAndWhatIsNoNumber) {
  for (const int times : {1, 20}) {  // few, and more
    const auto s_of = [&](const std::vector<double>& values) {
      sketch out;
      for (int i = 0; i < times; ++i) out.merge(of(values));
      return out;
    };
    const auto s = s_of({3.7, -2.5, 0, 0, -0.0, 81.3});
    EXPECT_EQ(s.percentile(0), -2.5);
    EXPECT_EQ(s.percentile(1), 81.3);
    EXPECT_EQ(s.percentile(0.5), 0);
    const auto odd = s_of({inf, std::nan(""), -inf, 5});
    EXPECT_EQ(odd.percentile(0), -inf);
    EXPECT_EQ(odd.percentile(0.4), 5);
    EXPECT_EQ(odd.percentile(0.7), inf);
    EXPECT_TRUE(std::isnan(odd.percentile(1))) << "the largest, as in SQL";
  }
  EXPECT_EQ(sketch{}.count(), 0u);
}

TEST(Sketch, TellsWhatIsFarBelowTheLargestAsNextToNothing) {
  sketch s;
  for (int i = 0; i < 10; ++i)
    for (const double v : {1e-200, 2e-200, 3e-200, 1e200}) s.add(v);
  EXPECT_EQ(s.percentile(0), 1e-200);
  EXPECT_LE(s.percentile(0.5), 1e200 * 1e-19);
  EXPECT_EQ(s.percentile(1), 1e200);
}

TEST(Sketch, CountsWithoutAnEnd) {
  sketch s;
  for (int i = 0; i < 300; ++i) s.add(1);
  s.add(100);
  for (int i = 0; i < 40; ++i) {  // doubled again and again: 300 * 2^40 values
    const sketch same = s;
    s.merge(same);
  }
  EXPECT_EQ(s.count(), 301ull << 40);
  EXPECT_NEAR(s.percentile(0.99), 1, 0.008);
  EXPECT_NEAR(s.percentile(0.998), 100, 0.8);
  EXPECT_EQ(sketch::read(s.bytes()).bytes(), s.bytes());
}

TEST(Sketch, IsKeptInBytesThatStay) {
  const auto of_few = of({1.5, -4});
  EXPECT_EQ(hex(of_few.bytes()),
            "0106000002000000"
            "00000000000010c0000000000000f83f");
  sketch s;
  for (int i = 0; i < 10; ++i) s.merge(of({1, 1, 1.5, -4}));
  s.add(0);
  const std::string empty = "0000000000000000";
  EXPECT_EQ(hex(s.bytes()),
            "01060100"
            "4000010001000000"  // one negative bin, that of 4
            "c0ff000021000000"  // 33 positive ones, from that of 1
            "00000000"
            "0100000000000000" +
                empty + empty + empty +
                "00000000000010c0000000000000f83f"  // -4 and 1.5
                "0a14" +
                std::string(62, '0') + "0a");
  EXPECT_EQ(sketch::read(s.bytes()).percentile(0.25), 0);
}

TEST(Sketch, RefusesBytesThatItDoesNotKnow) {
  const auto why = [](const std::string& bytes) {
    try {
      sketch::read(bytes);
    } catch (const weir::plugin_error& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  std::vector<double> values{1, 2, 3};
  const std::string small{of(values).bytes()};
  values.resize(50, 7.5);
  const std::string good{of(values).bytes()};
  EXPECT_EQ(why(small) + why(good), "");
  std::string later = good;
  later[0] = 2;
  EXPECT_THAT(why(later), HasSubstr("version 2, this plugin knows version 1"));
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_NE(why(good.substr(0, size)), "") << size;
  for (std::size_t size = 0; size < small.size(); ++size) EXPECT_NE(why(small.substr(0, size)), "") << size;
  EXPECT_NE(why(small + "x"), "");
  EXPECT_NE(why(good + "x"), "");
  sketch a{6};
  EXPECT_THROW(a.merge(sketch{7}), weir::plugin_error);
}

}  // namespace
