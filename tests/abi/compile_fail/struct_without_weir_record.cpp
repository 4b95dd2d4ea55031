// expect: template constraint failure
#include <weir/operator.hpp>
struct in {
  std::int64_t n;
};
class same : public weir::record_operator<in, in> {
 public:
  void process(const in& i, weir::time, output& out) override { out.emit(i); }
};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
