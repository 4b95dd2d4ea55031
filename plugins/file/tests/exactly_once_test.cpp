// The sink that delivers exactly once: through crashes, restarts and rescales, and what it says when somebody touched its files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <weir/test/two_phase.hpp>

#include "file/sink.hpp"
#include "file/tests/folder.hpp"

namespace file {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::setting;
using weir::test::table;

struct raw {
  weir::bytes value;
};
WEIR_RECORD(raw, value)
using harness = weir::test::harness<sink, raw, void>;
const setting checkpoints{.checkpoint_interval = std::chrono::seconds{1}};

raw rec(const std::string& v) { return {{v}}; }

std::string uncompressed(const std::string& path) {
  const handle fd(::open(path.c_str(), O_RDONLY));
  const auto in = open_input(fd.get(), path, detect(fd.get()));
  std::string text, block(1 << 16, 0);
  while (const std::size_t got = in->read(block.data(), block.size())) text.append(block, 0, got);
  return text;
}

// What a reader of "out-*" sees: the lines of each subtask's files, by their numbers.
std::vector<std::vector<std::string>> visible(const std::filesystem::path& root) {
  std::map<std::string, std::map<std::string, std::string>> files;
  for (const auto& e : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = e.path().filename().string();
    if (!e.is_regular_file() || !name.starts_with("out-")) continue;
    files[name.substr(0, name.find('-', 4))][name] = uncompressed(e.path().string());
  }
  std::vector<std::vector<std::string>> out;
  for (const auto& [subtask, texts] : files) {
    auto& rows = out.emplace_back();
    for (const auto& [name, text] : texts)
      for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        rows.push_back(text.substr(at, end - at));
        at = end + 1;
      }
  }
  return out;
}
// Files that are there and that nobody would read.
std::string leftovers(const std::filesystem::path& root) {
  for (const auto& e : std::filesystem::recursive_directory_iterator(root))
    if (e.is_regular_file() && !e.path().filename().string().starts_with("out-"))
      return e.path().string() + " is left over";
  return {};
}

template <class Sink>
std::string play(table options, const std::string& path, int seed, bool at_cuts = true) {
  const folder f;
  weir::test::two_phase_subject s;
  options.set("path", f / path);
  s.options = options;
  s.visible = [&] { return visible(f.path()); };
  s.visible_at_cuts = at_cuts;
  s.at_end = [&] { return leftovers(f.path()); };
  return weir::test::check_two_phase<Sink>(s, {.seed = static_cast<std::uint64_t>(seed)});
}

TEST(FileSinkExactlyOnce, ConformsWithManyFiles) {
  for (int seed = 1; seed <= 12; ++seed) ASSERT_EQ(play<sink>({{"max_bytes", 100}}, "out-{subtask}-{seq}", seed), "");
}
TEST(FileSinkExactlyOnce, ConformsInFoldersThatChange) {
  for (int seed = 1; seed <= 5; ++seed)
    ASSERT_EQ(play<sink>({{"compression", "zstd"}}, "{date}/{subtask}/out-{subtask}-{seq}", seed), "");
}
TEST(FileSinkExactlyOnce, ConformsWithOneFile) {
  for (int seed = 1; seed <= 10; ++seed) ASSERT_EQ(play<sink>({}, "out-{subtask}", seed, false), "");
}
TEST(FileSinkExactlyOnce, ConformsWithOneCompressedFile) {
  for (int seed = 1; seed <= 3; ++seed)
    ASSERT_EQ(play<sink>({{"compression", "gzip"}}, "out-{subtask}", seed, false), "");
}

// Sinks with one mistake each. The play must notice: most within few seeds, all within twenty.
struct shows_before_the_cut : sink {
  using sink::sink;
  void prepare(std::uint64_t cut, std::string& to) {
    sink::prepare(cut, to);
    sink::commit(cut, to);
  }
};
struct forgets_to_commit : sink {
  using sink::sink;
  void commit(std::uint64_t, std::string_view) {}
};
struct forgets_what_was_given_up : sink {
  using sink::sink;
  void abort(std::uint64_t, std::string_view) {}
};
struct does_not_recover : sink {
  using sink::sink;
  void recover(std::uint64_t cut, std::string_view) { sink::recover(cut, {}); }
};
struct leaves_files_behind : sink {
  using sink::sink;
  void recover(std::uint64_t cut, std::string_view prepared) { sink::recover(cut + 1, prepared); }
};
struct commits_the_second_time_only : sink {
  using sink::sink;
  void commit(std::uint64_t cut, std::string_view prepared) {
    if (cut == last_) sink::commit(cut, prepared);
    last_ = cut;
  }
  std::uint64_t last_ = 0;
};
struct loses_its_last_row : sink {
  using sink::sink;
  void prepare(std::uint64_t cut, std::string& to) {
    if (cut % 3 == 0) {
      std::string lost;
      sink::prepare(cut, lost);
    }
    sink::prepare(cut, to);
  }
};

