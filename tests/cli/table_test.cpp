// The command line as a table (table.txt): arguments, exit code, and what stdout and stderr hold.
#include <gtest/gtest.h>

#include <sstream>

#include "pipelines.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

struct row {
  std::string name;
  words arguments;
  int code = -1;
  words out, err, not_out, not_err;
};

void PrintTo(const row& r, std::ostream* to) { *to << r.name; }

words split(const std::string& line) {
  words all;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    const bool quoted = line[at] == '\'';
    const auto end = std::min(line.find(quoted ? '\'' : ' ', at + 1), line.size());
    all.push_back(line.substr(at + quoted, end - at - quoted));
    at = end + quoted;
  }
  return all;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::vector<row> read_table() {
  std::vector<row> rows;
  std::istringstream in(read_file(WEIR_SOURCE_DIR "/tests/cli/table.txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto space = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, space), rest = space < line.size() ? line.substr(space + 1) : "";
    if (word == "==") {
      rows.emplace_back().name = rest;
      continue;
    }
    auto& r = rows.back();
    if (word == "$") {
      r.arguments = split(rest);
    } else if (word == "exit") {
      r.code = std::stoi(rest);
    } else {
      auto& to = word == "out" ? r.out : word == "err" ? r.err : word == "!out" ? r.not_out : r.not_err;
      if (word != "out" && word != "err" && word != "!out" && word != "!err") std::abort();  // a slip in the table
      to.push_back(replaced(rest, "\\n", "\n"));
    }
  }
  return rows;
}

class CommandLine : public testing::TestWithParam<row> {
 protected:
  void SetUp() override {
    files_.write("good.toml", good_pipeline);
    files_.write("bad.toml", bad_pipeline);
    files_.write("failing.toml", failing_pipeline);
    files_.write("garbage.toml", "format = = 1\n");
    files_.write("not.so", "this is no library");
    files_.write("taken/file", "");
    files_.write("env.toml", std::string(good_pipeline) + "[checkpoint]\nstorage = \"file:///${env:WEIR_NOT_SET}\"\n");
  }
  std::string filled(const std::string& text) const {
    return replaced(replaced(text, "{P}", WEIR_PROBE_DIR), "{T}", files_.path());
  }
  temporary_folder files_;
};

TEST_P(CommandLine, EndsAndSaysWhatTheTableSays) {
  auto r = GetParam();
  for (auto& a : r.arguments) a = filled(a);
  const auto got = weir(r.arguments);
  const auto shown = "stdout:\n" + got.out + "\nstderr:\n" + got.err;
  EXPECT_EQ(got.code, r.code) << shown;
  for (const auto& f : r.out)
    EXPECT_NE(got.out.find(filled(f)), std::string::npos) << "stdout lacks: " << filled(f) << "\n" << shown;
  for (const auto& f : r.err)
    EXPECT_NE(got.err.find(filled(f)), std::string::npos) << "stderr lacks: " << filled(f) << "\n" << shown;
  for (const auto& f : r.not_out)
    EXPECT_EQ(got.out.find(filled(f)), std::string::npos) << "stdout has: " << f << "\n" << shown;
  for (const auto& f : r.not_err)
    EXPECT_EQ(got.err.find(filled(f)), std::string::npos) << "stderr has: " << f << "\n" << shown;
  if (r.code != 0 && r.code != 1) {
    EXPECT_EQ(got.out, "") << "what failed has no data";
  }
  EXPECT_EQ(got.err.find('\x1b'), std::string::npos) << "no colours off a terminal";
}

TEST(CommandLineTable, IsRead) { EXPECT_GT(read_table().size(), 50u); }

INSTANTIATE_TEST_SUITE_P(Weir, CommandLine, testing::ValuesIn(read_table()),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace weir::cli
