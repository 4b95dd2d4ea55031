#include "file/prepared.hpp"

#include <charconv>
#include <weir/failure.hpp>

namespace file {
namespace {

constexpr std::string_view first_words = "files 1 ";

// Reads the text from front to back.
struct reader {
  std::string_view rest;

  [[noreturn]] static void fail() {
    throw weir::problem(
        WEIR_E_DATA,
        "the snapshot holds no list of files for this sink: restore it into the pipeline that it was taken of");
  }
  // A number and the one character behind it.
  std::uint64_t number(char behind) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (read.ec != std::errc{} || read.ptr == rest.data() + rest.size() || *read.ptr != behind) fail();
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()) + 1);
    return value;
  }
  std::string text(std::uint64_t size) {
    if (size > rest.size()) fail();
    std::string out(rest.substr(0, size));
    rest.remove_prefix(size);
    return out;
  }
};

}  // namespace

void write_prepared(const prepared& p, std::string& to) {
  to += first_words;
  to += std::to_string(p.subtask) + ' ' + std::to_string(p.next_sequence) + ' ' + std::to_string(p.files.size()) + '\n';
  for (const prepared_file& f : p.files) {
    for (const std::uint64_t v : {std::uint64_t{f.subtask}, std::uint64_t{f.is}, f.size, std::uint64_t{f.part.size()}})
      to += std::to_string(v) + ' ';
    to += std::to_string(f.name.size()) + '\n' + f.part + f.name + '\n';
  }
}

prepared read_prepared(std::string_view text) {
  if (!text.starts_with(first_words)) reader::fail();
  reader r{text.substr(first_words.size())};
  prepared p;
  p.subtask = static_cast<std::uint32_t>(r.number(' '));
  p.next_sequence = r.number(' ');
  for (std::uint64_t left = r.number('\n'); left > 0; --left) {
    prepared_file f;
    f.subtask = static_cast<std::uint32_t>(r.number(' '));
    const std::uint64_t is = r.number(' ');
    if (is > prepared_file::carried) reader::fail();
    f.is = static_cast<prepared_file::state>(is);
    f.size = r.number(' ');
    const std::uint64_t part = r.number(' '), name = r.number('\n');
    f.part = r.text(part);
    f.name = r.text(name);
    if (r.text(1) != "\n") reader::fail();
    p.files.push_back(std::move(f));
  }
  if (!r.rest.empty()) reader::fail();
  return p;
}

}  // namespace file
