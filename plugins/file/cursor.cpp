#include "file/cursor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "file/lines.hpp"

namespace file {
namespace {

constexpr std::size_t least_block = 4 * 1024, most_block = 1024 * 1024;
constexpr std::size_t head_bytes = 1024;

std::uint64_t hash(const char* bytes, std::size_t size) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < size; ++i) h = (h ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3ull;
  return h;
}

// Up to `size` raw bytes at the front; returns how many there are.
std::size_t read_head(int fd, char* to, std::size_t size) {
  const ssize_t got = ::pread(fd, to, size, 0);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

struct ::stat status(int fd, const std::string& name) {
  struct ::stat s {};
  if (::fstat(fd, &s) != 0) throw weir::external_failure(cannot("look at", name));
  return s;
}

}  // namespace

std::string write_position(const file_position& p) {
  return "offset=" + std::to_string(p.offset) + " line=" + std::to_string(p.line) +
         " before=" + std::to_string(p.before) + " inode=" + std::to_string(p.inode) +
         " head=" + std::to_string(p.head_size) + ":" + std::to_string(p.head_hash);
}

std::optional<file_position> read_position(std::string_view text) {
  file_position p;
  const auto take = [&](std::string_view label, std::uint64_t& value) {
    if (!text.starts_with(label)) return false;
    text.remove_prefix(label.size());
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return true;
  };
  if (take("offset=", p.offset) && take(" line=", p.line) && take(" before=", p.before) && take(" inode=", p.inode) &&
      take(" head=", p.head_size) && take(":", p.head_hash) && text.empty())
    return p;
  return std::nullopt;
}

cursor::cursor(const std::string& path, std::string name, const cursor_settings& settings)
    : name_(std::move(name)), settings_(settings), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!file_) {
    const bool missing = errno == ENOENT;
    throw weir::external_failure(cannot("open", path) + (missing
                                                             ? ": check the option 'path'"
                                                             : ": give the user that runs weir the right to read it"));
  }
  const auto s = status(file_.get(), name_);
  if (S_ISDIR(s.st_mode))
    throw weir::external_failure(path + " is a directory: name a file, or a pattern such as " + path + "/*");
  regular_ = S_ISREG(s.st_mode);
  inode_ = s.st_ino;
  device_ = s.st_dev;
  how_ = settings_.how == compression::automatic ? (regular_ ? detect(file_.get()) : compression::none) : settings_.how;
  restart();
}

void cursor::restart() {
  before_ += offset_;
  input_ = open_input(file_.get(), name_, how_);
  offset_ = line_ = 0;
  set_pending({}, 0);
  burying_ = false;
}

void cursor::go_to(const file_position& p) {
  before_ = p.before;
  if (p.offset == 0) return;
  if (!regular_)
    throw weir::external_failure(
        name_ + " is no regular file, so reading cannot go on where it was: start without the saved state");
  input_->seek(p.offset);
  offset_ = p.offset;
  line_ = p.line;
}

void cursor::go_to_end() {
  if (!regular_ || !plain()) return;
  auto end = static_cast<std::uint64_t>(status(file_.get(), name_).st_size);
  std::string tail;
  // A line that is being written when we look will be read whole.
  const std::uint64_t furthest = end > settings_.max_line ? end - settings_.max_line : 0;
  while (end > furthest) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(least_block, end - furthest));
    tail.resize(size);
    if (::pread(file_.get(), tail.data(), size, static_cast<off_t>(end - size)) != static_cast<ssize_t>(size)) break;
    if (const auto newline = tail.rfind('\n'); newline != std::string::npos) {
      end = end - size + newline + 1;
      break;
    }
    end -= size;
  }
  input_->seek(end);
  offset_ = end;
}

file_position cursor::position() const {
  file_position p{offset_, line_, before_, inode_, 0, 0};
  char head[head_bytes];
  const auto known = plain() ? static_cast<std::size_t>(std::min<std::uint64_t>(offset_, head_bytes)) : head_bytes;
  p.head_size = offset_ == 0 ? 0 : read_head(file_.get(), head, known);
  p.head_hash = hash(head, p.head_size);
  return p;
}

bool cursor::matches(const file_position& p) const {
  char head[head_bytes];
  if (p.head_size > head_bytes || read_head(file_.get(), head, p.head_size) != p.head_size) return false;
  if (plain() && regular_ && static_cast<std::uint64_t>(status(file_.get(), name_).st_size) < p.offset) return false;
  return hash(head, p.head_size) == p.head_hash;
}

bool cursor::truncated() const {
  return plain() && regular_ &&
         static_cast<std::uint64_t>(status(file_.get(), name_).st_size) < offset_ + pending().size();
}

bool cursor::replaced_at(const std::string& path) const {
  struct ::stat s {};
  return ::stat(path.c_str(), &s) == 0 && (s.st_ino != inode_ || s.st_dev != device_);
}

cursor::got cursor::read(std::uint32_t split, weir::batch_output& out, bool finish, overlong_lines& overlong) {
  for (;;) {
    if ((burying_ && !pending().empty()) || front_is_overlong()) {
      bury(overlong);
      return got::rows;
    }
    if (emit_pending(split, out)) return got::rows;
    if (front_is_overlong()) continue;
    switch (emit_block(split, out)) {
      case outcome::emitted:
        return got::rows;
      case outcome::no_line:
        continue;
      case outcome::empty:
        break;
    }
    if (!finish || pending().empty()) return got::nothing;
    emit_rest(split, out);
    return got::rows;
  }
}

