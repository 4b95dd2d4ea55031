#include "malformed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cat.hpp"
#include "base/test_env.hpp"
#include "config/load.hpp"

namespace weir::config {
namespace {

class Malformed : public testing::TestWithParam<malformed> {};

TEST_P(Malformed, IsReportedAtItsPlaceWithTheNextStep) {
  base::test_env env;
  load_options options;
  options.environment = [](const std::string&) { return std::nullopt; };
  const loaded l = load_pipeline_text(env, "p.toml", GetParam().text, options);
  EXPECT_FALSE(l.pipeline);
  std::vector<std::string> got;
  for (const diagnostic& d : l.problems.sorted()) {
    if (d.level != severity::error) continue;
    got.push_back(d.at.line == 0 ? "0 " + d.what : base::cat(d.at.line, ':', d.at.column, ' ', d.what));
  }
  EXPECT_EQ(got, GetParam().errors) << l.problems.text();
}

std::string name_of_case(const testing::TestParamInfo<malformed>& which) { return which.param.name; }

INSTANTIATE_TEST_SUITE_P(Syntax, Malformed, testing::ValuesIn(malformed_syntax()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Graphs, Malformed, testing::ValuesIn(malformed_graphs()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Values, Malformed, testing::ValuesIn(malformed_values()), name_of_case);

}  // namespace
}  // namespace weir::config
