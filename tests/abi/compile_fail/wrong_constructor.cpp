// expect: a component has a constructor (const weir::config&) or one without arguments
#include <weir/operator.hpp>
struct in {
  std::int64_t n;
};
WEIR_RECORD(in, n)
class same : public weir::record_operator<in, in> {
 public:
  explicit same(int) {}
  void process(const in& i, weir::time, output& out) override { out.emit(i); }
};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
