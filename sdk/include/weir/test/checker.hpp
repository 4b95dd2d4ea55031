// weir/test/checker.hpp: the contract checker. It stands between a host and a plugin, looks at each call of abi.h in
// both directions, and names the side that breaks a rule (finding.hpp lists them). The test harness, `weir plugin
// verify` and debug hosts use it.
//
//   weir::test::checked<weir_operator> safe{real_table, [](const weir::test::finding& f) { ... }};
//   host.load(safe.table());      // in place of the real table; behaves as it, as long as no rule is broken
//
// Contexts, batches and plans of a checked plugin are the checker's own; batches are copied into memory that is freed
// after the call, so that an address sanitizer sees a view that was kept. It costs a copy of each batch: it is for
// tests, not for production.
#ifndef WEIR_TEST_CHECKER_HPP
#define WEIR_TEST_CHECKER_HPP

#include <cstddef>

#include "weir/abi.h"
#include "weir/test/finding.hpp"

namespace weir::test {

// Components that can be under check at once.
inline constexpr std::size_t checked_count_max = 64;

// A table that behaves as the real one and reports what breaks a rule. Table: weir_operator or weir_source. The real
// table must outlive it, and no instance or plan may be left when it goes. Throws std::length_error when too many are
// under check.
template <class Table>
class checked {
 public:
  checked(const Table& real, finding_sink sink);
  checked(const checked&) = delete;
  checked& operator=(const checked&) = delete;
  ~checked();
  // Reports what was never given back: instances, arrays. Call it when the host is done.
  void finish();
  [[nodiscard]] const Table* table() const { return &table_; }

 private:
  std::size_t seat_ = 0;
  Table table_{};
};
extern template class checked<weir_operator>;
extern template class checked<weir_source>;

}  // namespace weir::test
#endif  // WEIR_TEST_CHECKER_HPP
