#include "file/roller.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>
#include <weir/failure.hpp>

namespace file {
namespace {

namespace fs = std::filesystem;

std::string hidden(const std::string& path) {
  const fs::path p(path);
  return (p.parent_path() / ("." + p.filename().string() + std::string(part_suffix))).string();
}

}  // namespace

roller::roller(writer_settings settings, std::uint32_t subtask, std::uint32_t parallelism)
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
      throw weir::external_failure(
          name_ + " is there already: move it away, put {seq} into the option 'path', or say exists = \"replace\"");
    }
    file_ = handle(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file_) break;
    if (errno == EEXIST && has(settings_.path, "{seq}")) continue;  // another one is writing it
    if (errno == EEXIST)
      throw weir::external_failure(part_ +
                                   " is being written by another run: stop that one, or change the option 'path'");
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

void roller::flush(bool ended) {
  if (ended)
    finish();
  else
    sync();
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
  sync_folder(folder_of(name));
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
    if (::ftruncate(fd.get(), static_cast<off_t>(whole)) != 0 || ::fsync(fd.get()) != 0)
      throw weir::external_failure(cannot_write(part));
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
