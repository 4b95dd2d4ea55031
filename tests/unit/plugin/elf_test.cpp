// The ELF reader: facts of real files, and no crash on any others.
#include "plugin/elf.hpp"

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <random>

#include "plugin/gate.hpp"
#include "zoo.hpp"

namespace weir::plugin {
namespace {

using test::read_file;
using test::zoo_path;
using test::zoo_test;
using testing::HasSubstr;

class Elf : public zoo_test {
 protected:
  std::string good() { return read_file(zoo_path("good")); }
  /// The gate's whole answer to a file of that content.
  gated_file gate(std::string_view content) {
    const std::string path = directory() + "/libx.so";
    test::write_file(path, content);
    return pass_gate(env(), path);
  }
};

template <class T>
void patch(std::string& file, std::size_t at, T value) {
  ASSERT_LE(at + sizeof value, file.size());
  std::memcpy(file.data() + at, &value, sizeof value);
}

TEST_F(Elf, ReadsTheFactsOfALibrary) {
  const auto facts = elf::read(read_file(zoo_path("needs_libprotobuf")));
  ASSERT_TRUE(facts) << facts.why().text();
  EXPECT_EQ(facts->machine, elf::machine_here);
  EXPECT_EQ(facts->type, ET_DYN);
  EXPECT_THAT(facts->exports, testing::ElementsAre("weir_plugin_v1"));
  EXPECT_THAT(facts->imports, testing::Contains("stand_in_for_protobuf"));
  EXPECT_THAT(facts->needed, testing::Contains("libprotobuf.so.32"));
  EXPECT_FALSE(facts->program);
  EXPECT_FALSE(facts->executable_stack);
  EXPECT_FALSE(facts->static_tls);
  EXPECT_FALSE(facts->text_relocations);
  EXPECT_FALSE(facts->writable_code);
}

TEST_F(Elf, TellsAProgramFromALibrary) {
  const auto facts = elf::read(read_file("/proc/self/exe"));
  if (facts)
    EXPECT_TRUE(facts->program);
  else  // linked at a fixed address
    EXPECT_THAT(facts.why().what, HasSubstr("is a program"));
}

TEST_F(Elf, SaysWhatElseAFileIs) {
  EXPECT_THAT(gate("").found.why("").what, HasSubstr("is empty"));
  EXPECT_THAT(gate("#!/bin/sh\nexit 0\n").found.why("").what,
              HasSubstr("not an ELF shared library (it starts with \"#!/bin/sh"));
  EXPECT_THAT(gate("!<arch>\n").found.why("").what, HasSubstr("not an ELF shared library"));
  EXPECT_THAT(gate("\x7f"
                   "ELF")
                  .found.why("")
                  .what,
              HasSubstr("less than its header"));
  EXPECT_THAT(gate(std::string(100, '\0')).found.why("").what, HasSubstr("not an ELF shared library"));
}

TEST_F(Elf, RefusesOtherMachines) {
  std::string file = good();
  const std::uint16_t other = elf::machine_here == elf::machine_x86_64 ? elf::machine_aarch64 : elf::machine_x86_64;
  patch(file, offsetof(Elf64_Ehdr, e_machine), other);
  EXPECT_THAT(gate(file).found.why("").what,
              HasSubstr("is built for " + elf::machine_name(other) + ", this host runs on"));
  patch(file, offsetof(Elf64_Ehdr, e_machine), std::uint16_t{4711});
  EXPECT_THAT(gate(file).found.why("").what, HasSubstr("machine 4711"));

  file = good();
  file[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(gate(file).found.why("").what, HasSubstr("32-bit"));
  file = good();
  file[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(gate(file).found.why("").what, HasSubstr("big-endian"));
  file = good();
  file[EI_OSABI] = ELFOSABI_FREEBSD;
  EXPECT_THAT(gate(file).found.why("").what, HasSubstr("another operating system"));
  for (const std::uint16_t type : {ET_REL, ET_EXEC, ET_CORE, ET_NONE}) {
    file = good();
    patch(file, offsetof(Elf64_Ehdr, e_type), type);
    EXPECT_THAT(gate(file).found.why("").what, HasSubstr("-shared")) << type;
  }
  EXPECT_EQ(ran(), "");
}

TEST_F(Elf, RefusesAFileThatIsCutOffAnywhere) {
  const std::string whole = good();
  std::size_t cuts = 0;
  for (std::size_t size = 0; size < whole.size(); size += 64, ++cuts) {
    const gated_file file = gate(std::string_view(whole).substr(0, size));
    ASSERT_TRUE(file.found.refused()) << "cut off at " << size;
    ASSERT_THAT(file.found.why("").what, testing::AnyOf(HasSubstr("copy it again"), HasSubstr("build it again")))
        << size;
  }
  EXPECT_GT(cuts, 50u);
  EXPECT_TRUE(gate(std::string_view(whole).substr(0, whole.size() - 1)).found.refused());
  EXPECT_EQ(ran(), "");
}

// A lying file: every byte of the structures that say where things are, set to values that break careless readers.
// Nothing is loaded; that no read goes out of bounds shows under AddressSanitizer (the content is on the heap, its end
// is watched).
TEST_F(Elf, SurvivesEveryLieInItsTables) {
  const std::string whole = good();
  Elf64_Ehdr head;
  std::memcpy(&head, whole.data(), sizeof head);
  std::vector<std::pair<std::size_t, std::size_t>> tables{{0, sizeof head},
                                                          {head.e_phoff, head.e_phnum * sizeof(Elf64_Phdr)},
                                                          {head.e_shoff, head.e_shnum * sizeof(Elf64_Shdr)}};
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, whole.data() + head.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type == PT_DYNAMIC || segment.p_type == PT_NOTE)
      tables.emplace_back(segment.p_offset, segment.p_filesz);
    // The first segment holds the symbols, names and hash tables.
    if (segment.p_type == PT_LOAD && segment.p_offset == 0) tables.emplace_back(0, segment.p_filesz);
  }
  std::size_t refused = 0, tried = 0;
  for (const auto& [from, length] : tables) {
    for (std::size_t at = from; at + 8 <= from + length; at += 4) {
      for (const std::uint64_t value :
           {std::uint64_t{0}, UINT64_MAX, std::uint64_t{INT64_MAX}, std::uint64_t{whole.size()},
            std::uint64_t{whole.size() - 1}, std::uint64_t{1} << 32}) {
        std::string file = whole;
        std::memcpy(file.data() + at, &value, 8);
        if (!elf::read(file)) ++refused;
        ++tried;
      }
    }
  }
  EXPECT_GT(refused, tried / 20);  // many of the lies are seen; the others hit what the gate does not read
}

TEST_F(Elf, SurvivesRandomDamage) {
  const std::string whole = good();
  const std::size_t rounds = std::getenv("WEIR_LONG") ? 400'000 : 8'000;
  std::mt19937_64 random(4711);
  std::size_t refused = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string file = whole;
    for (std::size_t hits = 1 + random() % 16; hits > 0; --hits)
      file[random() % file.size()] = static_cast<char>(random());
    if (random() % 4 == 0) file.resize(random() % file.size());
    if (!elf::read(file)) ++refused;
  }
  EXPECT_GT(refused, rounds / 10);
}

}  // namespace
}  // namespace weir::plugin
