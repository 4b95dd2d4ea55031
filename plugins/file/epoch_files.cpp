#include "file/epoch_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <random>
#include <weir/failure.hpp>

#include "shared/fault_point.hpp"

namespace file {
namespace {

namespace fs = std::filesystem;
using weir::shared::fault_point;

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// FNV-1a; not a secret, only short.
std::string mark_of(const identity& who) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const std::string* text : {&who.pipeline, &who.sink})
    for (const char c : *text + '\0') h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hex(h);
}

// ".name.MARK-SUBTASK-EPOCH-LIFE.part"
struct hidden_name {
  std::uint32_t subtask = 0;
  std::uint64_t epoch = 0;
};
std::optional<hidden_name> hidden_of(std::string_view file, std::string_view mark) {
  if (!file.starts_with('.') || !file.ends_with(part_suffix)) return {};
  file.remove_suffix(part_suffix.size());
  std::string_view id = file.substr(file.rfind('.') + 1);
  if (!id.starts_with(mark)) return {};
  id.remove_prefix(mark.size());
  hidden_name out;
  const auto number = [&](auto& value) {
    if (!id.starts_with('-')) return false;
    const auto read = std::from_chars(id.data() + 1, id.data() + id.size(), value);
    id.remove_prefix(static_cast<std::size_t>(read.ptr - id.data()));
    return read.ec == std::errc{};
  };
  if (!number(out.subtask) || !number(out.epoch) || !id.starts_with('-')) return {};
  return out;
}

// out-1.jsonl --> out-1.cut8.jsonl
std::string taken_over(const std::string& name, std::uint64_t cut) {
  const fs::path p(name);
  return (p.parent_path() / (p.stem().string() + ".cut" + std::to_string(cut) + p.extension().string())).string();
}

std::string torn(const prepared_file& f, off_t size) {
  return f.part + " has " + std::to_string(size) + " bytes, and the cut says " + std::to_string(f.size) +
         ": restore an older one, or the file";
}

bool there(const std::string& path) {
  struct ::stat s {};
  if (::lstat(path.c_str(), &s) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) throw weir::external_failure(cannot("look at", path));
  return false;
}

// Once it has failed, the kernel may have dropped the data: it is not tried again, the task fails and replays.
void sync_file(const handle& file, const std::string& path) {
  if (::fsync(file.get()) != 0) throw weir::external_failure(cannot_write(path));
}

}  // namespace

epoch_files::epoch_files(writer_settings settings, identity who)
    : settings_(std::move(settings)), who_(std::move(who)), mark_(mark_of(who_)), many_(has(settings_.path, "{seq}")) {
  // The run that is restored may have another working directory.
  settings_.path = fs::absolute(settings_.path).lexically_normal().string();
  std::random_device random;
  life_ = hex(std::uint64_t{random()} << 32 | random());
}

epoch_files::~epoch_files() = default;  // what is hidden stays hidden: recover() knows what to do with it

void epoch_files::begin() {
  if (begun_) return;
  begun_ = true;
  remove_leftovers();
}

// What was written behind the restored cut by whichever run.
void epoch_files::remove_leftovers() {
  const auto mine = [this](const std::string& path) {
    const auto is = [&](const prepared_file& f) { return f.part == path; };
    return now_.part == path || std::any_of(closed_.begin(), closed_.end(), is) ||
           std::any_of(carried_.begin(), carried_.end(), is);
  };
  for (const std::string& folder : folders_of(settings_.path)) {
    std::vector<std::string> old;
    std::error_code none;
    for (fs::directory_iterator it(folder, none), end; it != end; it.increment(none)) {
      const auto name = hidden_of(it->path().filename().string(), mark_);
      // Files that were begun before the restored cut are part of it, and some subtask is told of them.
      if (name && name->subtask % who_.parallelism == who_.subtask && name->epoch >= restored_ &&
          !mine(it->path().string()))
        old.push_back(it->path().string());
    }
    for (const std::string& part : old) {
      fault_point("file.leftover_found");
      if (::unlink(part.c_str()) != 0 && errno != ENOENT) throw weir::external_failure(cannot_write(part));
    }
  }
}

