// The README's examples give what it says, and its table names every function.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "evaluate.hpp"
#include "expression/functions.hpp"

namespace {

using namespace weir::expression;

std::string readme() {
  std::ifstream in{std::string{WEIR_SOURCE_DIR} + "/plugins/std/README.md"};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

TEST(Readme, ExamplesGiveWhatItSays) {
  std::istringstream in{readme()};
  std::string line;
  bool inside = false;
  int examples = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) inside = line == "```examples";
    const std::size_t arrow = line.rfind(" -> ");
    if (!inside || arrow == std::string::npos) continue;
    ++examples;
    EXPECT_EQ(test::value(line.substr(0, arrow)), line.substr(arrow + 4)) << line;
  }
  EXPECT_GE(examples, 20);
}

TEST(Readme, NamesEveryFunction) {
  const std::string text = readme();
  for (const std::string_view f : function_names())
    EXPECT_TRUE(text.find("`" + std::string{f} + "`") != std::string::npos ||
                text.find("`" + std::string{f} + "(") != std::string::npos)
        << f;
}

}  // namespace
