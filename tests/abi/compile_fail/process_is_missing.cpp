// expect: abstract
#include <weir/operator.hpp>
struct in {
  std::int64_t n;
};
WEIR_RECORD(in, n)
class same : public weir::record_operator<in, in> {
 public:
  void process(const in& i, weir::time) { last_ = i.n; }
  std::int64_t last_ = 0;
};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
