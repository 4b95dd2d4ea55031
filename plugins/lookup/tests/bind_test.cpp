#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lookup/file.hpp"
#include "orders.hpp"

namespace {

using namespace lookup_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::table;
using weir::test::value;

std::vector<std::string> errors(const table& on, const value& add = value::list({}),
                                const table& columns = {{"number", "int64"}, {"name", "string?"}},
                                std::vector<std::pair<std::string, value>> more = {}) {
  table t{{"path", "/nowhere.jsonl"}, {"columns", columns}, {"on", on}, {"add", add}};
  for (auto& [key, v] : more) t.set(key, std::move(v));
  try {
    weir::test::harness<lookup::file, order, named_order> h{t};
  } catch (const weir::test::bind_refused& refused) {
    return refused.errors;
  } catch (const weir::test::call_failed&) {  // it is bound; the file is not there
  }
  return {};
}

TEST(LookupBind, NamesTheOptionThatIsWrong) {
  EXPECT_THAT(errors({{"account", "number"}}), IsEmpty());
  EXPECT_THAT(errors({{"acount", "number"}}),
              ElementsAre(HasSubstr("on.acount: there is no column 'acount'; did you mean 'account'")));
  EXPECT_THAT(errors({{"account", "nummber"}}),
              ElementsAre(HasSubstr("on.account: the table has no column 'nummber'; did you mean 'number'")));
  EXPECT_THAT(
      errors({{"account", "name"}}),
      ElementsAre(HasSubstr("on.account: column 'account' of the input is int64, 'name' of the table is utf8")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({"nam"})),
              ElementsAre(HasSubstr("add[0]: the table has no column 'nam'")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({"name AS id"})),
              ElementsAre(HasSubstr("add[0]: there is a column 'id' already")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({}), {{"number", "int64"}, {"id", "string"}}),
              ElementsAre(HasSubstr("add: there is a column 'id' already")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({}), {{"number", "double"}}),
              ElementsAre(HasSubstr("is no key")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({}), {{"number", "integer64"}}),
              ElementsAre(HasSubstr("'integer64' is not a type")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({}), {{"number", "list<int64>"}}),
              ElementsAre(HasSubstr("columns.number: ")));
  EXPECT_THAT(errors({}), ElementsAre(HasSubstr("on: names no column")));
  EXPECT_THAT(errors({{"account", "number"}}, value::list({}), {{"number", "int64"}}, {{"delimiter", "ab"}}),
              ElementsAre(HasSubstr("delimiter: ")));
}

TEST(LookupBind, TellsAllMistakesAtOnce) {
  EXPECT_THAT(errors({{"a", "number"}, {"id", "b"}}, value::list({"c"})), testing::SizeIs(3));
}

}  // namespace
