#include "control/watched_file.hpp"

#include <chrono>
#include <utility>

#include "base/cat.hpp"
#include "config/load.hpp"

namespace weir::control {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(500);

}  // namespace

const std::string* edited_text::look(std::string now) {
  const bool settled = saw_ && now == seen_;
  seen_ = std::move(now);
  saw_ = true;
  if (!settled || seen_ == known_) return nullptr;
  known_ = seen_;
  return &known_;
}

watched_file::watched_file(base::env& env, controlled& what, const std::string& pipeline, std::string file,
                           std::string text, std::vector<std::string> sets)
    : env_(env),
      what_(what),
      log_({.room = "control", .pipeline = pipeline}),
      file_(std::move(file)),
      sets_(std::move(sets)),
      text_(std::move(text)) {
  log_.info("the pipeline's file is watched", {{"file", file_}});
  thread_ = std::thread([this] { run(); });
}

watched_file::~watched_file() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void watched_file::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, between_looks, [&] { return stop_; })) {
    lock.unlock();
    if (auto now = env_.fs().read_whole(file_, config::max_file_bytes + 1)) {
      if (const std::string* text = text_.look(std::move(now).take())) apply(*text);
      last_failure_.clear();
    } else if (auto why = now.why().text(); why != last_failure_) {
      log_.error("the pipeline's file cannot be read; it runs as before", {{"why", why}});
      last_failure_ = std::move(why);
    }
    lock.lock();
  }
}

void watched_file::apply(const std::string& text) {
  change_wish wish;
  wish.what = "apply";
  wish.file = file_;
  wish.text = text;
  wish.sets = sets_;
  wish.by = "weir run --watch";
  if (auto done = what_.change(wish); !done)
    log_.error("the edited file is not applied; the pipeline runs as before",
               {{"file", file_}, {"why", done.why().text()}});
}

}  // namespace weir::control
