#include "file/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/test/source_harness.hpp>

#include "file/framing.hpp"
#include "file/tests/folder.hpp"

namespace file {
namespace {

using harness = weir::test::source_harness<source>;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct raw {
  weir::bytes value;
};
struct known {
  weir::bytes value;
  std::string file;
  std::int64_t line;
};
WEIR_RECORD(raw, value)
WEIR_RECORD(known, value, file, line)

std::vector<std::string> values(harness& h) {
  std::vector<std::string> out;
  for (const auto& r : h.take<raw>()) out.push_back(r.value.value);
  return out;
}
std::vector<std::string> lines_of(const weir::test::table& config) {
  harness h{config};
  h.open_all();
  EXPECT_TRUE(h.poll_to_end());
  return values(h);
}
std::string error_of(const weir::test::table& config) {
  try {
    lines_of(config);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "none";
}

TEST(FileSource, EmitsALineARecordWithItsNewlineAndOffset) {
  const folder f;
  harness h{{{"path", f.write("a", "one\n\ntwo two\nlast")}}};
  EXPECT_THAT(h.open_all(), ElementsAre(f / "a"));
  ASSERT_TRUE(h.poll_to_end());
  std::vector<std::pair<std::string, std::int64_t>> got;
  for (const auto& r : h.take_rows<raw>()) got.emplace_back(r.value.value.value, r.offset);
  EXPECT_THAT(got,
              ElementsAre(std::pair{"one\n", 0}, std::pair{"\n", 4}, std::pair{"two two\n", 5}, std::pair{"last", 13}));
  EXPECT_TRUE(h.split(0).ended);
  EXPECT_TRUE(has_newline_framing(h.columns().fields[0].metadata));
  EXPECT_FALSE(has_newline_framing(""));
}

TEST(FileSource, NamesFileAndLineWhenAsked) {
  const folder f;
  harness h{{{"path", f.write("a", "x\ny\n")}, {"metadata", true}}};
  h.open_all();
  ASSERT_TRUE(h.poll_to_end());
  const auto rows = h.take<known>();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].value.value, "y\n");
  EXPECT_EQ(rows[1].file, f / "a");
  EXPECT_EQ(rows[1].line, 2);
}

TEST(FileSource, ReadsAllFilesOfAPatternAndCompressedOnes) {
  const folder f;
  f.write("a.log", "1\n2\n");
  f.write("b.log", gzipped("3\n4\n"));
  f.write("c.log", zstded("5\n6"));
  f.write("d.txt", "no\n");
  f.write("e.log", "");
  auto lines = lines_of({{"path", f / "*.log"}});
  std::sort(lines.begin(), lines.end());
  EXPECT_THAT(lines, ElementsAre("1\n", "2\n", "3\n", "4\n", "5\n", "6"));
}

TEST(FileSource, ReadsManyFilesAFewAtATime) {
  const folder f;
  for (int i = 0; i < 100; ++i) f.write("f" + std::to_string(i), std::to_string(i) + "\nx\n");
  EXPECT_EQ(lines_of({{"path", f / "f*"}}).size(), 200u);
}

// Lines of very different sizes: every block boundary falls everywhere.
std::string mixed(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < size) {
    const std::size_t longest = std::size_t{1} << (random() % 14);
    for (auto lines = random() % 200; lines > 0; --lines)
      text += std::string(random() % longest, static_cast<char>('a' + lines % 26)) + "\n";
  }
  return text + "end";
}
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

TEST(FileSource, LosesNoLineAtTheEdgesOfItsBlocks) {
  const folder f;
  const std::string text = mixed(1, 3'000'000);
  f.write("plain", text);
  f.write("zip", gzipped(text));
  const auto want = split(text);
  for (const char* name : {"plain", "zip"})
    for (const std::uint32_t rows : {1u, 10u, 1024u}) {
      if (rows == 1 && name[0] == 'z') continue;
      harness h{{{"path", f / name}}};
      h.under().task().batch_rows = rows;
      h.open_all();
      ASSERT_TRUE(h.poll_to_end());
      EXPECT_EQ(values(h), want) << name << " " << rows;
    }
}

