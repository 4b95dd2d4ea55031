// expect: this member's type stands for no column
#include <weir/operator.hpp>
struct in {
  void* pointer;
};
WEIR_RECORD(in, pointer)
class same : public weir::record_operator<in, in> {
 public:
  void process(const in& i, weir::time, output& out) override { out.emit(i); }
};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
