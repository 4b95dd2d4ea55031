#include "lookup/table_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lookup/keys.hpp"
#include "lookup/row_reader.hpp"

namespace lookup {
namespace {

constexpr std::size_t padding = 64;  // behind the last byte: simdjson reads whole blocks
constexpr std::size_t read_bytes = 4 << 20;

file_mark mark_from(const struct stat& s) {
  return {s.st_dev, s.st_ino, s.st_size, std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec};
}

struct open_file {
  int descriptor;
  ~open_file() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

unreadable_table cannot(const std::string& path) {
  return unreadable_table{"cannot read " + path + ": " + std::strerror(errno)};
}

/// The whole file with padding behind it.
std::string contents(const table_spec& what, const std::atomic<bool>& stop, file_mark& mark) {
  const open_file file{::open(what.path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat s {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &s) != 0) throw cannot(what.path);
  if (!S_ISREG(s.st_mode)) throw unreadable_table{what.path + " is no file"};
  if (s.st_size > what.max_bytes)
    throw broken_table{what.path + " has " + std::to_string(s.st_size) + " bytes, more than `max_size`"};
  mark = mark_from(s);
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(s.st_size) + padding);
  std::size_t size = 0;
  while (size < static_cast<std::size_t>(s.st_size)) {
    if (stop) throw unreadable_table{"stopped"};
    const auto n =
        ::read(file.descriptor, bytes.data() + size, std::min(read_bytes, static_cast<std::size_t>(s.st_size) - size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw cannot(what.path);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (::fstat(file.descriptor, &s) != 0) throw cannot(what.path);
  if (mark_from(s) != mark || size != static_cast<std::size_t>(s.st_size))
    throw unreadable_table{what.path + " changed while it was read: write a new file and rename it over the old one"};
  bytes.resize(size + padding);
  return bytes;
}

class loader {
 public:
  explicit loader(const table_spec& what)
      : what_{what}, into_{std::make_shared<file_table>(file_table{key_index{what.hash_is_key}, {}, {}, 0})} {
    for (const std::size_t c : what.added) into_->added.emplace_back(what.columns[c]);
    reader_ = what.format == file_format::json ? make_json_reader(what) : make_csv_reader(what);
    for (const std::size_t c : what.key) key_.push_back(&reader_->row()[c]);
  }

  std::shared_ptr<const file_table> run(const std::atomic<bool>& stop) {
    const std::string bytes = contents(what_, stop, into_->mark);
    std::string_view rest{bytes.data(), bytes.size() - padding};
    for (std::uint64_t number = 1; !rest.empty(); ++number) {
      if (number % 4096 == 0 && stop) throw unreadable_table{"stopped"};
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
      if (!text.empty()) line(number, text);
    }
    return into_;
  }

 private:
  void line(std::uint64_t number, std::string_view text) {
    std::string why;
    auto check = [&](bool good) {
      if (!good) throw broken_table{what_.path + ":" + std::to_string(number) + ": " + why};
    };
    if (number == 1 && reader_->is_header(text, why)) return check(why.empty());
    check(reader_->read(text, why));
    key_text_.clear();
    if (!append_key(key_text_, key_, 0)) {
      why = "a column of the key is null";
      check(false);
    }
    const auto [slot, fresh] = into_->index.insert(key_text_, hash_of(key_text_));
    if (!fresh && !what_.last_wins) {
      why = "the key is there already: make keys unique, or set duplicates = \"last\"";
      check(false);
    }
    for (std::size_t i = 0; i < what_.added.size(); ++i) {
      into_->added[i].at(slot);
      into_->added[i].copy(reader_->row()[what_.added[i]], 0);
    }
    ++into_->lines;
  }

  const table_spec& what_;
  std::shared_ptr<file_table> into_;
  std::unique_ptr<row_reader> reader_;
  std::vector<const cells*> key_;
  std::string key_text_;
};

}  // namespace

std::optional<file_mark> mark_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return std::nullopt;
  return mark_from(s);
}

std::shared_ptr<const file_table> load_table(const table_spec& what, const std::atomic<bool>& stop) {
  return loader{what}.run(stop);
}

}  // namespace lookup
