#include "supervisor/crash_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_env.hpp"
#include "supervisor/verdict.hpp"

namespace weir::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr std::int64_t minute = 60'000'000;

crash_report in(const std::string& operator_id, std::uint64_t record = 0) {
  return {"segmentation fault", "risk", "1.2.0", operator_id, 3, {}, record};
}

TEST(CrashLog, SuspectsAnOperatorThatCrashesAgainAndKnowsItsRecords) {
  base::test_env env;
  ASSERT_TRUE(env.fs().make_directories("/s"));
  const auto suspects = [&](std::uint64_t run = 1) {
    return suspected_operators(*read_crashes(env, "/s"), run, env.now_us(), 2);
  };
  EXPECT_THAT(suspects(), IsEmpty());
  ASSERT_TRUE(note_crash(env, "/s", 1, in("a")));
  ASSERT_TRUE(note_crash(env, "/s", 1, in("b")));
  EXPECT_THAT(suspects(), IsEmpty());
  ASSERT_TRUE(note_crash(env, "/s", 1, in("a")));
  EXPECT_THAT(suspects(), ElementsAre(Pair("a", IsEmpty())));
  ASSERT_TRUE(note_crash(env, "/s", 1, in("a", 77)));
  EXPECT_THAT(suspects(), ElementsAre(Pair("a", ElementsAre(77))));
  EXPECT_THAT(suspects(2), IsEmpty()) << "another run reads other records";
  EXPECT_THAT(suspected_operators(*read_crashes(env, "/s"), 1, env.now_us(), 0), IsEmpty());
  env.advance_us(61 * minute);
  EXPECT_THAT(suspects(), IsEmpty());
}

TEST(CrashLog, KeepsOnlyTheNewestAndSkipsDamagedLines) {
  base::test_env env;
  ASSERT_TRUE(env.fs().make_directories("/s"));
  for (std::uint64_t i = 1; i <= 1010; ++i) ASSERT_TRUE(note_crash(env, "/s", 1, in("a", i)));
  auto all = *read_crashes(env, "/s");
  ASSERT_EQ(all.size(), 1000u);
  EXPECT_EQ(all.back().what.record, 1010u);
  env.fs().put("/s/crashes.jsonl", "{\"at_us\":1\nnonsense\n[]\n");
  EXPECT_THAT(*read_crashes(env, "/s"), IsEmpty());
}

TEST(ReportReader, ReadsWhateverPiecesItComesIn) {
  ended_report end;
  end.how = ended_report::state::drained;
  end.code = 3;
  end.output = "a \"line\"\nand another\n";
  end.why = base::external_error("the broker is away", "source s");
  const std::string all =
      std::string(running_line) + std::string(beat_line) +
      "{\"half\n{\"crash\":\"abort\",\"plugin\":\"p\",\"version\":\"1\",\"operator\":\"o\",\"subtask\":2,"
      "\"record\":18446744073709551615}\n" +
      to_line(end);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    report_reader r;
    for (std::size_t at = 0; at < all.size(); at += piece) r.add(std::string_view(all).substr(at, piece));
    EXPECT_TRUE(r.running);
    EXPECT_EQ(r.beats, 4u);
    ASSERT_TRUE(r.crash);
    EXPECT_EQ(r.crash->record, UINT64_MAX);
    EXPECT_THAT(r.crash->text(), HasSubstr("operator o/2"));
    ASSERT_TRUE(r.ended);
    EXPECT_EQ(r.ended->how, end.how);
    EXPECT_EQ(r.ended->code, 3);
    EXPECT_EQ(r.ended->output, end.output);
    EXPECT_EQ(r.ended->why->text(), "source s: the broker is away");
    EXPECT_EQ(r.ended->why->how, base::retry::backoff);
  }
}

verdict of(const report_reader& told, int exit_code) {
  return judge(told, {os::process_change::kind::exited, exit_code}, "");
}

report_reader failed(base::error why) {
  report_reader r;
  r.add(to_line({ended_report::state::failed, 70, "out", std::move(why)}));
  return r;
}

TEST(Verdict, RestartsWhatMayPassAndNothingElse) {
  using base::retry;
  EXPECT_FALSE(of(failed(base::external_error("broker away")), 75).over);
  EXPECT_FALSE(of(failed(base::plugin_error("it threw")), 70).over);
  EXPECT_FALSE(of(failed(base::host_error("a cut failed")), 70).over);
  EXPECT_TRUE(of(failed(base::external_error("refused", "", retry::never)), 69).over);
  EXPECT_TRUE(of(failed(base::config_error("wrong option")), 78).over);
  EXPECT_TRUE(of(failed(base::data_error("bad record")), 65).over);
  report_reader refused;
  refused.add(to_line({ended_report::state::refused, 78, "", std::nullopt}));
  EXPECT_TRUE(of(refused, 78).over);
  EXPECT_EQ(of(refused, 78).code, 78);
}

TEST(Verdict, TakesNoExitCodeForAnEndWithoutLastWords) {
  const verdict v = of(report_reader(), 0);
  EXPECT_FALSE(v.over);
  EXPECT_EQ(v.code, 70);
  EXPECT_THAT(v.why, HasSubstr("without a word"));
}

TEST(Verdict, BelievesTheLastWordsOfARunThatCrashedOnItsWayOut) {
  report_reader r;
  r.add(to_line({ended_report::state::finished, 0, "out", std::nullopt}));
  const verdict v = judge(r, {os::process_change::kind::killed, 11}, "");
  EXPECT_TRUE(v.over);
  EXPECT_EQ(v.status, run_status::finished);
  EXPECT_EQ(v.code, 0);
  EXPECT_EQ(v.output, "out");
}

}  // namespace
}  // namespace weir::supervisor
