#include "checkpoint/block_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/cat.hpp"
#include "base/test_env.hpp"
#include "checkpoint/crc32c.hpp"

namespace weir::checkpoint {
namespace {

using base::cat;
using testing::HasSubstr;

constexpr const char* name = "files/a.blocks";

struct written {
  base::test_env env;
  file_ref ref;
  std::vector<std::string> records;

  explicit written(compression codec, std::vector<std::string> content) : records(std::move(content)) {
    EXPECT_TRUE(env.fs().make_directories("/d/files"));
    block_file_facts facts;
    facts.id.fill('i');
    facts.cut = 7;
    facts.subtask = 3;
    facts.key_groups = {16, 32};
    auto writer = block_file_writer::create(env.fs(), "/d", name, facts, codec).take();
    for (const auto& r : records) EXPECT_TRUE(writer->append(record_kind::state_block, r));
    ref = writer->finish().take();
  }

  /// All records, or the error.
  base::result<std::vector<std::string>> read() {
    auto reader = WEIR_TRY(block_file_reader::open(env.fs(), "/d", ref, content::state));
    std::vector<std::string> out;
    record_kind kind{};
    std::string record;
    while (WEIR_TRY(reader->next(kind, record))) {
      EXPECT_EQ(kind, record_kind::state_block);
      out.push_back(record);
    }
    return out;
  }
};

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string out;
  while (out.size() < size) out.push_back(static_cast<char>(random()));
  return out;
}

std::vector<std::string> mixed() {
  return {"", "one", std::string(5000, 'x'), noise(700), cat(std::string(300, 'y'), noise(40))};
}

TEST(Crc32c, IsTheOneOfRfc3720) {
  EXPECT_EQ(crc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(crc32c(0, "1234"), "56789"), 0xe3069283u);
}

class EveryCodec : public testing::TestWithParam<compression> {};
INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec, testing::Values(compression::none, compression::lz4, compression::zstd));

TEST_P(EveryCodec, GivesBackWhatWasWritten) {
  written file(GetParam(), mixed());
  EXPECT_EQ(*file.read(), file.records);
  EXPECT_EQ(file.ref.cut, 7u);
  EXPECT_EQ(file.ref.size, file.env.fs().stat("/d/files/a.blocks")->value().size);
  EXPECT_TRUE(verify_file(file.env.fs(), "/d", file.ref));
}

TEST_P(EveryCodec, SplitsRecordsThatAreLongerThanAFrame) {
  written file(GetParam(), {noise(9 << 20), std::string(17 << 20, 'z'), "end"});
  EXPECT_TRUE(*file.read() == file.records);
  EXPECT_EQ(file.ref.blocks, 2u + 3u + 1u);
}

TEST_P(EveryCodec, NoticesEveryFlippedBitByItsChecksumsAlone) {
  written file(GetParam(), mixed());
  const std::string good = *file.env.fs().read_whole("/d/files/a.blocks");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    file.env.fs().put("/d/files/a.blocks", bad);
    const auto read = file.read();
    ASSERT_FALSE(read.ok()) << "byte " << i << " of " << good.size();
    EXPECT_THAT(read.why().text(), HasSubstr("/d/files/a.blocks"));
    EXPECT_FALSE(verify_file(file.env.fs(), "/d", file.ref).ok()) << "byte " << i;
  }
}

TEST_P(EveryCodec, NoticesEveryTruncationEvenIfTheSizeWereRight) {
  written file(GetParam(), mixed());
  const std::string good = *file.env.fs().read_whole("/d/files/a.blocks");
  for (std::size_t size = 0; size < good.size(); ++size) {
    file.env.fs().put("/d/files/a.blocks", good.substr(0, size));
    ASSERT_FALSE(file.read().ok()) << size;
    ASSERT_FALSE(verify_file(file.env.fs(), "/d", file.ref).ok()) << size;
    const std::uint64_t right = std::exchange(file.ref.size, size);
    ASSERT_FALSE(file.read().ok()) << size;
    file.ref.size = right;
  }
}

TEST(BlockFile, CompressesWhatGetsSmaller) {
  const std::string same(100'000, 'a');
  EXPECT_LT(written(compression::lz4, {same}).ref.size, 2'000u);
  EXPECT_LT(written(compression::zstd, {same}).ref.size, 2'000u);
  EXPECT_GT(written(compression::none, {same}).ref.size, 100'000u);
  EXPECT_LT(written(compression::lz4, {noise(100'000)}).ref.size, 100'200u);
}

TEST(BlockFile, NoticesAFrameThatIsMovedDroppedOrOfAnotherFile) {
  written file(compression::none, {"aaaa", "bbbb", "cccc"});
  const std::string good = *file.env.fs().read_whole("/d/files/a.blocks");
  const std::string a = good.substr(64, 36), b = good.substr(100, 36), c = good.substr(136, 36);
  const std::string head = good.substr(0, 64), foot = good.substr(172);
  ASSERT_EQ(head + a + b + c + foot, good);
  for (const std::string& body : {b + a + c, a + c, a + b, a + b + c + c, a + a + c}) {
    file.env.fs().put("/d/files/a.blocks", head + body + foot);
    const std::uint64_t right = std::exchange(file.ref.size, head.size() + body.size() + foot.size());
    EXPECT_FALSE(file.read().ok());
    file.ref.size = right;
  }
  // The same records in a file of another id.
  written other(compression::none, {"aaaa", "bbbb", "cccc"});
  block_file_facts facts;
  facts.id.fill('j');
  facts.cut = 7;
  facts.subtask = 3;
  facts.key_groups = {16, 32};
  auto writer = block_file_writer::create(other.env.fs(), "/d", "files/b.blocks", facts, compression::none).take();
  for (const char* r : {"aaaa", "bbbb", "cccc"}) EXPECT_TRUE(writer->append(record_kind::state_block, r));
  EXPECT_TRUE(writer->finish());
  const std::string theirs = *other.env.fs().read_whole("/d/files/b.blocks");
  file.env.fs().put("/d/files/a.blocks", good.substr(0, 100) + theirs.substr(100, 36) + good.substr(136));
  EXPECT_FALSE(file.read().ok());
  // A whole file in the place of another one.
  file.env.fs().put("/d/files/a.blocks", theirs);
  EXPECT_TRUE(file.read().ok());  // its facts are the same ones, so only the hash tells
  EXPECT_THAT(verify_file(file.env.fs(), "/d", file.ref).why().text(), HasSubstr("SHA-256"));
  file.ref.subtask = 4;
  EXPECT_THAT(file.read().why().text(), HasSubstr("another file"));
}

TEST(BlockFile, RefusesANewerVersionWithoutBlamingDamage) {
  written file(compression::lz4, {"a"});
  std::string bytes = *file.env.fs().read_whole("/d/files/a.blocks");
  bytes[8] = 2;
  const std::uint32_t crc = crc32c(0, std::string_view(bytes).substr(0, 60));
  bytes.replace(60, 4, reinterpret_cast<const char*>(&crc), 4);
  file.env.fs().put("/d/files/a.blocks", bytes);
  const auto read = file.read();
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.why().text(), HasSubstr("version is 2"));
  EXPECT_EQ(read.why().how, base::retry::never);
}

}  // namespace
}  // namespace weir::checkpoint