template <class Sink>
std::string finding_of() {
  std::string found;
  for (int seed = 1; seed <= 20 && found.empty(); ++seed)
    found = play<Sink>({{"max_bytes", 100}}, "out-{subtask}-{seq}", seed);
  return found;
}

TEST(FileSinkExactlyOnce, ThePlayNoticesEachMistake) {
  EXPECT_THAT(finding_of<shows_before_the_cut>(), HasSubstr("no complete cut has more"));
  EXPECT_THAT(finding_of<forgets_to_commit>(), HasSubstr("are committed"));
  EXPECT_THAT(finding_of<forgets_what_was_given_up>(),
              testing::AnyOf(HasSubstr("are committed"), HasSubstr("but not row")));
  EXPECT_NE(finding_of<does_not_recover>(), "");
  EXPECT_THAT(finding_of<leaves_files_behind>(), HasSubstr("is left over"));
  EXPECT_THAT(finding_of<commits_the_second_time_only>(), HasSubstr("are committed"));
  EXPECT_THAT(finding_of<loses_its_last_row>(), testing::AnyOf(HasSubstr("are committed"), HasSubstr("but not row")));
}

TEST(FileSinkExactlyOnce, ShowsFilesWithTheCutThatCoversThem) {
  const folder f;
  harness h{{{"path", f / "out-{seq}"}, {"max_bytes", 4}}, {}, checkpoints};
  h.push(rec("one"));
  h.push(rec("two"));
  EXPECT_THAT(visible(f.path()), IsEmpty()) << "full files wait for the cut too";
  const auto first = h.cut();
  EXPECT_THAT(visible(f.path()), IsEmpty());
  h.push(rec("three"));
  h.commit(first);
  EXPECT_THAT(visible(f.path()), ElementsAre(ElementsAre("one"), ElementsAre("two")));
  h.end();
  h.commit(h.cut());
  EXPECT_EQ(f.read("out-000002"), "three\n");
  EXPECT_EQ(leftovers(f.path()), "");
  EXPECT_EQ(h.figures(), (std::map<std::string, std::uint64_t>{{"rows", 3}, {"bytes", 14}, {"files", 3}}));
}

TEST(FileSinkExactlyOnce, AnotherVersionGoesOnBehindTheCutThatTheOldOneCommits) {
  const folder f;
  const table how{{"path", f / "out-{seq}"}, {"max_bytes", 4}};
  harness before{how, {}, checkpoints}, next{how, {}, checkpoints}, again{how, {}, checkpoints};
  before.push(rec("one"));
  before.push(rec("two"));
  const auto cut = before.cut();
  next.take_over(cut);
  next.push(rec("three"));
  EXPECT_THAT(visible(f.path()), IsEmpty()) << "it shows nothing of what it has taken over";
  before.commit(cut);
  EXPECT_THAT(visible(f.path()), ElementsAre(ElementsAre("one"), ElementsAre("two")));
  next.push(rec("four"));
  const auto second = next.cut();
  next.commit(second);
  EXPECT_THAT(f.names(), ElementsAre("out-000000", "out-000001", "out-000002", "out-000003"));
  EXPECT_EQ(f.read("out-000003"), "four\n");
  EXPECT_EQ(next.figures(), (std::map<std::string, std::uint64_t>{{"rows", 4}, {"bytes", 19}, {"files", 4}}));
  // It was wrong: what came behind the cut of the old one goes.
  next.push(rec("wrong"));
  next.cut();
  again.restore(second);
  again.push(rec("five"));
  again.end();
  again.commit(again.cut());
  EXPECT_EQ(f.read("out-000004"), "five\n");
  EXPECT_EQ(leftovers(f.path()), "");
}

TEST(FileSinkExactlyOnce, IsWhatAPipelineWithCheckpointsGetsAndNoOther) {
  const folder f;
  const auto names_after_a_roll = [&](table options, const setting& at) {
    const folder mine;
    options.set("path", mine / "out-{seq}");
    options.set("max_bytes", 1);
    harness h{options, {}, at};
    h.push(rec("one"));
    return visible(mine.path()).size();
  };
  EXPECT_EQ(names_after_a_roll({}, {}), 1u);
  EXPECT_EQ(names_after_a_roll({}, checkpoints), 0u);
  EXPECT_EQ(names_after_a_roll({{"delivery", "at-least-once"}}, checkpoints), 1u);
  EXPECT_EQ(names_after_a_roll({{"delivery", "exactly-once"}}, {}), 0u);
}

