#include "file/names.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <weir/failure.hpp>

#include "file/output.hpp"

namespace file {
namespace {

namespace fs = std::filesystem;

std::string date_of(std::int64_t us) {
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us)));
  const std::chrono::year_month_day d(day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                static_cast<unsigned>(d.day()));
  return text;
}

}  // namespace

bool has(const std::string& path, std::string_view placeholder) { return path.find(placeholder) != std::string::npos; }

std::string folder_of(const std::string& path) {
  const auto folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void sync_folder(const std::string& folder) {
  const handle fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw weir::external_failure(cannot_write(folder));
}

void make_folders(const std::string& path) {
  std::error_code why;
  fs::create_directories(folder_of(path), why);
  if (!why) return;
  errno = why.value();
  throw weir::external_failure(cannot_write(folder_of(path)));
}

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

std::vector<std::string> folders_of(const std::string& path) {
  const fs::path folder(folder_of(path));
  std::vector<fs::path> found{folder.is_absolute() ? "/" : "."};
  for (const fs::path& part : folder.relative_path()) {
    std::vector<fs::path> below;
    for (const fs::path& p : found) {
      if (!has(part.string(), "{")) {
        below.push_back(p / part);
        continue;
      }
      std::error_code none;
      for (fs::directory_iterator it(p, none), end; it != end; it.increment(none))
        if (subtask_in(it->path().filename().string(), part.string())) below.push_back(it->path());
    }
    found = std::move(below);
  }
  std::vector<std::string> out;
  for (const fs::path& p : found) out.push_back(p.string());
  return out;
}

std::string check_template(const writer_settings& s) {
  if (s.path.empty() || s.path.ends_with('/')) return "must name a file";
  std::string_view rest = s.path;
  for (auto at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    rest.remove_prefix(at);
    const std::string_view word =
        rest.substr(0, rest.find('}') == std::string_view::npos ? rest.size() : rest.find('}') + 1);
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
    if (take("{subtask}", std::to_string(subtask)) || take("{seq}", number) || take("{date}", date_of(now_us)))
      continue;
    out += path[0];
    path.remove_prefix(1);
  }
  return out;
}

}  // namespace file
