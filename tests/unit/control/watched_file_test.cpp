#include "control/watched_file.hpp"

#include <gtest/gtest.h>

namespace weir::control {
namespace {

TEST(EditedText, TakesATextThatStaysAsItIsForTwoLooks) {
  edited_text t("one");
  EXPECT_EQ(t.look("one"), nullptr);
  EXPECT_EQ(t.look("tw"), nullptr);  // half written
  EXPECT_EQ(t.look("two"), nullptr);
  const std::string* taken = t.look("two");
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, "two");
  EXPECT_EQ(t.look("two"), nullptr) << "once";
  EXPECT_EQ(t.look("one"), nullptr);
  EXPECT_NE(t.look("one"), nullptr) << "back again is an edit, too";
}

TEST(EditedText, WhatTheFileSaysAtFirstMayBeAnEditAlready) {
  edited_text t("runs");
  EXPECT_EQ(t.look("edited"), nullptr);
  EXPECT_NE(t.look("edited"), nullptr);
}

}  // namespace
}  // namespace weir::control
