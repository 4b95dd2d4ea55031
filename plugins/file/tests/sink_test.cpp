#include "file/sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <weir/test/harness.hpp>

#include "file/framing.hpp"
#include "file/tests/folder.hpp"

namespace file {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct raw {
  weir::bytes value;
};
struct other {
  std::int64_t price;
};
WEIR_RECORD(raw, value)
WEIR_RECORD(other, price)
using harness = weir::test::harness<sink, raw, void>;

raw rec(const std::string& v) { return {{v}}; }
std::string error_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "none";
}

TEST(FileSink, GivesAFileItsNameWhenItIsComplete) {
  const folder f;
  harness h{{{"path", f / "out.jsonl"}}};
  h.push(rec("a"));
  h.push(rec("b\n"));
  h.push_all({rec("c\n"), rec("d\n")});
  EXPECT_THAT(f.names(), ElementsAre(".out.jsonl.part"));
  h.flush();
  EXPECT_EQ(f.read(".out.jsonl.part"), "a\nb\nc\nd\n") << "what was flushed is on the disk";
  h.end();
  EXPECT_THAT(f.names(), ElementsAre("out.jsonl"));
  EXPECT_EQ(f.read("out.jsonl"), "a\nb\nc\nd\n");
  EXPECT_EQ(h.figures()["rows"], 4u);
  EXPECT_EQ(h.figures()["bytes"], 8u);
}

TEST(FileSink, RollsBySizeAndByTime) {
  const folder f;
  {
    harness h{{{"path", f / "o-{subtask}-{seq}"}, {"max_bytes", 10}}};
    for (int i = 0; i < 5; ++i) h.push(rec("12345"));
    h.end();
  }
  EXPECT_THAT(f.names(), ElementsAre("o-0-000000", "o-0-000001", "o-0-000002"));
  EXPECT_EQ(f.read("o-0-000002"), "12345\n");
  harness h{{{"path", f / "t-{date}-{seq}"}, {"max_interval", 10s}}};
  h.clock(0s);
  h.push(rec("1"));
  h.clock(9s);
  h.push(rec("2"));
  h.clock(10s);
  h.flush();
  h.clock(24h);
  h.push(rec("3"));
  h.end();
  EXPECT_EQ(f.read("t-1970-01-01-000000"), "1\n2\n");
  EXPECT_EQ(f.read("t-1970-01-02-000001"), "3\n");
}

TEST(FileSink, CompressesInPartsThatCanBeReadByThemselves) {
  const folder f;
  for (const char* how : {"gzip", "zstd"}) {
    harness h{{{"path", f / how}, {"compression", how}}};
    h.push(rec("one"));
    h.flush();
    h.push(rec("two"));
    h.end();
    const handle fd(::open((f / how).c_str(), O_RDONLY));
    std::string text(100, 0);
    const auto in = open_input(fd.get(), how, detect(fd.get()));
    std::size_t size = 0;
    while (const std::size_t got = in->read(text.data() + size, text.size() - size)) size += got;
    EXPECT_EQ(text.substr(0, size), "one\ntwo\n") << how;
  }
}

TEST(FileSink, CompletesWhatAKilledRunLeftBehind) {
  const folder f;
  for (const char* how : {"none", "gzip", "zstd"}) {
    const std::string path = f / (std::string(how) + "-{seq}");
    std::string left;
    {
      harness h{{{"path", path}, {"compression", how}}};
      h.push(rec("safe"));
      h.flush();
      h.push(rec("also here, perhaps"));
    }  // destroyed as after an error: nothing is finished
    const std::string part = "." + std::string(how) + "-000000.part";
    left = f.read(part);
    f.append(part, "torn");  // the disk has a piece of what came behind
    harness h{{{"path", path}, {"compression", how}}};
    h.flush();
    EXPECT_THAT(h.take_log().at(0).text, HasSubstr(how + std::string("-000000")));
    EXPECT_EQ(f.read(std::string(how) + "-000000").substr(0, left.size()), left);
    EXPECT_THAT(f.read(std::string(how) + "-000000"), testing::Not(HasSubstr("torn")));
    h.push(rec("next"));
    h.end();
    EXPECT_NE(f.read(std::string(how) + "-000001"), "");
  }
}

