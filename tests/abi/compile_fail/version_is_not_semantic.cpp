// expect: a plugin's version is semantic
#include <weir/operator.hpp>
struct in {
  std::int64_t n;
};
WEIR_RECORD(in, n)
class same : public weir::record_operator<in, in> {
 public:
  void process(const in& i, weir::time, output& out) override { out.emit(i); }
};
WEIR_PLUGIN("bad", "1.0", weir::operators<same>("same"))
