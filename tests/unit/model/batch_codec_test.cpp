#include "model/batch_codec.hpp"

#include <gtest/gtest.h>

#include "model/name_registry.hpp"
#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;

std::vector<std::string> counted_rows(const batch& b) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < b.row_count(); ++i) out.push_back(full_row_text(b, b.row(i)));
  return out;
}

/// Splits and sources that have names, as in a running pipeline.
batch_ref with_names(const batch_ref& from) {
  facts f = from->facts();
  if (f.split != no_split) f.split = split_names().number("trades/" + std::to_string(f.split));
  if (f.source_id) {
    auto named = buffer_pool::must_allocate(static_cast<std::size_t>(from->length()) * 4 + 4);
    for (std::int64_t i = 0; i < from->length(); ++i)
      named->as<std::uint32_t>()[i] =
          source_names().number("desk" + std::to_string(f.source_id->as<std::uint32_t>()[i] % 7));
    f.source_id = named;
  }
  return with_facts(*from, std::move(f));
}

TEST(BatchCodec, GivesBackEveryRowWithAllThatBelongsToIt) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    const batch_ref one = with_names(random_batch(r, s, pick(r, 0, 90), pick(r, 0, 1) == 1));
    const batch_ref two = with_names(random_batch(r, s, pick(r, 0, 20), false));
    std::string bytes;
    encode_batch(one, bytes);
    encode_batch(two, bytes);
    std::string_view rest = bytes;
    for (const batch_ref& wanted : {one, two}) {
      const auto made = decode_batch(rest, s);
      ASSERT_TRUE(made) << made.why().text();
      ASSERT_EQ(counted_rows(**made), counted_rows(*wanted)) << "seed " << seed << ": " << s->text();
    }
    EXPECT_TRUE(rest.empty());
  }
}

TEST(BatchCodec, RefusesBytesThatAreCutShort) {
  random r(7);
  const schema_ref s = random_schema(r);
  std::string bytes;
  encode_batch(random_batch(r, s, 20, false), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view part(bytes.data(), size);
    EXPECT_FALSE(decode_batch(part, s)) << "with " << size << " of " << bytes.size() << " bytes";
  }
}

TEST(BatchCodec, SurvivesDamage) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    std::string bytes;
    encode_batch(random_batch(r, s, pick(r, 1, 30), false), bytes);
    bytes[static_cast<std::size_t>(pick(r, 0, static_cast<std::int64_t>(bytes.size()) - 1))] ^=
        static_cast<char>(pick(r, 1, 255));
    std::string_view rest = bytes;
    (void)decode_batch(rest, s);  // a batch or an error, never a crash: the sanitizers look
  }
}

}  // namespace
}  // namespace weir::model