TEST(FileSink, GoesOnInTheOnlyFile) {
  const folder f;
  {
    harness h{{{"path", f / "out"}}};
    h.push(rec("safe"));
    h.flush();
  }
  f.append(".out.part", "torn");
  harness h{{{"path", f / "out"}}};
  h.push(rec("next"));
  h.end();
  EXPECT_EQ(f.read("out"), "safe\nnext\n");
}

TEST(FileSink, LeavesAnExistingFileAlone) {
  const folder f;
  f.write("out", "precious");
  harness h{{{"path", f / "out"}}};
  EXPECT_THAT(error_of([&] { h.push(rec("x")); }), AllOf(HasSubstr("out is there already"), HasSubstr("{seq}")));
  EXPECT_EQ(f.read("out"), "precious");
  harness r{{{"path", f / "out"}, {"exists", "replace"}}};
  r.push(rec("x"));
  r.end();
  EXPECT_EQ(f.read("out"), "x\n");
}

TEST(FileSink, WritesRecordsAsTheyAreWithoutFraming) {
  const folder f;
  harness h{{{"path", f / "out"}, {"framing", "none"}}};
  h.push_all({rec("a"), rec("b\n"), rec("")});
  h.end();
  EXPECT_EQ(f.read("out"), "ab\n");
}

TEST(FileSink, WritesOnlySelectedRows) {
  const folder f;
  harness h{{{"path", f / "out"}}};
  h.sparse = true;
  h.push_all({rec("a\n"), rec("b\n")});
  h.end();
  EXPECT_EQ(f.read("out"), "a\nb\n");
}

TEST(FileSink, MakesNoFileWithoutRecordsAndMakesItsFolders) {
  const folder f;
  {
    harness h{{{"path", f / "new/deeper/out"}}};
    h.end();
    EXPECT_THAT(f.names(), IsEmpty());
  }
  harness h{{{"path", f / "new/deeper/out"}}};
  h.push(rec("a"));
  h.end();
  EXPECT_EQ(f.read("new/deeper/out"), "a\n");
}

TEST(FileSink, SaysWhatToDoWhenItCannotWrite) {
  const folder f;
  f.write("file", "");
  harness blocked{{{"path", f / "file/out"}}};
  EXPECT_THAT(error_of([&] { blocked.push(rec("x")); }),
              AllOf(HasSubstr("cannot write " + (f / "file")), HasSubstr("option 'path'")));
  if (::geteuid() != 0) {
    std::filesystem::permissions(f.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    harness h{{{"path", f / "out"}}};
    EXPECT_THAT(error_of([&] { h.push(rec("x")); }),
                AllOf(HasSubstr("Permission denied"), HasSubstr("the right to write")));
  }
  errno = EROFS;
  EXPECT_THAT(cannot_write("/x"), AllOf(HasSubstr("/x"), HasSubstr("mount it for writing")));
}

// A disk that is full, as far as this process can make one: /dev/full.
TEST(FileSink, SaysThatTheDiskIsFull) {
  const handle full(::open("/dev/full", O_WRONLY));
  ASSERT_TRUE(full);
  for (const compression how : {compression::none, compression::gzip, compression::zstd}) {
    const auto out = open_output(full.get(), "/disk/out", how);
    out->write("x");
    EXPECT_THAT(error_of([&] {
                  try {
                    out->finish_part();
                  } catch (const weir::external_failure& e) {
                    throw std::runtime_error(e.what());
                  }
                }),
                AllOf(HasSubstr("cannot write /disk/out: No space left on device"), HasSubstr("free some space")));
  }
}

TEST(FileSink, RefusesOptionsAndInputsThatCannotWork) {
  const auto errors = [](const weir::test::table& t) { return weir::test::bind_errors<sink, raw>(t); };
  EXPECT_THAT(errors({{"path", "x-{sec}"}}), ElementsAre(HasSubstr("'{sec}' is none of")));
  EXPECT_THAT(errors({{"path", "x"}, {"max_bytes", "1MiB"}}), ElementsAre(HasSubstr("needs {seq}")));
  EXPECT_THAT(errors({{"path", "x/"}}), ElementsAre(HasSubstr("must name a file")));
  EXPECT_THAT((weir::test::bind_errors<sink, other>({{"path", "x"}})), ElementsAre(HasSubstr("format = \"json\"")));
}

}  // namespace
}  // namespace file
