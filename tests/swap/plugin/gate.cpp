// What the tests of swaps hold a stream back with: rows go through as they are, but for as long as a file is there.
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <weir/batch_operator.hpp>
#include <weir/plugin.hpp>

namespace gate {

class hold final : public weir::batch_operator {
 public:
  static constexpr const char* summary() { return "Holds every row back while a file exists."; }
  static constexpr auto options() {
    return weir::options(weir::option("closed", weir::text).required().doc("The file."));
  }
  explicit hold(const weir::config& c) : closed_(c.get<std::string>("closed")) {}

  void bind(weir::binder& b) override { b.output_like_input(""); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    while (std::filesystem::exists(closed_)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    out.emit_all(0, batch);
  }

 private:
  std::filesystem::path closed_;
};

}  // namespace gate

WEIR_PLUGIN("gate", "1.0.0", weir::operators<gate::hold>("hold"))
