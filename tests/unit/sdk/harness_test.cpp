// The harness as the documentation shows it, on the operator of the documentation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
struct trade {
  std::string desk;
  double notional;
};
struct breach {
  std::string desk;
  double notional;
  friend bool operator==(const breach&, const breach&) = default;
};
WEIR_RECORD(trade, desk, notional)
WEIR_RECORD(breach, desk, notional)

class large : public weir::record_operator<trade, breach> {
  double limit_;
  weir::side_output<trade> late_{this, "late"};

 public:
  static constexpr auto options() {
    return weir::options(weir::option("limit", weir::number).required().doc("Notional that is reported."));
  }
  explicit large(const weir::config& c) : limit_{c.get<double>("limit")} {}
  void process(const trade& t, weir::time at, output& out) override {
    if (t.notional < 0) {
      out.emit({"taken back", 0});
      throw weir::failure{"the notional is negative"};
    }
    if (at < watermark()) return late_.emit(t);
    if (t.notional > limit_) out.emit({t.desk, t.notional});
  }
};

TEST(Harness, RunsAnOperator) {
  weir::test::harness<large> h{{{"limit", 100}}};
  h.push({"fx", 60}, 0s);
  h.push({"fx", 110}, 1s);
  EXPECT_THAT(h.take(), ElementsAre(breach{"fx", 110}));
  EXPECT_THAT(h.take(), IsEmpty());
}

TEST(Harness, SendsAFailedRowToTheDeadLettersAndGoesOn) {
  weir::test::harness<large> h{{{"limit", 100}}};
  h.push_all<trade>({{"fx", 101}, {"fx", -1}, {"fx", 102}});
  EXPECT_THAT(h.take(), ElementsAre(breach{"fx", 101}, breach{"fx", 102}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].why, "the notional is negative");
  EXPECT_EQ(dead[0].row, 1);
  EXPECT_EQ(dead[0].code, WEIR_E_DATA);
}

TEST(Harness, GivesTheRowsOfASideOutput) {
  weir::test::harness<large> h{{{"limit", 100}}};
  h.watermark(10s);
  h.push({"fx", 500}, 1s);
  EXPECT_THAT(h.take(), IsEmpty());
  ASSERT_EQ(h.take<trade>("late").size(), 1u);
}

TEST(Harness, RefusesWhatAHostWouldRefuse) {
  EXPECT_THAT(weir::test::bind_errors<large>({{"limit", "x"}}), ElementsAre(HasSubstr("limit: must be a number")));
  EXPECT_THAT(weir::test::bind_errors<large>({}), ElementsAre(HasSubstr("limit: is missing")));
  EXPECT_THAT(weir::test::bind_errors<large>({{"limit", 1}, {"limmit", 2}}),
              ElementsAre(HasSubstr("did you mean 'limit'?")));
}
}  // namespace
