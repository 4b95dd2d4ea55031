#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/source_harness.hpp>

#include "file/source.hpp"
#include "file/tests/folder.hpp"

namespace file {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct raw {
  weir::bytes value;
};
WEIR_RECORD(raw, value)

// A follower whose clock runs: a quarter of a second for each look at the files.
class follower {
 public:
  explicit follower(const std::string& path, const char* from = "begin")
      : harness_({{"follow", true}, {"path", path}, {"from", from}}) {
    harness_.clock(now_);
  }
  std::vector<std::string> read() {
    for (int quiet = 0; quiet < 8;) {
      quiet = harness_.poll() == weir::polled::emitted ? 0 : quiet + 1;
      harness_.clock(now_ += 250ms);
    }
    std::vector<std::string> out;
    for (const auto& r : harness_.take<raw>()) out.push_back(r.value.value);
    return out;
  }
  weir::test::source_harness<source>& operator*() { return harness_; }
  weir::test::source_harness<source>* operator->() { return &harness_; }

 private:
  std::chrono::microseconds now_ =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
  weir::test::source_harness<source> harness_;
};

TEST(FileFollow, WaitsForMoreAndForTheEndOfALine) {
  const folder f;
  f.write("log", "a\nb");
  follower r(f / "log");
  r->open_all();
  EXPECT_THAT(r.read(), ElementsAre("a\n"));
  EXPECT_TRUE(r->split(0).idle);
  f.append("log", "b\nc\n");
  EXPECT_THAT(r.read(), ElementsAre("bb\n", "c\n"));
  EXPECT_THAT(r.read(), IsEmpty());
}

TEST(FileFollow, ReadsARenamedFileToItsEndAndThenTheNewOne) {
  const folder f;
  f.write("log", "1\n");
  follower r(f / "log");
  r->open_all();
  EXPECT_THAT(r.read(), ElementsAre("1\n"));
  f.rename("log", "log.1");
  f.append("log.1", "2\n");  // by a writer that has not noticed
  EXPECT_THAT(r.read(), ElementsAre("2\n"));
  f.append("log.1", "3");
  f.write("log", "4\n");
  EXPECT_THAT(r.read(), ElementsAre("3", "4\n"));
}

TEST(FileFollow, BeginsAgainInATruncatedFile) {
  const folder f;
  f.write("log", "1\n2\n3\n");
  follower r(f / "log");
  r->open_all();
  EXPECT_EQ(r.read().size(), 3u);
  f.write("log", "4\n");
  EXPECT_THAT(r.read(), ElementsAre("4\n"));
  EXPECT_THAT(r->take_log().at(0).text, HasSubstr("truncated"));
}

TEST(FileFollow, WaitsForAFileThatIsNotThereYet) {
  const folder f;
  follower r(f / "log");
  r->open_all();
  EXPECT_THAT(r.read(), IsEmpty());
  EXPECT_TRUE(r->split(0).idle);
  f.write("log", "1\n");
  EXPECT_THAT(r.read(), ElementsAre("1\n"));
}

TEST(FileFollow, BeginsAtTheEndWhenAsked) {
  const folder f;
  f.write("log", "old\nolder\nhal");
  follower r(f / "log", "end");
  r->open_all();
  EXPECT_THAT(r.read(), IsEmpty());
  f.append("log", "f\nnew\n");
  EXPECT_THAT(r.read(), ElementsAre("half\n", "new\n"));
}

TEST(FileFollow, FindsNewFilesOfThePatternButNoRenamedOnes) {
  const folder f;
  f.write("log.a", "1\n");
  follower r(f / "log*");
  EXPECT_THAT(r->open_all(), ElementsAre(f / "log.a"));
  EXPECT_EQ(r->ask_again_us, 5'000'000);
  f.rename("log.a", "log.a.1");
  f.write("log.b", "2\n");
  EXPECT_THAT(r->discover(), ElementsAre(f / "log.b"));
}

TEST(FileFollow, GoesOnAfterARestartInAFileThatWasRenamedMeanwhile) {
  const folder f;
  f.write("log", "1\n2\n");
  std::string position;
  {
    follower r(f / "log");
    r->open_all();
    EXPECT_EQ(r.read().size(), 2u);
    position = r->position(0);
  }
  f.append("log", "3\n");
  f.rename("log", "log.old");
  f.write("log", "4\n");
  follower again(f / "log");
  again->open(0, f / "log", position);
  EXPECT_THAT(again.read(), ElementsAre("3\n", "4\n"));
}

TEST(FileFollow, SaysThatAFileIsGoneThatItHasNotReadToItsEnd) {
  const folder f;
  f.write("log", "1\n2\n");
  std::string position;
  {
    follower r(f / "log");
    r->open_all();
    r.read();
    position = r->position(0);
  }
  std::filesystem::remove(f / "log");
  f.write("log", "other\n");
  follower again(f / "log");
  again->open(0, f / "log", position);
  EXPECT_THAT(again.read(), ElementsAre("other\n"));
  const auto log = again->take_log();
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log[0].level, weir::log_level::warn);
  EXPECT_THAT(log[0].text, HasSubstr("is not the file that was read up to byte 4"));
}

}  // namespace
}  // namespace file
