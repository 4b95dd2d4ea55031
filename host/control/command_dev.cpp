// weir dev: the loop of who writes a plugin. Changed source -> build -> swap into the pipeline that runs.
#include <map>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "config/load.hpp"
#include "control/change_text.hpp"
#include "control/commands.hpp"
#include "control/found_pipeline.hpp"
#include "control/source_watch.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;
namespace os = supervisor::os;

constexpr std::int64_t source_look_ms = 200, begin_patience_ms = 10'000;
constexpr std::uint64_t most_plugin_bytes = std::uint64_t{1} << 30;

class developer {
 public:
  developer(const dev_arguments& told, console& io)
      : told_(told), io_(io), env_(base::real_env()), file_(told.pipeline.files.front()), watch_(env_, told.source) {}

  exit_code work() {
    if (!read()) return exit_code::config;
    for (bool changed = true;; changed = watch_.changed()) {
      if (changed && build()) serve();
      if (stopping_) return stop();
      look_at_pipeline();
      wait(source_look_ms);
    }
  }

 private:
  struct plugin {
    std::string file, sha256;
    std::vector<std::string> nodes;
  };

  /// The file's own part: which plugin files the pipeline uses for which nodes. False: it is wrong, and it was said.
  bool read() {
    config::load_options options;
    options.sets = told_.pipeline.set;
    const auto loaded = config::load_pipeline(env_, file_, options);
    if (!loaded.pipeline) {
      io_.note(loaded.problems.text());
      return false;
    }
    takes_cuts_ = loaded.pipeline->checkpoint.enabled;
    std::map<std::string, plugin> found;
    for (const auto& ref : loaded.pipeline->plugins) {
      std::vector<std::string> names{ref.path};
      if (ref.path.empty()) {
        names.clear();
        for (const auto& dir : told_.pipeline.plugin_dirs)
          names.push_back(base::join_path(dir, cat("lib", ref.search, ".so")));
      }
      plugin p;
      p.file = names.empty() ? "" : names.front();
      for (const auto& name : names)
        if (auto there = env_.fs().exists(name); there && *there) {
          p.file = name;
          break;
        }
      for (const auto& n : loaded.pipeline->nodes)
        if (n.uses.plugin == ref.name) p.nodes.push_back(n.id);
      if (const auto was = plugins_.find(ref.name); was != plugins_.end()) p.sha256 = was->second.sha256;
      if (!p.file.empty() && !p.nodes.empty()) found[ref.name] = std::move(p);
    }
    plugins_ = std::move(found);
    return true;
  }

  bool build() {
    io_.note(cat("weir dev: ", told_.build));
    auto child = os::start_shell(told_.build, signals_.before());
    if (!child) return say(child.why());
    for (;;) {
      wait(source_look_ms);
      const auto how = os::poll_process(*child);
      if (!how || how->what == os::process_change::kind::stopped || how->what == os::process_change::kind::continued) {
        if (stopping_) os::send_signal(*child, SIGTERM);
        continue;
      }
      if (how->what == os::process_change::kind::exited && how->number == 0) return !stopping_;
      io_.error(cat("the build failed; ", running() ? "the pipeline runs on with the version before" : "nothing runs",
                    ". Waiting for a change in ", told_.source));
      return false;
    }
  }

  /// The build's result into the pipeline: swapped into the one that runs, or a new run.
  void serve() {
    if (!read()) return;
    std::vector<plugin*> fresh;
    for (auto& [name, p] : plugins_) {
      auto bytes = env_.fs().read_whole(p.file, most_plugin_bytes);
      if (!bytes) continue;  // a plugin of somebody else, found elsewhere
      std::string digest = base::to_hex(base::sha256_of(*bytes));
      if (digest == p.sha256) continue;
      p.sha256 = std::move(digest);
      fresh.push_back(&p);
    }
    look_at_pipeline();
    if (!running()) return start();
    if (fresh.empty()) return io_.note("weir dev: the build made no other plugin");
    for (const plugin* p : fresh) swap(*p);
    io_.flush();
  }

  void swap(const plugin& p) {
    const auto answer = [&]() -> base::result<std::string> {
      const std::string state = WEIR_TRY(find_pipeline(file_)).state_directory;
      // It may just be beginning.
      for (std::int64_t waited_ms = 0; waited_ms < begin_patience_ms && !stopping_; waited_ms += source_look_ms) {
        if (auto status = ask_status(state, begin_patience_ms);
            status && status->find("\"not_ready\"") == std::string::npos)
          break;
        wait(source_look_ms);
      }
      change_wish wish;
      wish.what = "swap";
      wish.canary = "none";
      wish.operators = p.nodes;
      wish.plugin = WEIR_TRY(absolute_path(p.file));
      return carry_out_change(state, wish);
    }();
    if (tell_change(answer, false, io_) != exit_code::ok) io_.note("weir dev: the version before runs on");
  }

  void start() {
    os::process_start how;
    how.arguments = {"weir", "run", file_};
    for (const auto& d : told_.pipeline.plugin_dirs) how.arguments.insert(how.arguments.end(), {"--plugin-dir", d});
    for (const auto& s : told_.pipeline.set) how.arguments.insert(how.arguments.end(), {"--set", s});
    // Without cuts nothing can be swapped.
    if (!takes_cuts_) how.arguments.insert(how.arguments.end(), {"--set", "checkpoint.interval=1s"});
    if (ran_before_) how.arguments.emplace_back("--fresh");
    how.mask = &signals_.before();
    auto child = os::start_this_program(how);
    if (!child) {
      say(child.why());
      return;
    }
    pipeline_ = *child;
    ran_before_ = true;
  }

  bool running() const { return pipeline_ != 0; }

  void look_at_pipeline() {
    if (!running()) return;
    const auto how = os::poll_process(pipeline_);
    if (!how || how->what == os::process_change::kind::stopped || how->what == os::process_change::kind::continued)
      return;
    pipeline_ = 0;
    last_code_ = how->what == os::process_change::kind::exited ? how->number : 128 + how->number;
    if (!stopping_)
      io_.note(cat("weir dev: the pipeline has ended (", last_code_, "); it is started afresh after the next build"));
  }

  exit_code stop() {
    if (running()) os::send_signal(pipeline_, SIGTERM);
    while (running()) {
      if (!signals_.wait(-1, source_look_ms).stops.empty()) os::send_signal(pipeline_, SIGTERM);
      look_at_pipeline();
    }
    return static_cast<exit_code>(last_code_);
  }

  void wait(std::int64_t ms) {
    io_.flush();
    if (!signals_.wait(-1, ms).stops.empty()) stopping_ = true;
  }

  bool say(const base::error& why) {
    io_.error(why.text());
    return false;
  }

  const dev_arguments& told_;
  console& io_;
  base::env& env_;
  const std::string file_;
  source_watch watch_;
  os::signal_watch signals_;
  std::map<std::string, plugin> plugins_;  // by name in the pipeline
  bool takes_cuts_ = false, ran_before_ = false, stopping_ = false;
  std::int64_t pipeline_ = 0;  // process; 0: none
  int last_code_ = 0;
};

}  // namespace

exit_code dev_command(const dev_arguments& told, console& io) { return developer(told, io).work(); }

}  // namespace weir::control
