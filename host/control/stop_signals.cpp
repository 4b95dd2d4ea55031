#include "control/stop_signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.hpp"

namespace weir::control {

stop_signals::stop_signals(handler what) : what_(std::move(what)) {
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGINT);
  sigaddset(&mine, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &mine, &before_);
  signals_ = ::signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
  end_ = ::eventfd(0, EFD_CLOEXEC);
  WEIR_CHECK(signals_ >= 0 && end_ >= 0, "no descriptors for signals");
  thread_ = std::thread([this] { listen(); });
}

stop_signals::~stop_signals() {
  ::eventfd_write(end_, 1);
  thread_.join();
  ::close(signals_);
  ::close(end_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void stop_signals::listen() {
  int times = 0;
  for (;;) {
    pollfd polled[2] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    signalfd_siginfo info;
    while (read(signals_, &info, sizeof info) == sizeof info) {
      what_(static_cast<int>(info.ssi_signo), ++times);
    }
  }
}

}  // namespace weir::control
