// Runs a fuzz target without libFuzzer: the files of the corpus as they are, then mutations of them. Everything follows from the
// seed, so a failure is repeated by the command it prints.
//   NAME_fuzz FOLDER [SEED [RUNS]]      NAME_fuzz FILE      (replays one input)
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t size_max = 4096;

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The buffer is exactly as long as the input and on the heap, so that AddressSanitizer sees the first byte read behind it.
void run(const std::string& input) {
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

class mutator {
 public:
  mutator(std::uint64_t seed, const std::vector<std::string>& corpus) : random_(seed), corpus_(corpus) {}

  std::string next() {
    std::string text = any();
    for (std::size_t steps = 1 + below(4); steps > 0; --steps) change(text);
    if (text.size() > size_max) text.resize(size_max);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const std::string& any() { return corpus_[below(corpus_.size())]; }

  void change(std::string& text) {
    static constexpr char marks[] = {'\0', '\n', '"', '\\', '{', '}', '[',    ']',    ',',
                                     ':',  '-',  '.', '0',  '9', 'e', '\x7f', '\x80', '\xff'};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(text.size() - at + 1);
    switch (below(8)) {
      case 0:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        text.insert(at, 1, marks[below(sizeof marks)]);
        break;
      case 2:
        text.erase(at, 1 + below(8));
        break;
      case 3:
        text.erase(at, length);
        break;
      case 4:
        text.insert(at, text.substr(at, length));
        break;
      case 5:
        text.resize(at);
        break;
      case 6: {
        const std::string& other = any();
        text.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
        break;
      }
      default:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& corpus_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::fputs("usage: FOLDER [SEED [RUNS]] | FILE\n", stderr), 64;
  const std::filesystem::path from = arguments[1];
  if (std::filesystem::is_regular_file(from)) return run(read(from)), 0;
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(from)) corpus.push_back(read(entry.path()));
  if (corpus.empty()) return std::fprintf(stderr, "no file in %s\n", arguments[1]), 1;
  const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  const long runs = count > 3 ? std::strtol(arguments[3], nullptr, 10) : 50'000;
  std::printf("%zu files, %ld mutations from seed %llu: %s %s %llu %ld\n", corpus.size(), runs,
              static_cast<unsigned long long>(seed), arguments[0], arguments[1], static_cast<unsigned long long>(seed),
              runs);
  std::fflush(stdout);
  run("");
  for (const std::string& input : corpus) run(input);
  mutator mutate(seed, corpus);
  for (long i = 0; i < runs; ++i) run(mutate.next());
  return 0;
}
