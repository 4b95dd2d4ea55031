#include "checkpoint/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/file_names.hpp"

namespace weir::checkpoint {
namespace {

file_ref file(std::uint64_t cut, char id) {
  file_id bytes;
  bytes.fill(id);
  file_ref f;
  f.name = block_file_path(cut, bytes);
  f.size = 1000;
  f.sha256 = std::string(64, 'a');
  f.blocks = 3;
  f.raw_bytes = 5000;
  f.cut = cut;
  f.base = true;
  f.subtask = 2;
  f.key_groups = {4, 8};
  return f;
}

manifest sample() {
  manifest m;
  m.pipeline = "desk-risk";
  m.cut = 42;
  m.kind = model::cut_kind::savepoint;
  m.taken_at_us = -5;
  m.based_on = 41;
  m.key_groups = 128;
  m.weir_version = "1.2.3";
  m.facts = {{"a", "b"}, {"", "empty"}};
  m.nodes = file(42, 'n');
  m.state = {{"count", {file(1, 'x'), file(2, 'y')}}, {"join", {file(2, 'y')}}};
  return m;
}

TEST(Manifest, GivesBackWhatWasWritten) {
  EXPECT_EQ(*decode_manifest(encode(sample())), sample());
  EXPECT_EQ(sample().files().size(), 3u);
}

TEST(Manifest, NoticesEveryFlippedBitAndTruncation) {
  const std::string good = encode(sample());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(decode_manifest(bad).ok()) << "byte " << i << " bit " << bit;
    }
    EXPECT_FALSE(decode_manifest(good.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(decode_manifest(good + "x").ok());
}

TEST(Manifest, RefusesFilesOutsideOfItsDirectory) {
  for (const char* name :
       {"/etc/passwd", "files/../../x", "files/", "", "../files/000000000042-6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e.blocks",
        "files/42-6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e.blocks"}) {
    manifest m = sample();
    m.state[0].files[0].name = name;
    EXPECT_FALSE(decode_manifest(encode(m)).ok()) << name;
  }
}

TEST(FileNames, AreReadBackOnlyAsTheyAreWritten) {
  EXPECT_EQ(manifest_name(42), "cut-000000000042.manifest");
  EXPECT_EQ(cut_of_manifest("cut-000000000042.manifest"), 42u);
  EXPECT_EQ(cut_of_manifest(manifest_name(UINT64_MAX)), UINT64_MAX);
  for (const char* name :
       {"cut-42.manifest", "cut-00000000004x.manifest", "cut-.manifest", "cut-000000000042.manifest.tmp", "LATEST"})
    EXPECT_EQ(cut_of_manifest(name), std::nullopt) << name;
}

}  // namespace
}  // namespace weir::checkpoint
