#include "config/json_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace weir::config {
namespace {

using nlohmann::json;
using testing::Contains;

json schema(std::vector<component_schema> components = {}) { return json::parse(json_schema(components)); }

TEST(JsonSchema, DescribesTheKeysOfAPipelineFile) {
  const json s = schema();
  EXPECT_EQ(s["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(s["type"], "object");
  EXPECT_EQ(s["additionalProperties"], false);
  EXPECT_EQ(s["required"], json::parse(R"(["format", "name"])"));
  EXPECT_EQ(s["properties"]["format"]["const"], 1);
  EXPECT_EQ(s["properties"]["checkpoint"]["properties"]["interval"]["default"], "10s");
  EXPECT_EQ(s["properties"]["checkpoint"]["properties"]["retained"]["default"], 3);
  EXPECT_EQ(s["properties"]["restart"]["properties"]["jitter"]["default"], 0.1);
  const json& node = s["properties"]["operator"]["items"];
  EXPECT_EQ(node["required"], json::parse(R"(["id", "uses"])"));
  EXPECT_EQ(node["properties"]["on_error"]["anyOf"][0]["enum"], json::parse(R"(["fail", "skip", "dead_letter"])"));
  EXPECT_EQ(node["properties"]["from"]["allOf"][0]["$ref"], "#/definitions/from");
  EXPECT_TRUE(s["definitions"].contains("from") && s["definitions"].contains("exchange"));
  EXPECT_FALSE(node["properties"].contains("watermark"));
  EXPECT_TRUE(s["properties"]["source"]["items"]["properties"].contains("watermark"));
}

TEST(JsonSchema, MergesTheOptionsOfComponents) {
  const json s = schema({{.uses = "kafka.source",
                          .kind = component_kind::source,
                          .summary = "Reads topics.",
                          .options = {{.name = "topic", .type = option_type::string, .doc = "Topic.", .required = true},
                                      {.name = "wait", .type = option_type::duration, .fallback = "1s"}}},
                         {.uses = "json",
                          .kind = component_kind::decoder,
                          .options = {{.name = "strict", .type = option_type::boolean}}}});
  const json& source = s["properties"]["source"]["items"];
  EXPECT_EQ(source["properties"]["uses"]["examples"], json::parse(R"(["kafka.source"])"));
  const json& rule = source["allOf"][0];
  EXPECT_EQ(rule["if"]["properties"]["uses"]["const"], "kafka.source");
  EXPECT_EQ(rule["then"]["required"], json::parse(R"(["config"])"));
  const json& config = rule["then"]["properties"]["config"];
  EXPECT_EQ(config["additionalProperties"], false);
  EXPECT_EQ(config["properties"]["topic"]["description"], "Topic.");
  EXPECT_EQ(config["properties"]["wait"]["default"], "1s");
  EXPECT_EQ(config["required"], json::parse(R"(["topic"])"));
  const json& format = source["properties"]["format"]["anyOf"];
  EXPECT_THAT(format[0]["examples"], Contains("json"));
  EXPECT_EQ(format[1]["allOf"][0]["then"]["properties"]["strict"]["anyOf"][0]["type"], "boolean");
  EXPECT_FALSE(s["properties"]["sink"]["items"].contains("allOf"));
}

}  // namespace
}  // namespace weir::config
