#include "program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace weir::cli {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

temporary_folder::temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "weir-cli-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}
temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string temporary_folder::write(const std::string& name, const std::string& text) const {
  const auto path = path_ + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

process::process(const words& arguments, const std::map<std::string, std::string>& environment,
                 const std::string& stdout_to) {
  auto pattern = (std::filesystem::temp_directory_path() / "weir-run-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const auto out = stdout_to.empty() ? folder_ + "/out" : stdout_to, err = folder_ + "/err";
  pid_ = ::fork();
  if (pid_ != 0) return;
  for (const auto& [name, value] : environment)
    value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

process::~process() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void process::send_signal(int number) { ::kill(pid_, number); }

bool process::ended() {
  if (!reaped_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
  return reaped_;
}

std::string process::stderr_so_far() const { return read_file(folder_ + "/err"); }

bool process::wait_for_stderr(const std::string& text) {
  for (;;) {
    const bool last = ended();
    if (stderr_so_far().find(text) != std::string::npos) return true;
    if (last) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

outcome process::wait() {
  if (!reaped_) ::waitpid(pid_, &status_, 0);
  reaped_ = true;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), read_file(folder_ + "/out"),
          stderr_so_far()};
}

words weir_command(const words& arguments) {
  words all{WEIR_PROGRAM};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

outcome weir(const words& arguments, const std::map<std::string, std::string>& environment) {
  return process(weir_command(arguments), environment).wait();
}

}  // namespace weir::cli
