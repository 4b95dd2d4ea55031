#include "raw/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/record.hpp>
#include <weir/test/harness.hpp>

namespace raw {
namespace {

struct bytes_in {
  weir::bytes value;
};
WEIR_RECORD(bytes_in, value)
struct text_out {
  std::string line;
};
WEIR_RECORD(text_out, line)
using testing::SizeIs;

bytes_in of(std::string t) {
  bytes_in b;
  b.value.value = std::move(t);
  return b;
}

TEST(RawDecoder, GivesTextAndKeepsWhatIsNotUtf8Apart) {
  weir::test::harness<decoder, bytes_in, text_out> h{{{"column", "line"}, {"type", "string"}}};
  h.sparse = true;
  h.push_all<bytes_in>({of("a"), of("\xff"), of("z\xc3\xa4")});
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].line, "a");
  EXPECT_EQ(rows[1].line, "z\xc3\xa4");
  const auto letters = h.take_dead_letters();
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].original, "\xff");
}

TEST(RawEncoder, PassesItsColumnOnAsValue) {
  weir::test::harness<encoder, text_out, bytes_in> h{{{"column", "line"}}};
  h.push({"x"});
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].value.value, "x");
}

}  // namespace
}  // namespace raw