void epoch_files::open(std::int64_t now_us) {
  begin();
  for (;; ++sequence_) {
    now_ = {};
    now_.name = fill_template(settings_.path, who_.subtask, sequence_, now_us);
    now_.subtask = who_.subtask;
    const fs::path p(now_.name);
    const std::string hidden = (p.parent_path() / ("." + p.filename().string())).string();
    if (settings_.replace || (!there(now_.name) && !there(hidden + std::string(part_suffix)))) {
      now_.part = hidden + '.' + mark_ + '-' + std::to_string(who_.subtask) + '-' + std::to_string(epoch_) + '-' +
                  life_ + std::string(part_suffix);
      break;
    }
    if (!many_)
      throw weir::external_failure(
          now_.name + " is there already: move it away, put {seq} into the option 'path', or say exists = \"replace\"");
  }
  make_folders(now_.name);
  file_ = handle(::open(now_.part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file_) throw weir::external_failure(cannot_write(now_.part));
  folders_.push_back(folder_of(now_.part));
  out_ = open_output(file_.get(), now_.part, settings_.how);
  opened_us_ = now_us;
  before_ = 0;
}

void epoch_files::write(std::string_view bytes, std::int64_t now_us) {
  if (!out_) open(now_us);
  out_->write(bytes);
}

void epoch_files::roll_if_due(std::int64_t now_us) {
  if (!out_ || !many_) return;
  const bool large = settings_.max_bytes > 0 && out_->size() >= settings_.max_bytes;
  const bool old = settings_.max_interval_us > 0 && now_us - opened_us_ >= settings_.max_interval_us;
  if (large || old) close();
}

void epoch_files::sync() {
  out_->finish_part();
  sync_file(file_, now_.part);
  now_.size = before_ + out_->size();
}

void epoch_files::close() {
  sync();
  fault_point("file.synced");
  out_.reset();
  file_ = handle();
  closed_.push_back(std::move(now_));
  now_ = {};
  ++sequence_;
}

void epoch_files::sync_folders() {
  std::sort(folders_.begin(), folders_.end());
  folders_.erase(std::unique(folders_.begin(), folders_.end()), folders_.end());
  for (const std::string& folder : std::exchange(folders_, {})) sync_folder(folder);
}

void epoch_files::prepare(std::uint64_t cut, bool last, std::string& to) {
  begin();
  prepared p{who_.subtask, 0, {}};
  if (out_ && (many_ || last)) {
    close();
  } else if (out_) {
    sync();
  }
  p.next_sequence = sequence_;
  p.files = std::exchange(closed_, {});
  for (prepared_file f : carried_) {
    f.is = last ? prepared_file::complete : prepared_file::carried;
    p.files.push_back(std::move(f));
  }
  if (last) carried_.clear();
  if (out_) {
    p.files.push_back(now_);
    p.files.back().is = prepared_file::open;
  }
  sync_folders();
  fault_point("file.prepared");
  epoch_ = std::max(epoch_, cut);
  write_prepared(p, to);
}

void epoch_files::commit(std::string_view text) {
  for (const prepared_file& f : read_prepared(text).files)
    if (f.is == prepared_file::complete) publish(f, false);
  sync_folders();
  fault_point("file.committed");
}

void epoch_files::abort(std::string_view text) {
  std::vector<prepared_file> again;
  for (prepared_file& f : read_prepared(text).files)
    if (f.is == prepared_file::complete) again.push_back(std::move(f));
  closed_.insert(closed_.begin(), again.begin(), again.end());
}

void epoch_files::recover(std::uint64_t cut, std::string_view text) {
  restored_ = cut;
  epoch_ = std::max(epoch_, cut);
  if (text.empty()) return;
  const prepared p = read_prepared(text);
  if (p.subtask == who_.subtask) sequence_ = std::max(sequence_, p.next_sequence);
  for (const prepared_file& f : p.files) {
    if (f.is == prepared_file::complete)
      publish(f, true);
    else
      go_on_in(f);
  }
  sync_folders();
}

void epoch_files::take_over(std::uint64_t cut, std::string_view text) {
  restored_ = cut;
  epoch_ = std::max(epoch_, cut);
  begun_ = true;  // nothing is behind the cut yet
  if (text.empty()) return;
  const prepared p = read_prepared(text);
  sequence_ = std::max(sequence_, p.next_sequence);
  for (const prepared_file& f : p.files) {
    if (f.is == prepared_file::complete)
      ++files_;
    else
      go_on_in(f);
  }
}

void epoch_files::publish(const prepared_file& f, bool recovering) {
  struct ::stat s {};
  if (::stat(f.part.c_str(), &s) != 0) {
    if (errno != ENOENT) throw weir::external_failure(cannot("look at", f.part));
    // It has its name already. When that is not there either, whoever was waiting for the file has taken it since.
    if (!recovering && !there(f.name))
      throw weir::external_failure(f.part + " is gone, and " + f.name +
                                   " is not there: somebody has removed output "
                                   "that was not complete");
    ++files_;
    return;
  }
  if (static_cast<std::uint64_t>(s.st_size) != f.size) throw weir::external_failure(torn(f, s.st_size));
  fault_point("file.before_rename");
  int failed = settings_.replace ? ::rename(f.part.c_str(), f.name.c_str())
                                 : ::renameat2(AT_FDCWD, f.part.c_str(), AT_FDCWD, f.name.c_str(), RENAME_NOREPLACE);
  if (failed != 0 && !settings_.replace && errno == EINVAL) {  // a file system that cannot refuse by itself
    errno = EEXIST;
    if (!there(f.name)) failed = ::rename(f.part.c_str(), f.name.c_str());
  }
  if (failed != 0 && errno == EEXIST)
    throw weir::external_failure(f.name + " has appeared meanwhile; the data is in " + f.part +
                                 ": move one of them away");
  if (failed != 0) throw weir::external_failure(cannot_write(f.name));
  fault_point("file.renamed");
  folders_.push_back(folder_of(f.name));
  ++files_;
}

// The only file, up to the cut.
void epoch_files::go_on_in(const prepared_file& f) {
  const auto is = [&](const prepared_file& other) { return other.part == f.part; };
  if (is(now_) || std::any_of(carried_.begin(), carried_.end(), is)) return;
  handle fd(::open(f.part.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    throw weir::external_failure(
        f.part +
        " is gone, and the cut goes on in it: without {seq} in the option 'path' a cut can be restored only "
        "as long as the file is not complete");
  struct ::stat s {};
  if (!fd || ::fstat(fd.get(), &s) != 0) throw weir::external_failure(cannot_write(f.part));
  if (static_cast<std::uint64_t>(s.st_size) < f.size) throw weir::external_failure(torn(f, s.st_size));
  if (::ftruncate(fd.get(), static_cast<off_t>(f.size)) != 0) throw weir::external_failure(cannot_write(f.part));
  sync_file(fd, f.part);
  if (f.is == prepared_file::carried || f.subtask != who_.subtask || many_) {
    carried_.push_back(f);
    // A later run may have a subtask of that number again, which writes a file of that name.
    if (f.is != prepared_file::carried) carried_.back().name = taken_over(f.name, restored_);
    return;
  }
  ::lseek(fd.get(), 0, SEEK_END);
  file_ = std::move(fd);
  now_ = f;
  now_.is = prepared_file::complete;
  before_ = f.size;
  out_ = open_output(file_.get(), now_.part, settings_.how);
}

}  // namespace file
