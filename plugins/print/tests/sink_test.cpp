#include "print/sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <weir/test/harness.hpp>

namespace print {
namespace {

struct trade {
  std::string desk;
  std::optional<std::int64_t> amount;
  std::vector<std::int32_t> legs;
};
struct made {
  weir::bytes value;
  std::string key;
};
WEIR_RECORD(trade, desk, amount, legs)
WEIR_RECORD(made, value, key)

// What was printed.
template <class Record>
class printed {
 public:
  explicit printed(const weir::test::table& config = {}) : harness_(config) {
    if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
    saved_ = ::dup(STDOUT_FILENO);
  }
  ~printed() {
    ::close(saved_);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  // Runs something with standard output bent to a pipe, and returns what was written.
  template <class F>
  std::string operator()(F&& what) {
    std::fflush(stdout);
    ::dup2(ends_[1], STDOUT_FILENO);
    what(harness_);
    ::dup2(saved_, STDOUT_FILENO);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string out(1 << 16, 0);
    const ssize_t got = ::read(ends_[0], out.data(), out.size());
    out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return out;
  }
  weir::test::harness<sink, Record, void>& harness() { return harness_; }

 private:
  weir::test::harness<sink, Record, void> harness_;
  int ends_[2] = {-1, -1};
  int saved_ = -1;
};

TEST(PrintSink, PrintsAnObjectALineAtOnce) {
  printed<trade> p;
  EXPECT_EQ(p([](auto& h) { h.push({"f\"x", 60, {1, 2}}); }), "{\"desk\":\"f\\\"x\",\"amount\":60,\"legs\":[1,2]}\n");
  EXPECT_EQ(p([](auto& h) {
              h.push({"", {}, {}}, weir::duration{}, weir::change_kind::erase);
            }),
            "{\"desk\":\"\",\"amount\":null,\"legs\":[],\"_change\":\"delete\"}\n");
}

TEST(PrintSink, PrintsTextWithTabs) {
  printed<trade> p({{"as", "text"}});
  EXPECT_EQ(p([](auto& h) { h.push({"f\tx\n", 60, {1}}); }), "f x \t60\t[1]\n");
  EXPECT_EQ(p([](auto& h) { h.push({"a", {}, {}}); }), "a\t\t[]\n");
}

TEST(PrintSink, PrintsTheBytesThatAFormatHasMade) {
  printed<made> p;
  EXPECT_EQ(p([](auto& h) { h.push_all({{{"one"}, "k"}, {{"two\n"}, "k"}}); }), "one\ntwo\n");
  printed<made> j({{"as", "json"}});
  EXPECT_EQ(j([](auto& h) { h.push({{"one"}, "k"}); }), "{\"value\":\"b25l\",\"key\":\"k\"}\n");
}

TEST(PrintSink, StopsPrintingAtItsLimitAndGoesOnCounting) {
  printed<trade> p({{"limit", 2}, {"as", "text"}});
  p.harness().sparse = true;
  EXPECT_EQ(p([](auto& h) { h.push_all({{"a", 1, {}}, {"b", 2, {}}, {"c", 3, {}}}); }), "a\t1\t[]\nb\t2\t[]\n");
  EXPECT_EQ(p.harness().figures()["rows"], 3u);
}

TEST(PrintSink, RefusesALimitBelowNothing) {
  EXPECT_THAT((weir::test::bind_errors<sink, trade>({{"limit", -1}})),
              testing::ElementsAre(testing::HasSubstr("limit")));
}

}  // namespace
}  // namespace print
