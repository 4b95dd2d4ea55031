// expect: a decimal has 1 to 38 digits
#include <weir/operator.hpp>
struct in {
  weir::decimal<40, 2> n;
};
WEIR_RECORD(in, n)
class same : public weir::record_operator<in, in> {
 public:
  void process(const in& i, weir::time, output& out) override { out.emit(i); }
};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
