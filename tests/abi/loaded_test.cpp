// Plugins as shared libraries: the sample in plain C under the contract checker, two versions with statics side by
// side, and hundreds of loads that leave nothing mapped.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <weir/test/harness.hpp>

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
class library {
 public:
  explicit library(const char* path) : handle_{::dlopen(path, RTLD_NOW | RTLD_LOCAL)} {
    if (!handle_) throw std::runtime_error{::dlerror()};
    const auto entry = reinterpret_cast<const weir_plugin* (*)(void)>(::dlsym(handle_, "weir_plugin_v1"));
    if (!entry) throw std::runtime_error{std::string{path} + " has no weir_plugin_v1"};
    plugin_ = entry();
  }
  library(const library&) = delete;
  library& operator=(const library&) = delete;
  ~library() { ::dlclose(handle_); }
  [[nodiscard]] const weir_plugin& get() const { return *plugin_; }
  [[nodiscard]] const weir_operator& first() const { return *plugin_->operators[0]; }

 private:
  void* handle_;
  const weir_plugin* plugin_ = nullptr;
};

struct city {
  std::int64_t id;
  std::optional<std::string> name;
};
struct city_upper {
  std::int64_t id;
  std::optional<std::string> name, name_upper;
};
WEIR_RECORD(city, id, name)
WEIR_RECORD(city_upper, id, name, name_upper)

TEST(CSample, WritesTheColumnInUpperCase) {
  const library lib{UPPERCASE_SAMPLE};
  EXPECT_STREQ(lib.get().name, "uppercase");
  for (const bool sparse : {false, true}) {
    weir::test::table_harness<city, city_upper> h{lib.first(), {{"column", "name"}}};
    h.sparse = sparse;
    h.push_all<city>({{1, "oslo"}, {2, std::nullopt}, {3, ""}, {4, "Rome 7"}});
    const auto out = h.take();
    ASSERT_EQ(out.size(), 3u);
    EXPECT_EQ(out[0].id, 1);
    EXPECT_EQ(out[0].name, "oslo");
    EXPECT_EQ(out[0].name_upper, "OSLO");
    EXPECT_EQ(out[1].name_upper, std::nullopt);
    EXPECT_EQ(out[2].name_upper, "ROME 7");
    const auto dead = h.take_dead_letters();
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].why, "the text is empty");
  }
}
TEST(CSample, RefusesAColumnThatIsNotThere) {
  const library lib{UPPERCASE_SAMPLE};
  using harness = weir::test::table_harness<city, city_upper>;
  try {
    harness h{lib.first(), {{"column", "nmae"}}};
    FAIL() << "it was accepted";
  } catch (const weir::test::bind_refused& refused) {
    EXPECT_THAT(refused.errors, ElementsAre(HasSubstr("column: there is no such column")));
  }
}

struct nothing {
  std::int64_t n;
};
struct answer {
  std::int64_t inline_variable, member, local, per_thread, version;
};
WEIR_RECORD(nothing, n)
WEIR_RECORD(answer, inline_variable, member, local, per_thread, version)

answer ask(const library& lib) {
  weir::test::table_harness<nothing, answer> h{lib.first()};
  h.push({0});
  return h.take().at(0);
}

TEST(Statics, OfTwoVersionsAreApart) {
  const library one{STATICS_ONE}, two{STATICS_TWO};
  for (std::int64_t round = 1; round <= 3; ++round) {
    for (const auto* lib : {&one, &two}) {
      const auto a = ask(*lib);
      const std::int64_t expected = (lib == &one ? 1 : 2) + 10 * round;
      EXPECT_EQ(a.version, lib == &one ? 1 : 2);
      EXPECT_EQ(a.inline_variable, expected);
      EXPECT_EQ(a.member, expected);
      EXPECT_EQ(a.local, expected);
      EXPECT_EQ(a.per_thread, expected);
    }
  }
}

std::size_t mappings() {
  std::ifstream maps{"/proc/self/maps"};
  std::string line;
  std::size_t n = 0;
  while (std::getline(maps, line))
    n += line.find("statics_") != std::string::npos || line.find("uppercase") != std::string::npos;
  return n;
}

TEST(Unloading, LeavesNothingMapped) {
  ASSERT_EQ(mappings(), 0u);
  for (int i = 0; i < 200; ++i) {
    const library one{STATICS_ONE}, two{STATICS_TWO}, c{UPPERCASE_SAMPLE};
    // A fresh image begins with fresh statics, every time.
    ASSERT_EQ(ask(one).inline_variable, 11);
    ASSERT_EQ(ask(two).per_thread, 12);
  }
  EXPECT_EQ(mappings(), 0u);
}
}  // namespace
