#include "file/input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/failure.hpp>

#include "file/tests/folder.hpp"

namespace file {
namespace {

using testing::HasSubstr;

std::string read_all(const std::string& path, std::size_t step, std::uint64_t from = 0) {
  const handle fd(::open(path.c_str(), O_RDONLY));
  const auto in = open_input(fd.get(), path, detect(fd.get()));
  in->seek(from);
  std::string out, block(step, 0);
  while (const std::size_t got = in->read(block.data(), block.size())) out.append(block, 0, got);
  return out;
}
std::string error_of(const std::string& path) {
  try {
    read_all(path, 1000);
  } catch (const weir::problem& e) {
    return e.what();
  }
  return "none";
}
// Text that is neither all the same nor all noise.
std::string sample(std::size_t size) {
  std::mt19937_64 random(size);
  std::string out;
  while (out.size() < size) out += "{\"n\": " + std::to_string(random() % 100'000) + "}\n";
  out.resize(size);
  return out;
}

TEST(FileInput, GivesTheSameBytesPlainAndCompressed) {
  const folder f;
  for (const std::size_t size : {0u, 1u, 1000u, 400'000u}) {
    const std::string text = sample(size);
    f.write("plain", text);
    f.write("g", gzipped(text));
    f.write("z", zstded(text));
    for (const std::size_t step : {7u, 4096u, 1'000'000u}) {
      if (step == 7 && size > 1000) continue;
      EXPECT_EQ(read_all(f / "plain", step), text);
      EXPECT_EQ(read_all(f / "g", step), text);
      EXPECT_EQ(read_all(f / "z", step), text);
    }
    for (const char* name : {"plain", "g", "z"}) EXPECT_EQ(read_all(f / name, 5000, size / 2), text.substr(size / 2));
  }
}

TEST(FileInput, ReadsFilesOfSeveralCompressedParts) {
  const folder f;
  const std::string a = sample(300'000), b = sample(10);
  f.write("g", gzipped(a) + gzipped(b) + gzipped("") + gzipped(a));
  f.write("z", zstded(a) + zstded(b) + zstded("") + zstded(a));
  EXPECT_EQ(read_all(f / "g", 4096), a + b + a);
  EXPECT_EQ(read_all(f / "z", 4096), a + b + a);
  f.write("padded", gzipped(a) + std::string(512, '\0'));
  EXPECT_EQ(read_all(f / "padded", 4096), a);
}

TEST(FileInput, SaysWhereCompressedDataIsBroken) {
  const folder f;
  const std::string text = sample(300'000), g = gzipped(text), z = zstded(text);
  f.write("g", g.substr(0, g.size() - 20));
  EXPECT_THAT(error_of(f / "g"), HasSubstr("the file is cut off"));
  f.write("z", z.substr(0, z.size() / 2));
  EXPECT_THAT(error_of(f / "z"), HasSubstr("the file is cut off"));
  for (std::string bad : {g, z}) {
    for (std::size_t i = bad.size() / 2; i < bad.size() / 2 + 50; ++i) bad[i] = static_cast<char>(~bad[i]);
    f.write("bad", bad);
    EXPECT_THAT(error_of(f / "bad"), HasSubstr("bad cannot be uncompressed, at byte "));
  }
  f.write("tail", g + "not gzip");
  EXPECT_THAT(error_of(f / "tail"), HasSubstr("incorrect header"));
}

}  // namespace
}  // namespace file