TEST(FileSource, GivesTheSameLinesWhereverItIsCutAndRestored) {
  const folder f;
  const std::string text = mixed(2, 200'000);
  const auto want = split(text);
  f.write("plain", text);
  f.write("zstd", zstded(text));
  f.write("gzip", gzipped(text.substr(0, 100'000)) + gzipped(text.substr(100'000)));  // two members
  for (const char* name : {"plain", "zstd", "gzip"})
    for (int cut = 0; cut < 60; cut += 3) {
      const weir::test::table config{{"path", f / name}};
      harness first{config};
      first.open(0, f / name);
      for (int i = 0; i < cut; ++i) first.poll();
      auto got = values(first);
      harness second{config};
      second.open(0, f / name, first.position(0));
      ASSERT_TRUE(second.poll_to_end());
      const auto rest = values(second);
      got.insert(got.end(), rest.begin(), rest.end());
      ASSERT_EQ(got, want) << name << ", cut " << cut;
    }
}

TEST(FileSource, GivesEveryLineOfAPatternOnceWhenFilesAppearBetweenTheCutAndTheRestart) {
  const folder f;
  std::vector<std::string> want;
  const auto add = [&](int file) {
    std::string text;
    for (int i = 0; i < 3000; ++i) {
      want.push_back(std::to_string(file) + "-" + std::to_string(i) + "\n");
      text += want.back();
    }
    f.write("log." + std::to_string(file), file % 2 ? gzipped(text) : text);
  };
  for (int i = 0; i < 3; ++i) add(i);
  for (int cut = 0; cut < 10; ++cut) {
    const weir::test::table config{{"path", f / "log.*"}};
    harness first{config};
    first.under().task().batch_rows = 512;
    const auto ids = first.open_all();
    for (int i = 0; i < cut; ++i) first.poll();
    auto got = values(first);
    add(3 + cut);  // a file that is rolled meanwhile: a new split, without a position
    harness second{config};
    std::uint32_t number = 0;
    for (const auto& id : second.discover()) {
      const auto known = std::find(ids.begin(), ids.end(), id);
      second.open(number++, id,
                  known == ids.end() ? "" : first.position(static_cast<std::uint32_t>(known - ids.begin())));
    }
    ASSERT_TRUE(second.poll_to_end());
    const auto rest = values(second);
    got.insert(got.end(), rest.begin(), rest.end());
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    ASSERT_EQ(got, want) << "cut " << cut;
  }
}

TEST(FileSource, HandsOverlongLinesToTheDeadLettersInPieces) {
  const folder f;
  const std::string big(100'000, 'B'), more(70, 'm');
  for (const auto& text : {"ok\n" + big + "\nfine\n" + more + "\nend\n", big + "\nok\nfine\nend\n" + more,
                           "ok\nfine\n" + more + more + "\nend\n" + big}) {
    f.write("a", text);
    harness h{{{"path", f / "a"}, {"max_line", 64}}};
    h.open_all();
    ASSERT_TRUE(h.poll_to_end());
    EXPECT_THAT(values(h), ElementsAre("ok\n", "fine\n", "end\n"));
    std::string buried;
    for (const auto& d : h.take_dead_letters()) {
      EXPECT_LE(d.original.size(), 64u);
      EXPECT_THAT(d.why, AllOf(HasSubstr(f / "a"), HasSubstr("longer than 64 bytes"), HasSubstr("max_line")));
      buried += d.original;
    }
    std::string want;
    for (const auto& line : split(text))
      if (line.size() > 65) want += line;
    EXPECT_EQ(buried, want);
  }
}

TEST(FileSource, TakesALineThatIsJustAsLongAsItMayBe) {
  const folder f;
  f.write("a", std::string(64, 'x') + "\n" + std::string(64, 'y'));
  EXPECT_EQ(lines_of({{"path", f / "a"}, {"max_line", 64}}).size(), 2u);
}

TEST(FileSource, SaysWhichFileIsNotThereOrNotReadable) {
  const folder f;
  EXPECT_THAT(error_of({{"path", f / "none"}}),
              AllOf(HasSubstr("cannot open " + (f / "none")), HasSubstr("check the option 'path'")));
  EXPECT_THAT(error_of({{"path", f / "*.none"}}), HasSubstr("no file matches"));
  EXPECT_THAT(error_of({{"path", f.path().string()}}), HasSubstr("is a directory"));
  EXPECT_THAT(error_of({{"path", f / "x"}, {"follow", true}, {"compression", "gzip"}}),
              HasSubstr("follow: needs plain files"));
  EXPECT_THAT(error_of({{"path", f / "x"}, {"from", "end"}}), HasSubstr("from: \"end\" needs follow"));
  EXPECT_THAT(error_of({{"path", f / "x"}, {"max_line", 1}}), HasSubstr("max_line"));
}

TEST(FileSource, RefusesToGoOnInAFileThatIsAnotherOne) {
  const folder f;
  f.write("a", "one\ntwo\n");
  harness first{{{"path", f / "a"}}};
  first.open_all();
  first.poll_to_end();
  const auto end = first.position(0);
  f.write("a", "ONE\ntwo\nthree\n");
  harness second{{{"path", f / "a"}}};
  second.open(0, f / "a", end);
  EXPECT_THROW(second.poll(), weir::test::call_failed);
  f.write("a", "one\ntwo\nthree\n");
  harness third{{{"path", f / "a"}}};
  third.open(0, f / "a", end);
  ASSERT_TRUE(third.poll_to_end());
  EXPECT_THAT(values(third), ElementsAre("three\n"));
}

}  // namespace
}  // namespace file
