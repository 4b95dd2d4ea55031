#include "lookup/postgres.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "orders.hpp"

// Against a real server (tests/services/postgres), whose connection string is in $WEIR_POSTGRES_DIR/address.
namespace {

using namespace std::chrono_literals;
using namespace lookup_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::table;
using weir::test::value;
using harness = weir::test::harness<lookup::postgres, order, named_order>;

std::string address() {
  const char* folder = std::getenv("WEIR_POSTGRES_DIR");
  std::ifstream in{std::string{folder ? folder : "."} + "/address"};
  std::string line;
  std::getline(in, line);
  if (line.empty()) throw std::runtime_error{"no server: run this by ctest, or set WEIR_POSTGRES_DIR"};
  return line;
}
std::string sql(const std::string& text) {
  const lookup::pg::connection_ptr c{PQconnectdb(address().c_str())};
  const lookup::pg::result_ptr r{PQexec(c.get(), text.c_str())};
  if (PQresultStatus(r.get()) != PGRES_COMMAND_OK && PQresultStatus(r.get()) != PGRES_TUPLES_OK)
    throw std::runtime_error{PQerrorMessage(c.get())};
  return PQntuples(r.get()) ? PQgetvalue(r.get(), 0, 0) : "";
}

/// A schema of a test's own.
class Postgres : public testing::Test {
 protected:
  Postgres() {
    sql("DROP SCHEMA IF EXISTS " + schema() + " CASCADE; CREATE SCHEMA " + schema() + "; CREATE TABLE " + schema() +
        ".accounts (number int4 PRIMARY KEY, name text, \"limit\" float8); INSERT INTO " + schema() +
        ".accounts VALUES (1, 'ann', 10.5), (2, 'bob', NULL), (3, NULL, 3)");
  }
  ~Postgres() override { sql("DROP SCHEMA " + schema() + " CASCADE"); }
  static std::string schema() {
    std::string out = std::string{"t_"} + testing::UnitTest::GetInstance()->current_test_info()->name();
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out.substr(0, 60);
  }
  static table options(std::vector<std::pair<std::string, value>> more = {}, const std::string& from = "accounts") {
    table t{{"connection", address()},
            {"table", schema() + "." + from},
            {"columns", table{{"number", "int64"}, {"name", "string?"}, {"limit", "double?"}}},
            {"on", table{{"account", "number"}}}};
    for (auto& [key, v] : more) t.set(key, std::move(v));
    return t;
  }
};

TEST_F(Postgres, AddsTheColumnsOfTheTable) {
  for (const bool sparse : {false, true}) {
    harness h{options()};
    h.sparse = sparse;
    h.push_all<order>({{10, 2}, {11, 1}, {12, 3}, {13, 4}, {14, std::nullopt}, {15, 1}, {16, 5'000'000'000}});
    EXPECT_THAT(h.take(),
                ElementsAre(named_order{10, 2, "bob", {}}, named_order{11, 1, "ann", 10.5}, named_order{12, 3, {}, 3.0},
                            named_order{13, 4, {}, {}}, named_order{14, std::nullopt, {}, {}},
                            named_order{15, 1, "ann", 10.5}, named_order{16, 5'000'000'000, {}, {}}));
    EXPECT_EQ(h.figures()["queries"], 1u) << "one query for the batch";
    EXPECT_EQ(h.figures()["query_rows"], 3u);
  }
}

TEST_F(Postgres, AsksOnceForWhatItKnows) {
  harness h{options({{"cache_ttl", 60s}, {"missing_ttl", 10s}})};
  h.push_all<order>({{10, 1}, {11, 9}});
  sql("UPDATE " + schema() + ".accounts SET name = 'eve' WHERE number = 1; INSERT INTO " + schema() +
      ".accounts VALUES (9, 'new', 9)");
  h.clock(9s);
  h.push_all<order>({{12, 1}, {13, 9}});
  EXPECT_EQ(h.figures()["queries"], 1u);
  h.clock(11s);
  h.push_all<order>({{14, 1}, {15, 9}});
  EXPECT_EQ(h.figures()["queries"], 2u);
  h.clock(61s);
  h.push_all<order>({{16, 1}});
  EXPECT_THAT(h.take(),
              ElementsAre(named_order{10, 1, "ann", 10.5}, named_order{11, 9, {}, {}}, named_order{12, 1, "ann", 10.5},
                          named_order{13, 9, {}, {}}, named_order{14, 1, "ann", 10.5}, named_order{15, 9, "new", 9.0},
                          named_order{16, 1, "eve", 10.5}));
  EXPECT_EQ(h.figures()["cache_hits"], 3u);
  EXPECT_EQ(h.figures()["cache_misses"], 4u);
}

TEST_F(Postgres, ManyChunksOnSeveralConnectionsKeepTheOrder) {
  sql("INSERT INTO " + schema() + ".accounts SELECT n, 'n' || n, n FROM generate_series(10, 5000) n");
  harness h{options({{"chunk", 100}, {"max_in_flight", 4}, {"cache_rows", 700}, {"missing", "drop"}})};
  std::vector<order> orders;
  std::vector<named_order> expected;
  for (int i = 0; i < 9000; ++i) {
    const std::int64_t account = 10 + i * 7919 % 8000;
    orders.push_back({i, account});
    if (account <= 5000) expected.push_back({i, account, "n" + std::to_string(account), static_cast<double>(account)});
  }
  h.batch_size = 3000;
  h.push_all<order>(orders);
  EXPECT_EQ(h.take(), expected);
  EXPECT_EQ(h.figures()["connects"], 4u);
  EXPECT_GE(h.figures()["queries"], 80u);
  EXPECT_EQ(h.figures()["cache_rows"], 700u);
}

TEST_F(Postgres, AKeyWithSeveralRowsIsADeadLetterOrItsFirstRow) {
  sql("CREATE TABLE " + schema() + ".twice (number int8, name text, \"limit\" float8); INSERT INTO " + schema() +
      ".twice VALUES (1, 'a', 1), (1, 'b', 1), (2, 'c', 2)");
  harness h{options({}, "twice")};
  h.push_all<order>({{10, 1}, {11, 2}, {12, 1}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{11, 2, "c", 2.0}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_THAT(dead[0].why, HasSubstr("several rows"));
  harness first{options({{"duplicates", "first"}}, "twice")};
  first.push_all<order>({{10, 1}, {11, 2}});
  EXPECT_EQ(first.take().size(), 2u);
}

TEST_F(Postgres, SaysAtTheStartWhatTheTableLacks) {
  auto refused = [](const table& t, weir_code code) {
    try {
      harness h{t};
    } catch (const weir::test::call_failed& failed) {
      EXPECT_EQ(failed.code, code) << failed.what();
      return std::string{failed.what()};
    }
    return std::string{"accepted"};
  };
  EXPECT_THAT(refused(options({}, "acounts"), WEIR_E_CONFIG), HasSubstr("there is no table"));
  auto t = options();
  t = table{{"connection", address()},
            {"table", schema() + ".accounts"},
            {"columns", table{{"number", "int64"}, {"nam", "string?"}}},
            {"on", table{{"account", "number"}}}};
  EXPECT_THAT(refused(t, WEIR_E_CONFIG), HasSubstr("has no column 'nam'"));
  t = options({{"timeout", 500ms}, {"attempts", 2}, {"backoff", 1ms}});
  table away;
  for (const auto& [key, v] : t.entries())
    if (key != "connection") away.set(key, v);
  away.set("connection", "host=127.0.0.1 port=1 user=weir");
  EXPECT_THAT(refused(away, WEIR_E_EXTERNAL), AllOf(HasSubstr("has not answered 2 times"), HasSubstr("refused")));
}

TEST_F(Postgres, RefusesWhatIsNoConnectionStringWithoutShowingIt) {
  const table good = options();
  table t;
  for (const auto& [key, v] : good.entries())
    if (key != "connection") t.set(key, v);
  t.set("connection", "password=hidden oops");
  try {
    harness h{t};
    FAIL() << "accepted";
  } catch (const weir::test::bind_refused& refused) {
    EXPECT_THAT(refused.what(), AllOf(HasSubstr("connection: "), testing::Not(HasSubstr("hidden"))));
  }
}

TEST_F(Postgres, AConnectionThatIsCutIsMadeAgain) {
  harness h{options({{"cache_rows", 0}, {"backoff", 1ms}})};
  h.push({10, 1});
  sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'weir'");
  h.push({11, 1});
  EXPECT_EQ(h.take().size(), 2u);
  EXPECT_THAT(h.take_dead_letters(), IsEmpty());
  EXPECT_GE(h.figures()["retries"], 1u);
  std::string log;
  for (const auto& line : h.take_log()) log += line.text + "\n";
  EXPECT_THAT(log, AllOf(HasSubstr("does not answer"), HasSubstr("is back after")));
}

TEST_F(Postgres, AQueryThatTakesTooLongIsGivenUpAndItsRowsAreDeadLetters) {
  sql("CREATE VIEW " + schema() + ".slow AS SELECT number, name, \"limit\" FROM " + schema() +
      ".accounts, (SELECT pg_sleep(60)) AS s WHERE number > 0");
  harness h{options({{"timeout", 300ms}, {"attempts", 2}, {"backoff", 1ms}}, "slow")};
  h.push_all<order>({{10, 1}, {11, std::nullopt}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{11, std::nullopt, {}, {}}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_THAT(dead[0].why, HasSubstr("has not answered 2 times"));
  EXPECT_EQ(h.figures()["failed_keys"], 1u);
  EXPECT_EQ(h.figures()["cache_rows"], 0u) << "a failure is not believed";
  harness fails{options({{"timeout", 300ms}, {"attempts", 1}, {"on_failure", "pipeline"}}, "slow")};
  try {
    fails.push({10, 1});
    FAIL() << "it went on";
  } catch (const weir::test::call_failed& failed) {
    EXPECT_EQ(failed.code, WEIR_E_EXTERNAL);
  }
}

struct by_text {
  std::int64_t id;
  std::string key;
};
struct by_text_found {
  std::int64_t id;
  std::string key;
  std::optional<std::string> label;
  bool operator==(const by_text_found&) const = default;
};
WEIR_RECORD(by_text, id, key)
WEIR_RECORD(by_text_found, id, key, label)
void PrintTo(const by_text_found& f, std::ostream* to) {
  *to << "{" << f.id << ", " << f.key << ", " << f.label.value_or("null") << "}";
}
using text_harness = weir::test::harness<lookup::postgres, by_text, by_text_found>;

TEST_F(Postgres, ValuesAndNamesAreNeverPartOfAStatement) {
  const std::string odd = "\"odd\"\"; DROP\"";
  sql("CREATE TABLE " + schema() + "." + odd + " (\"a\"\"b; --\" text, \"select\" text); INSERT INTO " + schema() +
      "." + odd +
      " VALUES ('quotes', $$x'; DROP TABLE accounts; --$$), ('slash', $$\\'{\",}$$), ('empty', ''), ('umlaut', 'ü')");
  text_harness h{{{"connection", address()},
                  {"table", schema() + ".odd\"; DROP"},
                  {"columns", table{{"select", "string"}, {"a\"b; --", "string"}}},
                  {"on", table{{"key", "select"}}},
                  {"add", value::list({"a\"b; -- AS label"})}}};
  h.push_all<by_text>({{1, "x'; DROP TABLE accounts; --"}, {2, "\\'{\",}"}, {3, ""}, {4, "ü"}, {5, "NULL"}});
  EXPECT_THAT(h.take(), ElementsAre(by_text_found{1, "x'; DROP TABLE accounts; --", "quotes"},
                                    by_text_found{2, "\\'{\",}", "slash"}, by_text_found{3, "", "empty"},
                                    by_text_found{4, "ü", "umlaut"}, by_text_found{5, "NULL", {}}));
  EXPECT_EQ(sql("SELECT count(*) FROM " + schema() + ".accounts"), "3");
}

TEST_F(Postgres, ATextIsComparedWithAUuidAndOneThatIsNoneIsADeadLetterAlone) {
  sql("CREATE TABLE " + schema() + ".ids (id uuid PRIMARY KEY, label text); INSERT INTO " + schema() +
      ".ids VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'one')");
  text_harness h{{{"connection", address()},
                  {"table", schema() + ".ids"},
                  {"columns", table{{"id", "string"}, {"label", "string?"}}},
                  {"on", table{{"key", "id"}}}}};
  const std::string one = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", other = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12";
  h.push_all<by_text>({{1, one}, {2, "no uuid"}, {3, other}, {4, "another"}, {5, one}});
  EXPECT_THAT(h.take(),
              ElementsAre(by_text_found{1, one, "one"}, by_text_found{3, other, {}}, by_text_found{5, one, "one"}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_THAT(dead[0].why, HasSubstr("invalid input syntax for type uuid"));
}

struct keys {
  std::string a;
  std::int16_t b;
  weir::date c;
  weir::time d;
  weir::decimal<10, 2> e;
  bool f;
};
struct everything {
  std::string a;
  std::int16_t b;
  weir::date c;
  weir::time d;
  weir::decimal<10, 2> e;
  bool f;
  std::int8_t small;
  std::uint32_t number;
  std::uint64_t large;
  float real;
  weir::bytes raw;
  weir::date day;
  weir::time at;
  weir::time local;
  weir::decimal<20, 4> price;
  bool yes;
  bool operator==(const everything&) const = default;
};
WEIR_RECORD(keys, a, b, c, d, e, f)
WEIR_RECORD(everything, a, b, c, d, e, f, small, number, large, real, raw, day, at, local, price, yes)

TEST_F(Postgres, ReadsAndComparesEveryType) {
  sql("CREATE TABLE " + schema() +
      ".t (a varchar(10), b int8, c date, d timestamptz, e numeric(10,2), f bool, small int4, number int8, large "
      "numeric, real float4, "
      "raw bytea, day date, at timestamptz, local timestamp, price numeric(20,4), yes bool); INSERT INTO " +
      schema() +
      ".t VALUES ('x', 7, '1969-12-31', '2026-01-02 03:04:05.000006+02', 12.50, true, -8, 4000000000, "
      "18446744073709551615, 1.5, "
      "'\\x00ff', '2026-02-03', '1999-12-31 23:59:59.5+00', '2026-01-01 00:00:00', -1.2345, false)");
  const weir::date c{std::chrono::year{1969} / 12 / 31};
  const weir::time d{weir::date{std::chrono::year{2026} / 1 / 2}.time_since_epoch() + 1h + 4min + 5s + 6us};
  table columns{{"a", "string"},    {"b", "int64"},         {"c", "date"},
                {"d", "timestamp"}, {"e", "decimal(10,2)"}, {"f", "bool"}};
  for (const auto& [name, type] : std::vector<std::pair<std::string, std::string>>{{"small", "int8"},
                                                                                   {"number", "uint32"},
                                                                                   {"large", "uint64"},
                                                                                   {"real", "float"},
                                                                                   {"raw", "binary"},
                                                                                   {"day", "date"},
                                                                                   {"at", "timestamp"},
                                                                                   {"local", "timestamp"},
                                                                                   {"price", "decimal(20,4)"},
                                                                                   {"yes", "bool"}})
    columns.set(name, type);
  weir::test::harness<lookup::postgres, keys, everything> h{
      {{"connection", address()},
       {"table", schema() + ".t"},
       {"columns", columns},
       {"missing", "drop"},
       {"on", table{{"a", "a"}, {"b", "b"}, {"c", "c"}, {"d", "d"}, {"e", "e"}, {"f", "f"}}}}};
  h.push_all<keys>({{"x", 7, c, d, {1250}, true},
                    {"x", 7, c, d + 1us, {1250}, true},
                    {"x", 7, c, d, {1251}, true},
                    {"x", 7, c, d, {1250}, false}});
  const auto rows = h.take();
  ASSERT_EQ(rows.size(), 1u);
  const auto& r = rows[0];
  EXPECT_EQ(r.small, -8);
  EXPECT_EQ(r.number, 4'000'000'000u);
  EXPECT_EQ(r.large, UINT64_MAX);
  EXPECT_EQ(r.real, 1.5f);
  EXPECT_EQ(r.raw.value, std::string("\0\xff", 2));
  EXPECT_EQ(r.day, weir::date{std::chrono::year{2026} / 2 / 3});
  EXPECT_EQ(r.at, weir::time{weir::date{std::chrono::year{2000} / 1 / 1}.time_since_epoch() - 500ms});
  EXPECT_EQ(r.local, weir::time{weir::date{std::chrono::year{2026} / 1 / 1}.time_since_epoch()});
  EXPECT_EQ(static_cast<std::int64_t>(r.price.unscaled), -12345);
  EXPECT_FALSE(r.yes);
}

TEST_F(Postgres, AValueThatTheColumnDoesNotHoldIsADeadLetter) {
  sql("CREATE TABLE " + schema() + ".wide (number int8, name text, \"limit\" float8); INSERT INTO " + schema() +
      ".wide VALUES (1, NULL, 1), (2, 'b', 2)");
  table t{{"connection", address()},
          {"table", schema() + ".wide"},
          {"columns", table{{"number", "int64"}, {"name", "string"}, {"limit", "double?"}}},
          {"on", table{{"account", "number"}}}};
  harness h{t};
  h.push_all<order>({{10, 1}, {11, 2}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{11, 2, "b", 2.0}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_THAT(dead[0].why, HasSubstr("column 'name'"));
}

TEST_F(Postgres, NeverWrites) {
  sql("CREATE FUNCTION " + schema() + ".bad() RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM " + schema() +
      ".accounts; RETURN 'x'; END $$; CREATE VIEW " + schema() + ".writes AS SELECT number, " + schema() +
      ".bad() AS name, \"limit\" FROM " + schema() + ".accounts");
  harness h{options({}, "writes")};
  EXPECT_THROW(h.push({10, 1}), weir::test::call_failed);
  EXPECT_EQ(sql("SELECT count(*) FROM " + schema() + ".accounts"), "3");
}

}  // namespace
