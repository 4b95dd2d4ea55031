#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace weir::base {
namespace {

using testing::HasSubstr;

TEST(Error, GrowsItsPlaceOutwards) {
  error e = config_error("limit is missing: add it").in("operator exposure/3").in("pipeline desk-risk");
  EXPECT_EQ(e.where, "pipeline desk-risk: operator exposure/3");
  EXPECT_EQ(e.text(), "pipeline desk-risk: operator exposure/3: limit is missing: add it");
  EXPECT_EQ(config_error("x").text(), "x");
}

TEST(Error, OfASystemCallSaysWhatToDoNext) {
  const error gone = errno_error(ENOENT, "open", "/x");
  EXPECT_EQ(gone.text(), "cannot open /x: No such file or directory; check the path");
  EXPECT_EQ(gone.how, retry::never);
  EXPECT_EQ(errno_error(ENOSPC, "write", "/x").how, retry::backoff);
  EXPECT_EQ(errno_error(EIO, "sync", "/x").how, retry::from_checkpoint);
}

result<int> half(int n) {
  if (n % 2) return data_error(cat(n, " is odd: give an even number"));
  return n / 2;
}
result<int> quarter(int n) { return half(WEIR_TRY(half(n))); }
result<void> need_even(int n) {
  WEIR_TRY(half(n));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*half(4), 2);
  EXPECT_TRUE(half(4));
  EXPECT_EQ(half(3).why().by, blame::data);
  EXPECT_EQ(half(3).value_or(7), 7);
}

TEST(Result, TryPassesErrorsUpwards) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_THAT(quarter(6).why().what, HasSubstr("3 is odd"));
  EXPECT_TRUE(need_even(2));
  EXPECT_FALSE(need_even(1));
}

struct animal {
  virtual ~animal() = default;
};
struct cat_animal : animal {};

TEST(Result, TakesADerivedPointerAndMovesItOut) {
  auto make = []() -> result<std::unique_ptr<animal>> { return std::make_unique<cat_animal>(); };
  auto wrapped = make();
  std::unique_ptr<animal> out = std::move(wrapped).take();
  EXPECT_NE(dynamic_cast<cat_animal*>(out.get()), nullptr);
}

TEST(ResultDeathTest, AskingAnErrorForItsValueEndsTheProcessWithTheErrorsText) {
  EXPECT_DEATH((void)*half(3), "3 is odd");
  EXPECT_DEATH((void)half(4).why(), "holds a value");
}

TEST(Check, PassesWhenTrueAndDoesNotEvaluateItsMessage) {
  int evaluated = 0;
  WEIR_CHECK(true, ++evaluated);
  EXPECT_EQ(evaluated, 0);
}

TEST(CheckDeathTest, EndsTheProcessWithConditionAndPlace) {
  EXPECT_DEATH(WEIR_CHECK(1 > 2, "slot ", 7, " is gone"), "slot 7 is gone \\[1 > 2\\] at .*error_test.cpp");
}

TEST(Ids, AreSafeInPathsAndLabels) {
  for (const char* good : {"a", "9", "desk-risk", "exposure_v2", "a.b"}) EXPECT_TRUE(is_id(good)) << good;
  for (std::string_view bad : {"", ".", "..", "../x", "a/b", "A", "-a", "_a", ".a", "a b", "a\n", "caf\xc3\xa9"})
    EXPECT_FALSE(is_id(bad)) << bad;
  EXPECT_FALSE(is_id(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_id(std::string(64, 'a')));
  EXPECT_FALSE(is_id(std::string(65, 'a')));
  EXPECT_THAT(check_id("A b", "operator").why().what, HasSubstr("\"A b\" is not a name for an operator"));
}

TEST(Ids, PortRefsNameANodeAndMaybeAPort) {
  EXPECT_EQ(*parse_port_ref("exposure"), (port_ref{"exposure", ""}));
  EXPECT_EQ(*parse_port_ref("exposure:late"), (port_ref{"exposure", "late"}));
  EXPECT_EQ(parse_port_ref("exposure:late")->text(), "exposure:late");
  for (const char* bad : {"", ":", "a:", ":b", "a:b:c", "a:B"}) EXPECT_FALSE(parse_port_ref(bad)) << bad;
}

}  // namespace
}  // namespace weir::base
