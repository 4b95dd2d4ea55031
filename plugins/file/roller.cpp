#include "file/roller.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

#include <weir/failure.hpp>

namespace file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_suffix = ".part";

std::string date_of(std::int64_t us) {
  const std::chrono::sys_days day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us)));
  const std::chrono::year_month_day d(day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                static_cast<unsigned>(d.day()));
  return text;
}

bool has(const std::string& path, std::string_view placeholder) { return path.find(placeholder) != std::string::npos; }

std::string folder_of(const std::string& path) {
  const auto folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string hidden(const std::string& path) {
  const fs::path p(path);
  return (p.parent_path() / ("." + p.filename().string() + std::string(part_suffix))).string();
}

void sync_folder(const std::string& path) {
  const handle folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) throw weir::external_failure(cannot_write(folder_of(path)));
}

void make_folders(const std::string& path) {
  std::error_code why;
  fs::create_directories(folder_of(path), why);
  if (!why) return;
  errno = why.value();
  throw weir::external_failure(cannot_write(folder_of(path)));
}

// The subtask in a name that was made from a template's last part; nothing: it was not.
std::optional<std::uint32_t> subtask_in(std::string_view name, std::string_view pattern) {
  std::uint32_t subtask = 0;
  while (!pattern.empty()) {
    const auto digits = [&](auto& value) {
      const auto read = std::from_chars(name.data(), name.data() + name.size(), value);
      if (read.ec != std::errc{}) return false;
      name.remove_prefix(static_cast<std::size_t>(read.ptr - name.data()));
      return true;
    };
    std::uint64_t ignored = 0;
    if (pattern.starts_with("{subtask}")) {
      if (!digits(subtask)) return {};
      pattern.remove_prefix(9);
    } else if (pattern.starts_with("{seq}")) {
      if (!digits(ignored)) return {};
      pattern.remove_prefix(5);
    } else if (pattern.starts_with("{date}")) {
      if (name.size() < 10) return {};
      name.remove_prefix(10);
      pattern.remove_prefix(6);
    } else {
      if (name.empty() || name[0] != pattern[0]) return {};
      name.remove_prefix(1);
      pattern.remove_prefix(1);
    }
  }
  return name.empty() ? std::optional(subtask) : std::nullopt;
}

}  // namespace

std::string check_template(const roller_settings& s) {
  if (s.path.empty() || s.path.ends_with('/')) return "must name a file";
  std::string_view rest = s.path;
  for (auto at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    rest.remove_prefix(at);
    const std::string_view word = rest.substr(0, rest.find('}') == std::string_view::npos ? rest.size() : rest.find('}') + 1);
    if (word != "{subtask}" && word != "{seq}" && word != "{date}")
      return "'" + std::string(word) + "' is none of {subtask}, {seq}, {date}";
    rest.remove_prefix(word.size());
  }
  if ((s.max_bytes > 0 || s.max_interval_us > 0) && !has(s.path, "{seq}"))
    return "needs {seq}, the number of the file, because max_bytes or max_interval make several";
  return {};
}

std::string fill_template(std::string_view path, std::uint32_t subtask, std::uint64_t sequence, std::int64_t now_us) {
  std::string out;
  while (!path.empty()) {
    const auto take = [&](std::string_view placeholder, const std::string& value) {
      if (!path.starts_with(placeholder)) return false;
      out += value;
      path.remove_prefix(placeholder.size());
      return true;
    };
    char number[24];
    std::snprintf(number, sizeof number, "%06llu", static_cast<unsigned long long>(sequence));
    if (take("{subtask}", std::to_string(subtask)) || take("{seq}", number) || take("{date}", date_of(now_us))) continue;
    out += path[0];
    path.remove_prefix(1);
  }
  return out;
}

roller::roller(roller_settings settings, std::uint32_t subtask, std::uint32_t parallelism)
    : settings_(std::move(settings)), subtask_(subtask) {
  recover(parallelism);
}

roller::~roller() = default;  // an unfinished file stays hidden, and the next run completes it

