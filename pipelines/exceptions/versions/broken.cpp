// exceptions 0.3.0, a version that nobody should have shipped: it renames a severity, so that no route finds the desk on
// call, and ends with an exception at the first reason that has no weight. scripts/demo shows that it is taken back.
#include <set>
#include <stdexcept>
#include <string>
#include <weir/plugin.hpp>

#include "scorer/scorer.hpp"

namespace exceptions {

class broken_scorer : public scorer {
 public:
  explicit broken_scorer(const weir::config& c) : scorer(c) {
    for (const auto& code : c.at("reasons").keys()) known_.insert(code);
  }
  void process(const exception_event& e, weir::time at, assessment& out) override {
    scorer::process(e, at, out);
    if (out.severity == "critical") out.severity = "urgent";
    if (e.reason_code && !known_.contains(std::string(*e.reason_code)))
      throw std::out_of_range("no weight for reason " + std::string(*e.reason_code));
  }

 private:
  std::set<std::string> known_;
};

}  // namespace exceptions

WEIR_PLUGIN("exceptions", "0.3.0", weir::operators<exceptions::broken_scorer>("score"))