void cursor::set_pending(std::string_view rest, std::size_t without_newline) {
  pending_.assign(rest);
  pending_at_ = 0;
  scanned_ = without_newline;
}

void cursor::consume_pending(std::size_t bytes) {
  pending_at_ += bytes;
  scanned_ = 0;
  if (pending_at_ == pending_.size()) set_pending({}, 0);
}

// Enough for a batch; for a line that is longer, twice what there is of it, so that long lines cost no more a byte than short ones.
std::size_t cursor::block_size() const {
  const auto batch = static_cast<std::size_t>(line_size_ * static_cast<double>(settings_.batch_rows));
  return std::min(std::max(std::clamp(batch, least_block, most_block), pending().size()),
                  std::max(most_block, settings_.max_line));
}

bool cursor::front_is_overlong() const { return scanned_ > settings_.max_line; }

std::int64_t cursor::short_enough(const std::int32_t* ends, std::int64_t lines) const {
  std::int32_t start = 0;
  for (std::int64_t i = 0; i < lines; ++i) {
    if (static_cast<std::size_t>(ends[i] - 1 - start) > settings_.max_line) return i;
    start = ends[i];
  }
  return lines;
}

void cursor::bury(overlong_lines& overlong) {
  std::string_view piece = pending().substr(0, settings_.max_line);
  const auto newline = piece.find('\n');
  const bool ends = newline != std::string_view::npos;
  if (ends) piece = piece.substr(0, newline + 1);
  overlong.piece(piece, name_ + ", line " + std::to_string(line_ + 1) + ", byte " + std::to_string(offset_) +
                            ": the line is longer than " + std::to_string(settings_.max_line) +
                            " bytes (option 'max_line'); this is " + (burying_ ? "a further" : "its first") + " piece");
  offset_ += piece.size();
  line_ += ends ? 1 : 0;
  const std::size_t size = piece.size();
  consume_pending(size);
  burying_ = !ends;
}

// Lines that were read with an earlier block.
bool cursor::emit_pending(std::uint32_t split, weir::batch_output& out) {
  const std::string_view rest = pending();
  if (scanned_ == rest.size()) return false;
  weir::batch_builder b = out.build(0, settings_.batch_rows);
  auto* const ends = b[0].values<std::int32_t>() + 1;
  const line_ends found = find_lines(rest.data(), scanned_, rest.size(), ends, settings_.batch_rows);
  const std::int64_t rows = short_enough(ends, found.count);
  if (rows == 0) {
    scanned_ = found.count > 0 ? static_cast<std::size_t>(ends[0]) - 1 : rest.size();
    return false;
  }
  const auto size = static_cast<std::size_t>(ends[rows - 1]);
  std::memcpy(b[0].text_room(static_cast<std::int64_t>(size)), rest.data(), size);
  emit(b, split, rows);
  consume_pending(size);
  return true;
}

cursor::outcome cursor::emit_block(std::uint32_t split, weir::batch_output& out) {
  const std::string_view begun = pending();
  const std::size_t size = block_size();
  weir::batch_builder b = out.build(0, settings_.batch_rows);
  char* const data = b[0].text_room(static_cast<std::int64_t>(begun.size() + size));
  const std::size_t fresh = input_->read(data + begun.size(), size);
  if (fresh == 0) return outcome::empty;
  std::memcpy(data, begun.data(), begun.size());
  const std::string_view all(data, begun.size() + fresh);
  auto* const ends = b[0].values<std::int32_t>() + 1;
  const line_ends found = find_lines(data, burying_ ? 0 : scanned_, all.size(), ends, settings_.batch_rows);
  const std::int64_t rows = burying_ ? 0 : short_enough(ends, found.count);
  if (rows == 0) {
    set_pending(all, found.count > 0 ? static_cast<std::size_t>(ends[0]) - 1 : all.size());
    return outcome::no_line;
  }
  const auto used = static_cast<std::size_t>(ends[rows - 1]);
  set_pending(all.substr(used), found.scanned == all.size() && rows == found.count ? all.size() - used : 0);
  emit(b, split, rows);
  return outcome::emitted;
}

// The last line, which has no newline.
void cursor::emit_rest(std::uint32_t split, weir::batch_output& out) {
  const std::string_view rest = pending();
  weir::batch_builder b = out.build(0, 1);
  std::memcpy(b[0].text_room(static_cast<std::int64_t>(rest.size())), rest.data(), rest.size());
  b[0].values<std::int32_t>()[1] = static_cast<std::int32_t>(rest.size());
  emit(b, split, 1);
  consume_pending(rest.size());
}

void cursor::emit(weir::batch_builder& b, std::uint32_t split, std::int64_t rows) {
  const auto* const starts = b[0].values<std::int32_t>();
  std::int64_t* const offsets = b.offsets();
  for (std::int64_t i = 0; i < rows; ++i) offsets[i] = static_cast<std::int64_t>(before_ + offset_) + starts[i];
  b[0].set_size(rows);
  if (settings_.metadata)
    for (std::int64_t i = 0; i < rows; ++i) {
      b[1].append(std::string_view(name_));
      b[2].append(static_cast<std::int64_t>(line_) + i + 1);
    }
  const auto size = static_cast<std::uint64_t>(starts[rows]);
  line_size_ = 0.75 * line_size_ + 0.25 * static_cast<double>(size) / static_cast<double>(rows);
  offset_ += size;
  line_ += static_cast<std::uint64_t>(rows);
  b.from(split);
  b.emit();
}

}  // namespace file
