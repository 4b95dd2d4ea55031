// One of two versions of a plugin that are loaded side by side. Each has statics of every kind that the language shares
// between libraries when it can; the two must not see each other's.
#include <weir/operator.hpp>

namespace statics {
inline int inline_variable = STATICS_VERSION;
template <class T>
struct holder {
  static inline int member = STATICS_VERSION;
};
inline int& local_static() {
  static int n = STATICS_VERSION;
  return n;
}
inline thread_local int per_thread = STATICS_VERSION;

struct nothing {
  std::int64_t n;
};
struct answer {
  std::int64_t inline_variable, member, local, per_thread, version;
};
WEIR_RECORD(nothing, n)
WEIR_RECORD(answer, inline_variable, member, local, per_thread, version)

// Each record adds 10 to every static and tells what they are.
class counter : public weir::record_operator<nothing, answer> {
 public:
  void process(const nothing&, weir::time, output& out) override {
    out.emit({inline_variable += 10, holder<counter>::member += 10, local_static() += 10, per_thread += 10,
              STATICS_VERSION});
  }
};
}  // namespace statics
WEIR_PLUGIN("statics", "1.0.0", weir::operators<statics::counter>("counter"))
