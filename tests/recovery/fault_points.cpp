// What weir_with_faults is beside weir: at the passages of fault points (host/base/fault_point.hpp) that a test asks
// for the process is killed, as the kernel would.
//
//   WEIR_FAULTS         a folder. A file of the point's name in it holds a byte for each passage by whichever process.
//   WEIR_FAULT_POINT    "name:n" or "name:n,n;name:n": who is the nth to pass is killed, and the name is added to the
//   file `killed`. When the nth dies of something else before that (another thread at another point), it is the next.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace {

struct faults {
  std::string folder;
  std::map<std::string, std::set<long>, std::less<>> kills;  // by name: the passages that are the last
};

std::string_view cut_off(std::string_view& rest, char at) {
  const auto end = rest.find(at);
  const std::string_view first = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return first;
}

faults read_environment() {
  faults out;
  const char* folder = std::getenv("WEIR_FAULTS");
  const char* told = std::getenv("WEIR_FAULT_POINT");
  if (folder) out.folder = folder;
  for (std::string_view rest = told ? told : ""; !rest.empty();) {
    std::string_view numbers = cut_off(rest, ';');
    auto& at = out.kills[std::string(cut_off(numbers, ':'))];
    while (!numbers.empty()) {
      const std::string_view text = cut_off(numbers, ',');
      long n = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc{} || n < 1) std::abort();
      at.insert(n);
    }
  }
  return out;
}

// How many bytes the file has when this one has been added. Each opening has a place of its own, so nobody else's byte
// counts.
long add(const std::string& file, std::string_view bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  const long size = ::lseek(fd, 0, SEEK_CUR);
  ::close(fd);
  return size;
}

// How often the name stands in the file `killed`.
long killed_at(const std::string& folder, std::string_view name) {
  std::ifstream file(folder + "/killed");
  long n = 0;
  for (std::string line; std::getline(file, line);) n += line == name;
  return n;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] void weir_fault_point(const char* name);
extern "C" void weir_fault_point(const char* name) {
  static const faults what = read_environment();
  if (what.folder.empty()) return;
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const long passage = add(what.folder + "/" + name, ".");
  const auto found = what.kills.find(std::string_view(name));
  if (found == what.kills.end()) return;
  const auto due = std::distance(found->second.begin(), found->second.upper_bound(passage));
  if (due <= killed_at(what.folder, name)) return;
  add(what.folder + "/killed", std::string(name) + "\n");
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}
