#include "model/type.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_batch.hpp"

namespace weir::model {
namespace {

using testing::HasSubstr;

std::string reprint(std::string_view text) {
  const auto t = parse_type(text);
  return t ? t->type.text() + (t->nullable ? "?" : "") : t.why().text();
}

TEST(TypeText, ReadsWhatPipelinesWrite) {
  EXPECT_EQ(reprint("string"), "utf8");
  EXPECT_EQ(reprint("String?"), "utf8?");
  EXPECT_EQ(reprint("int"), "int32");
  EXPECT_EQ(reprint("BIGINT"), "int64");
  EXPECT_EQ(reprint("double"), "float64");
  EXPECT_EQ(reprint("boolean"), "bool");
  EXPECT_EQ(reprint("bytes"), "binary");
  EXPECT_EQ(reprint("binary(16)"), "fixed_binary(16)");
  EXPECT_EQ(reprint("timestamp?"), "timestamp?");
  EXPECT_EQ(reprint("timestamp(us, UTC)"), "timestamp");
  EXPECT_EQ(reprint("date"), "date");
  EXPECT_EQ(reprint("decimal(18,2)"), "decimal128(18,2)");
  EXPECT_EQ(reprint("decimal( 18 , 2 ) ?"), "decimal128(18,2)?");
  EXPECT_EQ(reprint("decimal(9)"), "decimal128(9,0)");
  EXPECT_EQ(reprint("list<string>"), "list<utf8>");
  EXPECT_EQ(reprint("array<int?>?"), "list<int32?>?");
  EXPECT_EQ(reprint("struct<name:string,age:int32?>"), "struct<name: utf8, age: int32?>");
  EXPECT_EQ(reprint("row<\"a b\": list<struct<x: double>>>"), "struct<\"a b\": list<struct<x: float64>>>");
}

TEST(TypeText, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(reprint("strin"), HasSubstr("did you mean \"string\"?"));
  EXPECT_THAT(reprint(""), HasSubstr("a type is missing"));
  EXPECT_THAT(reprint("list<"), HasSubstr("a type is missing"));
  EXPECT_THAT(reprint("list<int32"), HasSubstr("a '>' is missing (at character 11"));
  EXPECT_THAT(reprint("int32 int32"), HasSubstr("at character 7"));
  EXPECT_THAT(reprint("decimal"), HasSubstr("a '(' is missing"));
  EXPECT_THAT(reprint("decimal(39,0)"), HasSubstr("precision of 1 to 38"));
  EXPECT_THAT(reprint("decimal(5,6)"), HasSubstr("scale of 0 to the precision"));
  EXPECT_THAT(reprint("fixed(0)"), HasSubstr("1 to 1048576"));
  EXPECT_THAT(reprint("timestamp(ms)"), HasSubstr("microseconds"));
  EXPECT_THAT(reprint("struct<a: int32, a: int32>"), HasSubstr("\"a\" is there twice"));
  EXPECT_THAT(parse_field("amount", "decimall(2,1)").why().text(), HasSubstr("column \"amount\""));
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "list<";
  EXPECT_THAT(reprint(deep), HasSubstr("nested deeper"));
}

TEST(SchemaText, ReadsBackWhatItPrints) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    test::random r(seed);
    const schema_ref s = test::random_schema(r);
    const auto back = parse_schema(s->text());
    ASSERT_TRUE(back) << back.why().text();
    ASSERT_EQ(**back, *s) << s->text();
  }
}

TEST(SchemaText, QuotesNamesThatAreNotPlain) {
  const schema_ref s =
      schema::of({{.name = "a \"b\" \\ c: d?", .type = type_id::int8}, {.name = "9x", .type = type_id::utf8}});
  EXPECT_EQ(s->text(), R"("a \"b\" \\ c: d?": int8, "9x": utf8)");
  EXPECT_EQ(**parse_schema(s->text()), *s);
}

TEST(Schema, FindsColumnsByName) {
  const schema_ref s = parse_schema("a: int8, b: utf8?").take();
  EXPECT_EQ(s->find("b"), 1);
  EXPECT_EQ(s->find("B"), -1);
  EXPECT_EQ((*s)[1].text(), "b: utf8?");
}

TEST(Schema, NamesTheFirstDifference) {
  const schema_ref a = parse_schema("a: int8, b: utf8?").take();
  EXPECT_EQ(schema_difference(*a, *a), "");
  EXPECT_EQ(schema_difference(*parse_schema("a: int8, b: utf8").take(), *a),
            "column 1 is \"b: utf8\" but \"b: utf8?\" is declared");
  EXPECT_EQ(schema_difference(*parse_schema("a: int8").take(), *a), "column 1, \"b: utf8?\", is missing");
}

TEST(ArrowSchema, GivesBackTheSchemaThatWentOut) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    test::random r(seed);
    const schema_ref s = test::random_schema(r);
    ArrowSchema out;
    export_schema(*s, &out);
    const auto back = import_schema(&out);
    ASSERT_TRUE(back) << back.why().text();
    ASSERT_EQ(**back, *s);
    out.release(&out);
    ASSERT_EQ(out.release, nullptr);
  }
}

TEST(ArrowSchema, KeepsMetadataOfFields) {
  field f{
      .name = "a", .type = type_id::int8, .nullable = true, .metadata = {{"unit", "EUR"}, {"", std::string("\0x", 2)}}};
  ArrowSchema out;
  export_field(f, &out);
  EXPECT_STREQ(out.format, "c");
  EXPECT_EQ(out.flags, ARROW_FLAG_NULLABLE);
  const auto back = import_field(&out);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->metadata, f.metadata);
  out.release(&out);
}

TEST(ArrowSchema, LeavesAChildThatSomebodyMovedOut) {
  ArrowSchema out;
  export_schema(*parse_schema("a: int8, b: struct<c: utf8>").take(), &out);
  ArrowSchema moved = *out.children[1];
  out.children[1]->release = nullptr;
  out.release(&out);
  EXPECT_STREQ(moved.children[0]->name, "c");
  moved.release(&moved);
}

TEST(ArrowSchema, RefusesTypesByNameOfTheColumn) {
  auto why = [](const char* format) {
    ArrowSchema out;
    export_schema(*parse_schema("a: int8, b: struct<c: utf8>").take(), &out);
    const char* const kept = out.children[1]->children[0]->format;
    out.children[1]->children[0]->format = format;
    const auto back = import_schema(&out);
    out.children[1]->children[0]->format = kept;
    out.release(&out);
    return back ? std::string("no error") : back.why().text();
  };
  EXPECT_EQ(why("u"), "no error");
  EXPECT_THAT(why("U"), HasSubstr("column b.c: the Arrow format \"U\" is large_utf8; give utf8"));
  EXPECT_THAT(why("tsn:UTC"), HasSubstr("give \"tsu:UTC\""));
  EXPECT_THAT(why("tsu:"), HasSubstr("give \"tsu:UTC\""));
  EXPECT_THAT(why("d:40,2"), HasSubstr("precision of 1 to 38"));
  EXPECT_THAT(why("d:10,2,256"), HasSubstr("decimal128"));
  EXPECT_THAT(why("w:-1"), HasSubstr("fixed_binary(-1)"));
  EXPECT_THAT(why("+l"), HasSubstr("a list must have one child"));
  EXPECT_THAT(why(nullptr), HasSubstr("null or was released"));
  EXPECT_THAT(why("?"), HasSubstr("does not know"));
  EXPECT_FALSE(import_schema(nullptr));
}

}  // namespace
}  // namespace weir::model