void roller::write(std::string_view bytes, std::int64_t now_us) {
  if (!out_) open(now_us);
  out_->write(bytes);
}

void roller::open(std::int64_t now_us) {
  for (;; ++sequence_) {
    name_ = fill_template(settings_.path, subtask_, sequence_, now_us);
    part_ = hidden(name_);
    make_folders(name_);
    if (!settings_.replace && fs::exists(name_)) {
      if (has(settings_.path, "{seq}")) continue;
      throw weir::external_failure(name_ + " is there already: move it away, put {seq} into the option 'path', or say exists = \"replace\"");
    }
    file_ = handle(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file_) break;
    if (errno == EEXIST && has(settings_.path, "{seq}")) continue;  // another one is writing it
    if (errno == EEXIST)
      throw weir::external_failure(part_ + " is being written by another run: stop that one, or change the option 'path'");
    throw weir::external_failure(cannot_write(part_));
  }
  ::flock(file_.get(), LOCK_EX | LOCK_NB);  // tells a run that starts now that this file is not left over
  out_ = open_output(file_.get(), part_, settings_.how);
  opened_us_ = now_us;
}

void roller::roll_if_due(std::int64_t now_us) {
  if (!out_) return;
  const bool large = settings_.max_bytes > 0 && out_->size() >= settings_.max_bytes;
  const bool old = settings_.max_interval_us > 0 && now_us - opened_us_ >= settings_.max_interval_us;
  if (large || old) finish();
}

void roller::sync() {
  if (!out_) return;
  out_->finish_part();
  // Once it has failed, the kernel may have dropped the data: it is not tried again, the task fails and replays.
  if (::fsync(file_.get()) != 0) throw weir::external_failure(cannot_write(part_));
}

void roller::finish() {
  if (!out_) return;
  sync();
  out_.reset();
  file_ = handle();
  complete(part_, name_);
  ++sequence_;
  ++files_;
}

void roller::complete(const std::string& part, const std::string& name) {
  if (!settings_.replace && fs::exists(name))
    throw weir::external_failure(name + " has appeared meanwhile; the data is in " + part + ": move one of them away");
  if (std::rename(part.c_str(), name.c_str()) != 0) throw weir::external_failure(cannot_write(name));
  sync_folder(name);
}

void roller::recover(std::uint32_t parallelism) {
  const std::string pattern = fs::path(settings_.path).filename().string();
  // Folders with placeholders change with the date: only today's and the plain ones can be looked through.
  if (folder_of(settings_.path).find('{') != std::string::npos) return;
  std::vector<std::string> left;
  std::error_code none;
  for (fs::directory_iterator it(folder_of(settings_.path), none), end; it != end; it.increment(none)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with('.') || !name.ends_with(part_suffix)) continue;
    const auto owner = subtask_in(std::string_view(name).substr(1, name.size() - 1 - part_suffix.size()), pattern);
    if (owner && *owner % parallelism == subtask_) left.push_back(it->path().string());
  }
  for (const std::string& part : left) {
    handle fd(::open(part.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) throw weir::external_failure(cannot_write(part));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody is writing it
    const std::uint64_t whole = complete_prefix(fd.get(), part, settings_.how, settings_.lines);
    if (whole == 0) {
      ::unlink(part.c_str());
      continue;
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(whole)) != 0 || ::fsync(fd.get()) != 0) throw weir::external_failure(cannot_write(part));
    const fs::path p(part);
    const std::string file = p.filename().string();
    const std::string name = (p.parent_path() / file.substr(1, file.size() - 1 - part_suffix.size())).string();
    recovered_ += (recovered_.empty() ? "" : ", ") + name;
    if (has(settings_.path, "{seq}")) {
      complete(part, name);
      continue;
    }
    // There is one file only: it goes on.
    ::lseek(fd.get(), 0, SEEK_END);
    name_ = name;
    part_ = part;
    file_ = std::move(fd);
    out_ = open_output(file_.get(), part_, settings_.how);
  }
}

}  // namespace file
