#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/harness.hpp>

#include "../@class@.hpp"

namespace @class@ {
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LargeOrders, LetsOrdersAboveTheLimitThrough) {
  weir::test::harness<large_orders> h{{{"limit", 100}}};
  h.push({"ann", 90});
  h.push({"bob", 130});
  EXPECT_THAT(h.take(), ElementsAre(AllOf(Field(&large_order::customer, "bob"), Field(&large_order::above, 30))));
}

TEST(LargeOrders, SendsANegativeAmountToTheDeadLetters) {
  weir::test::harness<large_orders> h;
  h.push({"ann", -1});
  EXPECT_THAT(h.take(), IsEmpty());
  ASSERT_EQ(h.take_dead_letters().size(), 1u);
}

TEST(LargeOrders, RefusesANegativeLimit) {
  EXPECT_THAT(weir::test::bind_errors<large_orders>({{"limit", -5}}), ElementsAre(HasSubstr("limit: must not be negative")));
}

}  // namespace @class@
