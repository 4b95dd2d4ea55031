#include "file/source.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "file/framing.hpp"

namespace file {
namespace {

constexpr std::size_t open_files = 8;  // read in turn; the others wait until one is at its end
constexpr weir::duration look_again = std::chrono::milliseconds(200);
// A writer may still hold the renamed file for a moment and write into it.
constexpr weir::duration linger = std::chrono::seconds(1);
constexpr std::int64_t least_max_line = 16, most_max_line = 512 << 20;

struct ::stat status(const std::string& path) {
  struct ::stat s {};
  if (::stat(path.c_str(), &s) != 0) s.st_ino = 0;
  return s;
}

// When the file was made, in microseconds; 0: the file system does not tell.
std::int64_t born_us(const std::string& path) {
  struct ::statx s {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &s) != 0 || (s.stx_mask & STATX_BTIME) == 0) return 0;
  return static_cast<std::int64_t>(s.stx_btime.tv_sec) * 1'000'000 + s.stx_btime.tv_nsec / 1000;
}

std::vector<std::string> matching(const std::string& pattern) {
  std::vector<std::string> out;
  ::glob_t found{};
  const int code = ::glob(pattern.c_str(), GLOB_MARK, nullptr, &found);
  if (code == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
      if (std::string_view path = found.gl_pathv[i]; !path.ends_with('/')) out.emplace_back(path);
  ::globfree(&found);
  if (code != 0 && code != GLOB_NOMATCH)
    throw weir::external_failure("cannot read the folders of the pattern " + pattern);
  return out;
}

}  // namespace

source::source(const weir::config& c)
    : path_(c.get<std::string>("path")),
      follow_(c.get<bool>("follow")),
      from_end_(c.choice<bool>("from", {{"begin", false}, {"end", true}})),
      pattern_(path_.find_first_of("*?[") != std::string::npos),
      rescan_(c.get<weir::duration>("rescan")) {
  settings_.how = c.choice<compression>("compression", {{"auto", compression::automatic},
                                                        {"none", compression::none},
                                                        {"gzip", compression::gzip},
                                                        {"zstd", compression::zstd}});
  settings_.metadata = c.get<bool>("metadata");
  const auto max_line = c.get<std::int64_t>("max_line");
  if (max_line < least_max_line || max_line > most_max_line) throw c.error("max_line", "must be between 16 and 512MiB");
  settings_.max_line = static_cast<std::size_t>(max_line);
  if (path_.empty()) throw c.error("path", "is empty: name a file or a pattern");
  if (follow_ && settings_.how != compression::automatic && settings_.how != compression::none)
    throw c.error("follow", "needs plain files: a compressed file cannot be read while it grows");
  if (from_end_ && !follow_)
    throw c.error("from", "\"end\" needs follow = true: without it there is nothing behind the end");
}

void source::bind(weir::binder& b) {
  weir::schema s;
  s.fields.push_back({.name = "value", .kind = weir::type::binary, .nullable = false, .metadata = newline_framing()});
  if (settings_.metadata) {
    s.fields.push_back({.name = "file", .kind = weir::type::utf8, .nullable = false});
    s.fields.push_back({.name = "line", .kind = weir::type::int64, .nullable = false});
  }
  b.output("", std::move(s));
}

void source::discover(weir::split_list& splits) {
  if (!pattern_) return splits.add(path_);
  auto paths = matching(path_);
  for (const auto& path : paths) {
    // A file that was renamed since is read as the file it was.
    const auto [known, fresh] = known_.try_emplace(status(path).st_ino, path);
    if (fresh || known->second == path || !follow_) splits.add(path);
  }
  if (follow_) return splits.ask_again(rescan_);
  // Without a file there is nobody to say so: open_split does.
  if (paths.empty()) splits.add(path_);
}

void source::open_split(std::uint32_t split, std::string_view id, std::string_view position) {
  if (started_ == weir::no_time) started_ = now();
  settings_.batch_rows = std::clamp<std::int64_t>(where().batch_rows, 1, 65'536);
  part p;
  p.split = split;
  p.path = id;
  if (pattern_ && id == path_)
    throw weir::external_failure("no file matches " + path_ +
                                 ": check the option 'path', or say follow = true to wait for one");
  if (!position.empty()) {
    p.start = read_position(position);
    if (!p.start)
      throw weir::external_failure("the saved position '" + std::string(position) + "' of " + p.path +
                                   " cannot be read");
  }
  if (!follow_ && !p.start) cursor(p.path, p.path, settings_);  // a file that cannot be read is known at once
  parts_.push_back(std::move(p));
}

void source::close_split(std::uint32_t split) {
  std::erase_if(parts_, [&](const part& p) { return p.split == split; });
}

void source::position(std::uint32_t split, std::string& to) {
  for (const part& p : parts_) {
    if (p.split != split) continue;
    if (p.file)
      to += write_position(p.file->position());
    else if (p.start)
      to += write_position(*p.start);
  }
}

weir::polled source::poll(weir::duration, weir::batch_output& out) {
  for (;;) {
    std::vector<part*> active;
    for (part& p : parts_)
      if (!p.done && (follow_ || active.size() < open_files)) active.push_back(&p);
    if (active.empty()) return follow_ || parts_.empty() ? weir::polled::idle : weir::polled::end;
    bool ended = false;
    for (std::size_t i = 0; i < active.size(); ++i) {
      part& p = *active[(turn_ + i) % active.size()];
      if (read(p, out)) {
        turn_ = (turn_ + i + 1) % active.size();
        return weir::polled::emitted;
      }
      ended = ended || p.done;
    }
    if (!ended) return weir::polled::idle;  // else others have their turn now
  }
}

bool source::read(part& p, weir::batch_output& out) {
  if (!p.file && !open_file(p)) {
    split_idle(p.split);
    return false;
  }
  if (p.file->read(p.split, out, !follow_ || !p.file->plain(), *this) == cursor::got::rows) return true;
  if (!follow_ || !p.file->plain()) {
    finish(p);
    return false;
  }
  if (look(p, out)) return true;
  split_idle(p.split);
  return false;
}

bool source::open_file(part& p) {
  if (follow_) {
    if (p.looked_at != weir::no_time && now() - p.looked_at < look_again) return false;
    p.looked_at = now();
    if (p.start && p.start->offset > 0) {
      const auto here = status(p.path);
      if (here.st_ino == 0 || here.st_ino != p.start->inode) {
        if (auto renamed = find_renamed(p)) {
          p.file = std::move(renamed);
          p.start.reset();
          return true;
        }
      }
    }
    if (status(p.path).st_ino == 0) return false;
  }
  auto file = std::make_unique<cursor>(p.path, p.path, settings_);
  if (p.start && p.start->offset > 0) {
    if (file->matches(*p.start)) {
      file->go_to(*p.start);
    } else if (follow_) {
      file->begin_at(p.start->before + p.start->offset);
      log(weir::log_level::warn, p.path + " is not the file that was read up to byte " +
                                     std::to_string(p.start->offset) +
                                     ", and that one is no longer beside it: reading the new one from its begin");
    } else {
      throw weir::external_failure(
          p.path + " is not the file that was read before (its begin differs, or it is shorter than " +
          std::to_string(p.start->offset) + " bytes): put the old one back, or start without the saved state");
    }
  } else if (from_end_ && !p.start && born_us(p.path) <= started_.time_since_epoch().count()) {
    file->go_to_end();
  }
  p.start.reset();
  p.file = std::move(file);
  return true;
}

std::unique_ptr<cursor> source::find_renamed(const part& p) const {
  std::error_code ignored;
  const auto folder = std::filesystem::path(p.path).parent_path();
  for (std::filesystem::directory_iterator it(folder.empty() ? "." : folder, ignored), end; it != end;
       it.increment(ignored)) {
    const std::string other = it->path().string();
    if (status(other).st_ino != p.start->inode) continue;
    auto file = std::make_unique<cursor>(other, p.path, settings_);
    if (!file->plain() || !file->matches(*p.start)) continue;
    file->go_to(*p.start);
    return file;
  }
  return nullptr;
}

bool source::look(part& p, weir::batch_output& out) {
  const weir::time at = now();
  if (p.looked_at != weir::no_time && at - p.looked_at < look_again) return false;
  p.looked_at = at;
  if (p.file->truncated()) {
    log(weir::log_level::info, p.path + " was truncated: reading it from its begin");
    p.file->restart();
    return false;
  }
  if (!p.file->replaced_at(p.path)) {
    p.replaced_at = weir::no_time;
    return false;
  }
  if (p.replaced_at == weir::no_time) p.replaced_at = at;
  if (at - p.replaced_at < linger) return false;
  // The old file is at its end for good.
  if (p.file->read(p.split, out, true, *this) == cursor::got::rows) return true;
  log(weir::log_level::info, p.path + " is another file now: the old one was read to its end");
  const std::uint64_t before = p.file->read_in_all();
  p.file = std::make_unique<cursor>(p.path, p.path, settings_);
  p.file->begin_at(before);
  p.replaced_at = weir::no_time;
  return p.file->read(p.split, out, false, *this) == cursor::got::rows;
}

void source::finish(part& p) {
  p.done = true;
  p.start = p.file->position();
  p.file.reset();
  split_end(p.split);
}

void source::piece(std::string_view bytes, const std::string& why) { dead_letter(why, bytes); }

}  // namespace file
