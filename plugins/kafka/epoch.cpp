#include "epoch.hpp"

#include <charconv>
#include <cstring>

#include "weir/failure.hpp"

namespace kafka {
namespace {

constexpr std::uint32_t absent = UINT32_MAX;
constexpr std::string_view first_words = "epoch 1 ";

void append_number(std::string& to, std::uint32_t v) {
  char b[4];
  for (unsigned i = 0; i < 4; ++i) b[i] = static_cast<char>(v >> (8 * i));
  to.append(b, sizeof b);
}
void append_bytes(std::string& to, std::optional<std::string_view> v) {
  append_number(to, v ? static_cast<std::uint32_t>(v->size()) : absent);
  if (v) to += *v;
}
[[noreturn]] void not_ours() {
  throw weir::problem(WEIR_E_DATA,
                      "the snapshot holds no records of this sink: restore it into the pipeline that it was taken of");
}

}  // namespace

void append_record(std::string& to, const record& r) {
  append_bytes(to, r.key);
  append_bytes(to, r.value);
  append_number(to, static_cast<std::uint32_t>(r.headers.size()));
  for (const auto& [name, value] : r.headers) {
    append_bytes(to, name);
    append_bytes(to, value);
  }
}

std::uint32_t record_reader::number() {
  if (rest_.size() < 4) not_ours();
  std::uint32_t v = 0;
  for (unsigned i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
  rest_.remove_prefix(4);
  return v;
}
std::optional<std::string_view> record_reader::maybe() {
  const std::uint32_t size = number();
  if (size == absent) return std::nullopt;
  if (size > rest_.size()) not_ours();
  const auto out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}
std::string_view record_reader::bytes() {
  const auto v = maybe();
  if (!v) not_ours();
  return *v;
}
bool record_reader::next(record& to) {
  if (rest_.empty()) return false;
  to.key = maybe();
  to.value = maybe();
  to.headers.clear();
  for (std::uint32_t left = number(); left > 0; --left) {
    const auto name = bytes();
    to.headers.emplace_back(name, maybe());
  }
  return true;
}

void write_epoch(std::string& to, const epoch& e) {
  to += first_words;
  to += std::to_string(e.number) + ' ' + std::to_string(e.writer.size()) + ' ' + std::to_string(e.life.size()) + '\n';
  to += e.writer;
  to += e.life;
  to += e.records;
}

epoch read_epoch(std::string_view text) {
  if (!text.starts_with(first_words)) not_ours();
  text.remove_prefix(first_words.size());
  const auto number = [&](char behind) {
    std::uint64_t v = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), v);
    if (read.ec != std::errc{} || read.ptr == text.data() + text.size() || *read.ptr != behind) not_ours();
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    return v;
  };
  epoch e;
  e.number = number(' ');
  const auto writer = number(' '), life = number('\n');
  if (writer > text.size() || life > text.size() - writer) not_ours();
  e.writer = text.substr(0, writer);
  e.life = text.substr(writer, life);
  e.records = text.substr(writer + life);
  return e;
}

}  // namespace kafka
