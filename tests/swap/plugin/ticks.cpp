// The source that the tests of swaps exchange: numbers in two splits, at a rate. Built as versions that are right and
// versions that are wrong in one way each; made_by is 0 in rows of those that look right, else 3.
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <weir/source.hpp>

#include "shared/pacer.hpp"

namespace {

enum class defect { none, throws_later, segfaults, other_splits, fails_in_create };
constexpr defect mine = defect::TICKS_DEFECT;
constexpr std::int64_t made_by = mine == defect::throws_later || mine == defect::segfaults ? 3 : 0;
constexpr std::int64_t splits = 2;

class ticks : public weir::source {
 public:
  static constexpr const char* summary() { return "Numbers."; }
  static constexpr auto options() {
    return weir::options(weir::option("count", weir::integer).required().doc("How many in each split."),
                         weir::option("rate", weir::number).required().doc("A second, in each split."));
  }
  explicit ticks(const weir::config& c) : count_(c.get<std::int64_t>("count")), rate_(c.get<double>("rate")) {}

  void bind(weir::binder& b) override {
    weir::schema s;
    for (const char* name : {"split", "n", "made_by"})
      s.fields.push_back({.name = name, .kind = weir::type::int64, .nullable = false});
    b.output("", std::move(s));
  }
  void open() override {
    if (mine == defect::fails_in_create) throw weir::external_failure("made to find nobody");
  }
  void discover(weir::split_list& list) override {
    for (std::int64_t i = 0; i < splits; ++i) list.add((mine == defect::other_splits ? "x" : "") + std::to_string(i));
    list.ask_again(std::chrono::milliseconds(50));
  }
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override {
    if (id.starts_with('x')) id.remove_prefix(1);
    parts_.push_back({split, std::stoll(std::string(id)), position.empty() ? 0 : std::stoll(std::string(position))});
  }
  void position(std::uint32_t split, std::string& to) override {
    for (const part& p : parts_)
      if (p.number == split) to += std::to_string(p.next);
  }
  weir::polled poll(weir::duration, weir::batch_output& out) override {
    bool some = false;
    for (part& p : parts_) {
      if (p.next >= count_) {
        split_end(p.number);
        continue;
      }
      some = emit(p, out) || some;
    }
    return some ? weir::polled::emitted : weir::polled::idle;
  }

 private:
  struct part {
    std::uint32_t number;
    std::int64_t id, next;
    weir::shared::pacer pace{};
  };
  bool emit(part& p, weir::batch_output& out) {
    const auto due = std::min<std::uint64_t>(p.pace.due(now().time_since_epoch().count(), rate_), 100);
    const auto rows = std::min<std::int64_t>(static_cast<std::int64_t>(due), count_ - p.next);
    if (rows == 0) return false;
    if (mine == defect::throws_later && (seen_ += rows) > 1000) throw std::runtime_error("made to throw");
    if (mine == defect::segfaults && (seen_ += rows) > 1000) std::raise(SIGSEGV);
    weir::batch_builder b = out.build(0, rows);
    for (std::int64_t i = 0; i < rows; ++i, ++p.next) {
      b.offsets()[i] = p.next;
      b[0].append(p.id);
      b[1].append(p.next);
      b[2].append(made_by);
    }
    p.pace.take(static_cast<std::uint64_t>(rows));
    b.from(p.number);
    b.emit();
    return true;
  }
  std::int64_t count_, seen_ = 0;
  double rate_;
  std::vector<part> parts_;
};

}  // namespace

WEIR_PLUGIN("ticks", TICKS_VERSION, weir::sources<ticks>("source"))