TEST(FileSinkExactlyOnce, GoesOnWithItsFiguresAndItsNumbers) {
  const folder f;
  harness h{{{"path", f / "out-{seq}"}}, {}, checkpoints};
  h.push(rec("one"));
  const auto cut = h.cut();
  h.push(rec("lost"));
  h.restore(cut);
  h.push(rec("two"));
  h.end();
  h.commit(h.cut());
  EXPECT_THAT(f.names(), ElementsAre("out-000000", "out-000001"));
  EXPECT_EQ(f.read("out-000001"), "two\n");
  EXPECT_EQ(h.figures(), (std::map<std::string, std::uint64_t>{{"rows", 2}, {"bytes", 8}, {"files", 2}}));
}

TEST(FileSinkExactlyOnce, NeverWritesOverAFileOfAnEarlierRun) {
  const folder f;
  f.write("out-000000", "precious");
  harness h{{{"path", f / "out-{seq}"}}, {}, checkpoints};
  h.recover();
  h.push(rec("one"));
  const auto cut = h.cut();
  f.write("out-000001", "somebody else's");
  EXPECT_THROW(h.commit(cut), weir::test::call_failed);
  EXPECT_EQ(f.read("out-000001"), "somebody else's");
  f.rename("out-000001", "moved");
  h.commit(cut);
  EXPECT_EQ(f.read("out-000001"), "one\n");
  EXPECT_EQ(f.read("out-000000"), "precious");
}

TEST(FileSinkExactlyOnce, LeavesTheHiddenFilesOfOthersAlone) {
  const folder f;
  const std::string other = f.write(".out-000000.0123456789abcdef-0-9-0123456789abcdef.part", "another pipeline's");
  f.write(".out-000001.part", "of a run without checkpoints");
  harness h{{{"path", f / "out-{seq}"}}, {}, checkpoints};
  h.recover();
  h.push(rec("one"));
  h.end();
  h.commit(h.cut());
  EXPECT_THAT(f.names(),
              ElementsAre(".out-000000.0123456789abcdef-0-9-0123456789abcdef.part", ".out-000001.part", "out-000000"));
}

std::string failure(const std::function<void()>& what) {
  try {
    what();
  } catch (const weir::test::call_failed& e) {
    return e.what();
  }
  return "none";
}
std::string only_part(const folder& f) {
  for (const std::string& name : f.names())
    if (name.ends_with(".part")) return name;
  return {};
}

TEST(FileSinkExactlyOnce, SaysWhichFileSomebodyTouched) {
  const folder f;
  const table options{{"path", f / "out-{seq}"}};
  harness h{options, {}, checkpoints};
  h.push(rec("one"));
  const auto cut = h.cut();
  const std::string part = only_part(f);
  f.append(part, "x");
  EXPECT_THAT(failure([&] { h.commit(cut); }), AllOf(HasSubstr(part), HasSubstr("has 5 bytes, and the cut says 4")));
  std::filesystem::remove(f.path() / part);
  EXPECT_THAT(failure([&] { h.commit(cut); }), AllOf(HasSubstr(part), HasSubstr("somebody has removed output")));
  harness later{options, {}, checkpoints};
  later.restore(cut);  // an old savepoint: whoever read the file may have taken it away
  EXPECT_THAT(f.names(), IsEmpty());
}

TEST(FileSinkExactlyOnce, SaysThatTheOnlyFileIsComplete) {
  const folder f;
  const table options{{"path", f / "out"}};
  harness h{options, {}, checkpoints};
  h.push(rec("one"));
  const auto cut = h.cut();
  h.end();
  h.commit(h.cut());
  EXPECT_EQ(f.read("out"), "one\n");
  harness later{options, {}, checkpoints};
  EXPECT_THAT(failure([&] { later.restore(cut); }), HasSubstr("without {seq} in the option 'path'"));
}

TEST(FileSinkExactlyOnce, RefusesWhatItDidNotPrepare) {
  const folder f;
  harness h{{{"path", f / "out-{seq}"}}, {}, checkpoints};
  for (const char* wrong :
       {"x", "files 1 ", "files 1 0 0 1\n", "files 1 0 0 0\nmore", "files 1 0 0 1\n0 0 3 1 99\n/a/b\n"})
    EXPECT_THAT(failure([&] { h.recover(1, wrong); }), HasSubstr("no list of files")) << wrong;
  harness other{{{"path", f / "out-{seq}"}, {"delivery", "at-least-once"}}, {}, checkpoints};
  EXPECT_THAT(failure([&] { other.recover(1, "files 1 0 0 0\n"); }), HasSubstr("'delivery' was exactly-once"));
}

}  // namespace
}  // namespace file
