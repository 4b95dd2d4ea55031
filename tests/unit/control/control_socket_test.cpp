#include "control/control_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

namespace weir::control {
namespace {

using testing::HasSubstr;

class fake final : public controlled {
 public:
  std::string status() override { return "{\"pipeline\":\"p\"}"; }
  std::string why_no_output() override { return "{\"flows\":true}"; }
  base::result<void> savepoint(const std::string& directory) override {
    if (directory == "/full") return base::external_error("the disk is full", "/full");
    release.get_future().wait();
    saved = directory;
    return {};
  }
  base::result<void> view(const std::string& directory) override {
    viewed = directory;
    return {};
  }
  base::result<std::string> change(const change_wish& what) override {
    wished = what;
    if (what.operators.empty()) return base::config_error("no operator");
    return std::string("{\"change\":7}");
  }
  base::result<std::string> shadow(const std::string& what, const shadow_wish& wish) override {
    shadow_wished = wish;
    return "{\"asked\":\"" + what + "\"}";
  }
  base::result<void> stop(const std::string& directory) override {
    stopped = directory;
    return {};
  }
  std::promise<void> release;
  change_wish wished;
  shadow_wish shadow_wished;
  std::string saved, viewed, stopped = "no";
};

class ControlSocket : public testing::Test {
 protected:
  ControlSocket() {
    auto pattern = (std::filesystem::temp_directory_path() / "weir-socket-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ControlSocket() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    auto started = control_server::start(folder_, of_);
    ASSERT_TRUE(started) << started.why().text();
    server_ = std::move(started).take();
  }
  std::string raw(const std::string& text) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strcpy(at.sun_path, (folder_ + "/control.sock").c_str());
    std::string out;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 &&
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
      char room[4096];
      for (ssize_t n; (n = ::recv(fd, room, sizeof room, 0)) > 0;) out.append(room, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return out;
  }
  std::string folder_;
  fake of_;
  std::unique_ptr<control_server> server_;
};

TEST_F(ControlSocket, AnswersStatusWhileASavepointIsInWork) {
  start();
  auto saving = std::async(std::launch::async, [&] { return ask_savepoint(folder_, "/s/1"); });
  auto status = ask_status(folder_, 0);
  ASSERT_TRUE(status) << status.why().text();
  EXPECT_EQ(*status, "{\"pipeline\":\"p\"}");
  of_.release.set_value();
  auto saved = saving.get();
  ASSERT_TRUE(saved) << saved.why().text();
  EXPECT_EQ(*saved, "/s/1");
  EXPECT_EQ(of_.saved, "/s/1");
}

TEST_F(ControlSocket, AnswersWhatIsInWorkBeforeItEnds) {
  start();
  auto saving = std::async(std::launch::async, [&] { return ask_savepoint(folder_, "/s/1"); });
  while (!std::filesystem::exists(folder_ + "/control.sock")) {
  }
  // The request is in once a later one is answered.
  ASSERT_TRUE(ask_status(folder_, 0));
  std::thread ending([&] { server_.reset(); });
  of_.release.set_value();
  ending.join();
  const auto saved = saving.get();
  EXPECT_TRUE(saved || saved.why().how == base::retry::backoff);
}

TEST_F(ControlSocket, HandsErrorsOnAsTheyAre) {
  start();
  auto refused = ask_savepoint(folder_, "/full");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.why().what, "the disk is full");
  EXPECT_EQ(refused.why().where, "/full");
  EXPECT_EQ(refused.why().by, base::blame::external);
  EXPECT_EQ(refused.why().how, base::retry::backoff);
}

TEST_F(ControlSocket, StopsWithAndWithoutASavepoint) {
  start();
  ASSERT_TRUE(ask_stop(folder_, ""));
  EXPECT_EQ(of_.stopped, "");
  ASSERT_TRUE(ask_stop(folder_, "/s/2"));
  EXPECT_EQ(of_.stopped, "/s/2");
}

TEST_F(ControlSocket, RefusesWhatItDoesNotKnow) {
  start();
  EXPECT_THAT(raw("{\"do\":\"format-the-disk\"}\n"), HasSubstr("unknown request"));
  EXPECT_THAT(raw("garbage\n"), HasSubstr("\"ok\":false"));
  EXPECT_THAT(raw("[1,2]\n"), HasSubstr("\"ok\":false"));
  EXPECT_THAT(raw("{\"do\":\"savepoint\"}\n"), HasSubstr("absolute path"));
  EXPECT_THAT(raw("{\"do\":\"savepoint\",\"directory\":\"relative\"}\n"), HasSubstr("absolute path"));
  EXPECT_EQ(of_.saved, "");
  EXPECT_TRUE(ask_status(folder_, 0)) << "and goes on";
}

TEST_F(ControlSocket, TakesThePlaceOfOneThatALateWorkerLeft) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strcpy(at.sun_path, (folder_ + "/control.sock").c_str());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ::close(fd);
  const auto nobody = ask_status(folder_, 0);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.why().how, base::retry::backoff);
  start();
  EXPECT_TRUE(ask_status(folder_, 0));
}

TEST_F(ControlSocket, BringsWhatIsAskedOfAShadow) {
  start();
  shadow_wish wish{"score", "/abs/libx.so", {"limit=5"}, {"at"}, {"total=1%"}, ""};
  const auto answer = ask_shadow(folder_, "shadow", wish);
  ASSERT_TRUE(answer) << answer.why().text();
  EXPECT_EQ(*answer, "{\"asked\":\"shadow\"}");
  EXPECT_EQ(of_.shadow_wished.operator_id, "score");
  EXPECT_EQ(of_.shadow_wished.plugin, "/abs/libx.so");
  EXPECT_EQ(of_.shadow_wished.config, wish.config);
  EXPECT_EQ(of_.shadow_wished.ignored, wish.ignored);
  EXPECT_EQ(of_.shadow_wished.tolerances, wish.tolerances);
  EXPECT_THAT(of_.shadow_wished.by, HasSubstr("process"));
}

TEST_F(ControlSocket, HandsAChangeOnWithWhoAsksForIt) {
  start();
  change_wish wish;
  wish.what = "swap";
  wish.operators = {"a", "b"};
  wish.plugin = "/x/libx.so";
  wish.config = {"limit=5"};
  wish.probation = "2m";
  wish.wait = false;
  const auto answer = ask_change(folder_, wish);
  ASSERT_TRUE(answer) << answer.why().text();
  EXPECT_EQ(*answer, "{\"change\":7}");
  EXPECT_EQ(of_.wished.operators, wish.operators);
  EXPECT_EQ(of_.wished.plugin, wish.plugin);
  EXPECT_EQ(of_.wished.config, wish.config);
  EXPECT_EQ(of_.wished.probation, "2m");
  EXPECT_FALSE(of_.wished.wait);
  EXPECT_THAT(of_.wished.by, HasSubstr("uid " + std::to_string(::getuid())));
  wish.operators.clear();
  const auto refused = ask_change(folder_, wish);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.why().what, "no operator");
}

}  // namespace
}  // namespace weir::control
