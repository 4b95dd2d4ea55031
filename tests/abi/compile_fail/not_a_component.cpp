// expect: an operator derives from weir::record_operator
#include <weir/operator.hpp>
struct same {};
WEIR_PLUGIN("bad", "1.0.0", weir::operators<same>("same"))
